"""A widget whose text never gets into the saved notebook, unless that is asked for.

A front end, papermill and nbclient save the state of widgets in the notebook, and the value of an
HTML widget is state. So the HTML travels in messages, which nobody saves: a view that opens, also
after a reload of the page, asks for it.
"""

from pathlib import Path
from typing import Any

import anywidget
import traitlets


class PrivatePage(anywidget.AnyWidget):
    """Shows HTML without keeping it in the widget's state.

    Parameters
    ----------
    style
        A style sheet.
    """

    _esm = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    _css = traitlets.Unicode().tag(sync=True)
    saved = traitlets.Unicode().tag(sync=True)
    """The HTML that is saved with the notebook; empty unless that is asked for."""

    def __init__(self, style: str = "") -> None:
        super().__init__(_css=style)
        self.html = ""
        self.on_msg(self._answer)

    def show(self, html: str, save: bool = False) -> None:
        """Show HTML in every open view.

        Parameters
        ----------
        html
            What to show, escaped where it has to be.
        save
            Whether it may be saved with the notebook.
        """
        self.html = html
        self.saved = html if save else ""
        self.send({"html": html})

    def _answer(self, _widget: Any, message: dict[str, Any], _buffers: list[bytes]) -> None:
        if message.get("kind") == "opened":
            self.send({"html": self.html})
