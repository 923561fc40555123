"""What ``explore.ipynb`` opens: widgets where somebody looks at them, else tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.notebook.page import frontend

if TYPE_CHECKING:
    from workbench.notebook.headless import Headless
    from workbench.notebook.interactive import Interactive

_opened: list[Interactive] = []
"""What this kernel's cells show: nothing, or one."""


def start(namespace: Mapping[str, Any]) -> Interactive | Headless:
    """Open the workbench; one that a former call opened looks no longer.

    Parameters
    ----------
    namespace
        The notebook's ``globals()`` after its parameter cells.

    Raises
    ------
    WorkbenchError
        For an unknown parameter or a value that cannot work.
    """
    if not frontend.attended():
        # A saved notebook keeps every widget that was made, and some are made by an import.
        from workbench.notebook.headless import Headless

        return Headless(namespace)
    from workbench.notebook.interactive import Interactive

    opened = Interactive(namespace)
    while _opened:
        _opened.pop().close()
    _opened.append(opened)
    return opened
