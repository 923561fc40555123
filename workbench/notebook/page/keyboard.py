"""Leaves the keyboard to the lists of a page, where JupyterLab would take letters for commands."""

from pathlib import Path

import anywidget


class Keyboard(anywidget.AnyWidget):
    """Shows nothing; while it is on a page, a list that has the focus gets letters and arrows."""

    _esm = Path(__file__).with_suffix(".js")
