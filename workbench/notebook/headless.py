"""The cells of ``explore.ipynb`` where nobody looks: papermill, nbclient, a script.

The study is trained while its cell runs, and tables and pictures take the place of the widgets.
"""

from collections.abc import Mapping
from typing import Any

from IPython.display import HTML, Markdown, display

from workbench.models.checkpoint import find_checkpoint
from workbench.notebook.choosing.layers import gallery
from workbench.notebook.sweep import Sweep, show, show_figure
from workbench.tasks.catalogue import shown


class Headless:
    """A workbench without widgets.

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
        self.sweep = Sweep(namespace)

    def choose(self) -> None:
        """Show what each technique does to the layers of each model."""
        study = self.sweep.study
        models = dict.fromkeys(spec.model for spec in study.specs)
        depths = dict.fromkeys(find_checkpoint(name).layers for name in models)
        names = study.settings.technique_names
        display(HTML("".join(gallery(layers, names) for layers in depths)))

    def run(self) -> None:
        """Train what is missing, with one line of progress."""
        self.sweep.run()

    def watch(self) -> None:
        """Show the course of training: losses and dev scores."""
        show(self.sweep.finished, ("loss", "dev"))

    def understand(self) -> None:
        """Show table, conclusion and test scores, and write the report."""
        show(self.sweep.report(), ("scores",))

    def data(self) -> None:
        """Show the data in numbers: examples are shown to people alone, and not saved unasked."""
        # Here, because plotly and what reads data take a second to load.
        from workbench.notebook.data import tables as data_tables
        from workbench.notebook.data.check import check_one, tokenizers_of
        from workbench.notebook.data.figure import data_figure

        task = self.sweep.settings.task
        models = dict.fromkeys(spec.model for spec in self.sweep.study.specs)
        found = check_one(task, tokenizers_of(",".join(models)), shown(task))
        display(data_tables.bundle(found), raw=True)
        show_figure(data_figure(found))
        display(Markdown("The examples are shown where the notebook is opened."))
