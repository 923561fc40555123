"""The cells of ``explore.ipynb`` where nobody looks: papermill, nbclient, a script.

The study is trained while its cell runs, and tables and pictures take the place of the widgets.
"""

from collections.abc import Mapping
from typing import Any

from IPython.display import HTML, Markdown, display

from workbench.models.checkpoint import find_checkpoint
from workbench.notebook.layers import gallery
from workbench.notebook.sweep import Sweep, show
from workbench.tasks.catalogue import find


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
        """Say which data it was: examples are shown to people alone, and not saved unasked."""
        task = find(self.sweep.settings.task)[0]
        display(Markdown(f"{task.title}: its examples are shown where the notebook is opened."))
