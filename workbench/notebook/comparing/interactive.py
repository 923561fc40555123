"""The cells of ``compare.ipynb`` with widgets: filters, a table, sentences, a figure, files."""

import html
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets
from IPython.display import display

from workbench.comparison.settings import CompareSettings
from workbench.errors import WorkbenchError
from workbench.notebook.comparing import words
from workbench.notebook.comparing.comparison import Comparison
from workbench.notebook.comparing.exporting import Exporter, best_rows
from workbench.notebook.comparing.figure_view import FigureView
from workbench.notebook.comparing.filters import Filters
from workbench.notebook.comparing.page import table_html
from workbench.notebook.watching.announcer import Announcer
from workbench.wording import counted

FIGURES = (
    ("points and intervals by technique", "points"),
    ("forest plot: differences to the baseline", "forest"),
    ("paired slopes by seed", "slopes"),
    ("expected best of n", "best-of"),
    ("what makes the spread: weights, order, dropout", "variance"),
    ("learning-rate sensitivity", "learning-rate"),
    ("learning curves over the training size", "train-size"),
    ("loss bands", "losses"),
)
"""What the list of figures says, and the name of each."""


class Interactive:
    """A comparison with widgets.

    What a choice asks for is worked out in a thread of its own; of several choices in a row the
    last one counts.

    Parameters
    ----------
    namespace
        The notebook's ``globals()`` after its parameter cells.
    """

    def __init__(self, namespace: Mapping[str, Any]):
        settings = CompareSettings.from_namespace(namespace)
        read = {name: getattr(settings, name) for name in ("scores", "predictions", "outputs")}
        self._every = Comparison(CompareSettings(**read))
        # A name that no run has is refused here: the lists could not show it.
        _ = self._every.narrowed(settings)
        self.filters = Filters(settings, self._every.runs, self._changed)
        self.status, self.found, self.sentences, self.saved = (_lines() for _ in range(4))
        self.figure = FigureView()
        self.chooser = ipywidgets.Dropdown(
            options=FIGURES, description="figure", layout={"width": "30em", "max_width": "100%"}
        )
        self.chooser.observe(lambda _: self._changed(), "value")
        self.buttons = ipywidgets.HBox(
            [self._button(name, save) for name, save in _SAVES.items()],
            layout={"flex_flow": "row wrap"},
        )
        self._shown: Comparison | None = None
        self._announcer = Announcer(self._show, self._complain)
        self._changed()

    def choose(self) -> None:
        """Show the filters, and how many runs they let pass."""
        display(ipywidgets.VBox([self.filters.widget, self.status]))

    def table(self) -> None:
        """Show the table."""
        display(self.found)

    def say(self) -> None:
        """Show what the table says, in sentences."""
        display(self.sentences)

    def draw(self) -> None:
        """Show one figure, and the list that chooses it."""
        display(ipywidgets.VBox([self.chooser, self.figure]))

    def save(self) -> None:
        """Show the buttons that write files."""
        display(ipywidgets.VBox([self.buttons, self.saved]))

    def close(self) -> None:
        """End the thread."""
        self._announcer.close()

    def _button(self, name: str, save: Callable[[Exporter, str], list[Path]]) -> ipywidgets.Button:
        button = ipywidgets.Button(description=name, tooltip=f"Write {name}", icon="download")
        button.on_click(lambda _: self._save(name, save))
        return button

    def _changed(self) -> None:
        try:
            self._announcer.tell((self.filters.settings, self.chooser.value))
        except WorkbenchError as problem:
            self._complain(problem)

    def _show(self, chosen: tuple[CompareSettings, str]) -> None:
        """Show a choice: first the figure, which needs the least; called in a thread."""
        settings, figure = chosen
        if self._shown is None or self._shown.settings != settings:
            self._shown = self._every.narrowed(settings)
            self.figure.show(self._shown.figures[figure]())
            self._tell(self._shown)
        else:
            self.figure.show(self._shown.figures[figure]())

    def _tell(self, comparison: Comparison) -> None:
        self._say(f"{counted(len(comparison.runs), 'finished run')} compared.")
        first, *others = comparison.tables.items()
        parts = [table_html(first[1], best_rows(comparison))]
        parts += [f"<h4>{name}</h4>{table_html(table)}" for name, table in others]
        self.found.value = f'<div class="workbench-found">{"".join(parts)}</div>'
        said = words.as_html(comparison.said)
        self.sentences.value = f'<div class="workbench-found">{said}</div>'

    def _save(self, name: str, save: Callable[[Exporter, str], list[Path]]) -> None:
        if self._shown is None:
            return
        # Pictures take seconds.
        self.saved.value = _paragraph(f"Writing {name} ...")
        try:
            written = save(Exporter(self._shown), self.chooser.value)
        except WorkbenchError as problem:
            self.saved.value = _paragraph(str(problem), "alert")
            return
        names = ", ".join(path.name for path in written)
        self.saved.value = _paragraph(f"Written: {names} in {written[0].parent}")

    def _say(self, text: str) -> None:
        self.status.value = _paragraph(text)

    def _complain(self, problem: Exception) -> None:
        self.status.value = _paragraph(str(problem), "alert")


_SAVES: dict[str, Callable[[Exporter, str], list[Path]]] = {
    "CSV": lambda exporter, _: exporter.save_csv(),
    "Markdown": lambda exporter, _: exporter.save_markdown(),
    "LaTeX": lambda exporter, _: exporter.save_latex(),
    "Figure": lambda exporter, figure: exporter.save_pictures([figure]),
    "Report": lambda exporter, _: [exporter.save_page()],
}
"""The buttons, and what each writes."""


def _lines() -> ipywidgets.HTML:
    return ipywidgets.HTML(layout={"width": "auto", "max_width": "100%"})


def _paragraph(text: str, role: str = "status") -> str:
    return f'<div class="workbench-found"><div role="{role}">{html.escape(text)}</div></div>'
