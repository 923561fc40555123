"""The cells of ``explore.ipynb``: choose, run, watch, understand, look at the data."""

from collections.abc import Mapping
from typing import Any

import ipywidgets
from IPython.display import display

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import Checkpoint, find_checkpoint
from workbench.notebook import choices
from workbench.notebook.chooser import Chooser
from workbench.notebook.control import Control, Status
from workbench.notebook.examples import Examples
from workbench.notebook.follow import Follower
from workbench.notebook.live import LiveFigure
from workbench.notebook.understand import Understand
from workbench.store.settings import SweepSettings

_FINISHED = "finished"


class Explore:
    """The workbench of one notebook.

    Parameters
    ----------
    namespace
        The notebook's ``globals()`` after its parameter cells.
    """

    def __init__(self, namespace: Mapping[str, Any]):
        self.chooser = Chooser(SweepSettings.from_namespace(namespace))
        self.control = Control(lambda: self.chooser.settings)
        self.live = LiveFigure()
        self.findings = ipywidgets.VBox()
        self.examples = Examples(self.chooser.settings.task, self._checkpoint())
        self._follower: Follower | None = None
        self._shown = ""
        self.chooser.observe(lambda chosen: self.examples.choose(chosen.task, self._checkpoint()))
        self.control.observe(self._follow)

    def choose(self) -> None:
        """Show what can be chosen."""
        display(self.chooser.widget)

    def run(self) -> None:
        """Show the buttons and the progress."""
        display(self.control.widget)

    def watch(self) -> None:
        """Show the live figure of the study that runs, or was attached."""
        display(self.live)

    def understand(self) -> None:
        """Show table and conclusion of the study, once it is complete."""
        display(self.findings)

    def data(self) -> None:
        """Show the task's examples."""
        display(self.examples.widget)

    def _checkpoint(self) -> Checkpoint | None:
        chosen = self.chooser.settings
        name = chosen.model_names[0]
        try:
            return find_checkpoint(choices.automatic(chosen.task) if name == "auto" else name)
        except WorkbenchError:
            return None

    def _follow(self, status: Status) -> None:
        """Bring figure and findings up to date; called in the supervisor's thread."""
        study = self.control.study
        if study is None:
            return
        if self._follower is None or self._follower.study.run_ids != study.run_ids:
            self._follower = Follower(self.control.store, study)
            self._shown = ""
        self._follower.update()
        self.live.show(self._follower)
        if status.state == _FINISHED and self._shown != study.name:
            self._shown = study.name
            self.findings.children = [Understand(self.control.store, study).widget]
