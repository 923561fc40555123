"""The cells of ``explore.ipynb`` with widgets: choose, run, watch, understand, the data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import ipywidgets
from IPython.display import HTML, DisplayHandle, display

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import Checkpoint, find_checkpoint
from workbench.notebook import choices
from workbench.notebook.chooser import Chooser
from workbench.notebook.control import Control, Status
from workbench.notebook.examples import Examples
from workbench.notebook.follow import Follower
from workbench.notebook.live import LiveFigure
from workbench.notebook.understand import Findings, Understand
from workbench.store.settings import SweepSettings

_FINISHED = "finished"


class Interactive:
    """The workbench with widgets.

    Parameters
    ----------
    namespace
        The notebook's ``globals()`` after its parameter cells.
    """

    def __init__(self, namespace: Mapping[str, Any]):
        self.chooser = Chooser(SweepSettings.from_namespace(namespace))
        self.control = Control(lambda: self.chooser.settings)
        self.live = LiveFigure()
        self.findings = ipywidgets.VBox([_waiting()])
        self.examples = Examples(self.chooser.settings.task, self._checkpoint())
        self._follower: Follower | None = None
        self._understood: Follower | None = None
        self._saved: DisplayHandle | None = None
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
        self._saved = display(HTML(""), display_id=True)

    def data(self) -> None:
        """Show the task's examples."""
        display(self.examples.widget)

    def close(self) -> None:
        """Look no longer; what trains goes on."""
        self.control.supervisor.close()

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
            self.findings.children = [_waiting()]
        self._follower.update()
        self.live.show(self._follower)
        if status.state == _FINISHED and self._understood is not self._follower:
            self._understood = self._follower
            filled = partial(self._conclude, self._follower)
            self.findings.children = [Understand(self.control.store, study, filled).widget]

    def _conclude(self, follower: Follower, findings: Findings) -> None:
        """Show what a finished study says wherever it belongs; called in a thread of its own."""
        if self.examples.task_name == follower.study.specs[0].task:
            self.examples.compare(follower.store, follower.study)
        self.live.conclude(follower, findings.report.figures["scores"])
        if self._saved:
            self._saved.update(HTML(findings.saved_html()))


def _waiting() -> ipywidgets.HTML:
    return ipywidgets.HTML(
        '<div role="status">The table, the paired differences and the conclusion come when every '
        "run of the study is finished.</div>"
    )
