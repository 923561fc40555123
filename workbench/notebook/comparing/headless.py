"""The cells of ``compare.ipynb`` where nobody looks: papermill, nbclient, a script."""

import time
from collections.abc import Mapping
from typing import Any

from IPython.display import display

from workbench.analysis import summary
from workbench.comparison.settings import CompareSettings
from workbench.notebook.comparing import words
from workbench.notebook.comparing.comparison import Comparison
from workbench.notebook.comparing.exporting import TITLE, Exporter, emphasised
from workbench.notebook.results.report import TERMINAL_WIDTH
from workbench.notebook.sweep import show_figure
from workbench.wording import counted


class Headless:
    """A comparison without widgets.

    Parameters
    ----------
    namespace
        The notebook's ``globals()`` after its parameter cells.

    Raises
    ------
    WorkbenchError
        For an unknown parameter or a value that cannot work.
    """

    def __init__(self, namespace: Mapping[str, Any]):
        self.comparison = Comparison(CompareSettings.from_namespace(namespace))
        self.exporter = Exporter(self.comparison)

    def choose(self) -> None:
        """Say how many runs are compared."""
        started = time.monotonic()
        runs = self.comparison.runs
        tasks, models = (runs[name].nunique() for name in ("task", "model"))
        seconds = time.monotonic() - started
        found = f"{counted(len(runs), 'finished run')} of {counted(tasks, 'task')}"
        print(f"{found} and {counted(models, 'model')}, read in {seconds:.1f} s.")

    def table(self) -> None:
        """Show the tables."""
        found = self.comparison
        if found.table.empty:
            return
        for name, table in found.tables.items():
            shown = emphasised(found) if table is found.readable else table
            text = f"{name}\n\n{summary.aligned(table, TERMINAL_WIDTH)}"
            both = {
                "text/plain": text,
                "text/markdown": f"#### {name}\n\n{summary.markdown(shown)}",
            }
            display(both, raw=True)

    def say(self) -> None:
        """Show what the table says, in sentences."""
        said = self.comparison.said
        both = {"text/plain": words.terminal(said), "text/markdown": words.markdown(said)}
        display(both, raw=True)

    def draw(self) -> None:
        """Show every figure, as plotly and as a picture."""
        for name, figure in self.exporter.figures.items():
            show_figure(figure, self.exporter.pictures[name])

    def save(self) -> None:
        """Write the report's files."""
        path = self.exporter.save()
        both = {"text/plain": f"{TITLE}: {path}", "text/markdown": f"{TITLE}: `{path}`"}
        display(both, raw=True)
