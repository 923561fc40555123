"""One figure in a page: a widget that shows whichever figure was chosen last.

plotly.js and the figure travel as messages when a page asks, as those of the live figure do: a
saved notebook holds neither.
"""

from pathlib import Path
from typing import Any

import anywidget
from plotly.graph_objects import Figure

from workbench.notebook.figures import static
from workbench.notebook.figures.thinning import thinned
from workbench.notebook.page.plotly_library import library, script


class FigureView(anywidget.AnyWidget):
    """Shows a figure."""

    _esm = script(Path(__file__).with_suffix(".js"))

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[str, Any] = {}
        self.on_msg(self._answer)

    def show(self, figure: Figure) -> None:
        """Show a figure in place of the one before, long lines with as many points as are seen."""
        words = static.alt_text(figure)
        self._shown = {"kind": "figure", "figure": static.plain(thinned(figure)), "words": words}
        self.send(self._shown)

    def _answer(self, _: Any, content: Any, buffers: Any) -> None:
        asked = content.get("kind")
        if asked == "library":
            self.send({"kind": "library"}, [library()])
        if asked == "figure" and self._shown:
            self.send(self._shown)
