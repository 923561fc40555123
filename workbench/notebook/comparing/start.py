"""What ``compare.ipynb`` opens: widgets where somebody looks at them, else tables and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.comparison.settings import CompareSettings
from workbench.notebook.page import frontend

if TYPE_CHECKING:
    from workbench.notebook.comparing.headless import Headless
    from workbench.notebook.comparing.interactive import Interactive


def start(namespace: Mapping[str, Any]) -> Interactive | Headless:
    """Open the comparison.

    Parameters
    ----------
    namespace
        The notebook's ``globals()`` after its parameter cells.

    Raises
    ------
    WorkbenchError
        For an unknown parameter or a value that cannot work.
    """
    # Before anything that takes a second to load.
    CompareSettings.from_namespace(namespace)
    if not frontend.attended():
        from workbench.notebook.comparing.headless import Headless

        return Headless(namespace)
    from workbench.notebook.comparing.interactive import Interactive

    return Interactive(namespace)
