"""The cells of ``compare.ipynb`` where nobody looks: papermill, nbclient, a script."""

import textwrap
import time
from collections.abc import Mapping
from typing import Any

from IPython.display import display

from workbench.analysis import summary
from workbench.comparison.settings import CompareSettings
from workbench.notebook.comparing.comparison import Comparison
from workbench.notebook.comparing.exporting import TITLE, Exporter, emphasised
from workbench.notebook.report import TERMINAL_WIDTH
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
        """Show the table."""
        found = self.comparison
        if found.table.empty:
            return
        text = summary.aligned(found.readable, TERMINAL_WIDTH)
        both = {"text/plain": text, "text/markdown": summary.markdown(emphasised(found))}
        display(both, raw=True)

    def say(self) -> None:
        """Show what the table says, in sentences."""
        said = self.comparison.said
        lines = [
            textwrap.fill(f"- {each}", TERMINAL_WIDTH, subsequent_indent="  ") for each in said
        ]
        text = "\n".join(f"- {each}" for each in said)
        display({"text/plain": "\n".join(lines), "text/markdown": text}, raw=True)

    def draw(self) -> None:
        """Show every figure, as plotly and as a picture."""
        for name, figure in self.exporter.figures.items():
            show_figure(figure, self.exporter.pictures[name])

    def save(self) -> None:
        """Write the report's files."""
        path = self.exporter.save()
        both = {"text/plain": f"{TITLE}: {path}", "text/markdown": f"{TITLE}: `{path}`"}
        display(both, raw=True)
