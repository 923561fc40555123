"""The cells of ``explore.ipynb`` with widgets: choose, run, watch, understand, the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import ipywidgets
from IPython.display import HTML, DisplayHandle, display

from workbench.errors import WorkbenchError
from workbench.execution.heap import map_large, return_heap
from workbench.models.checkpoint import Checkpoint, find_checkpoint, local_folder
from workbench.notebook.choosing import choices
from workbench.notebook.choosing.chooser import Chooser
from workbench.notebook.data.panel import DataPanel
from workbench.notebook.declaring.panel import StudyDeclarer
from workbench.notebook.examples.panel import Examples
from workbench.notebook.page.pacer import Pacer
from workbench.notebook.results.understand import Findings, Understand
from workbench.notebook.watching.control import Control
from workbench.notebook.watching.follow import Follower
from workbench.notebook.watching.live import LiveFigure
from workbench.store.settings import SweepSettings
from workbench.store.study import Study
from workbench.tasks.catalogue import find


class Interactive:
    """The workbench with widgets.

    Parameters
    ----------
    namespace
        The notebook's ``globals()`` after its parameter cells.
    """

    def __init__(self, namespace: Mapping[str, Any]):
        map_large()
        self.chooser = Chooser(SweepSettings.from_namespace(namespace))
        self.control = Control(lambda: self.chooser.settings, lambda: self.chooser.outputs)
        self.live = LiveFigure()
        self._not_yet = _waiting()
        self.findings = ipywidgets.VBox([self._not_yet])
        self.declarer = StudyDeclarer(lambda: self.chooser.settings, lambda: self.chooser.outputs)
        task, checkpoints = _examples_of(self.chooser.task.value), self._checkpoints()
        self.examples = Examples(task, next(iter(checkpoints), None))
        self.counted = DataPanel(task, checkpoints)
        self._follower: Follower | None = None
        self._understood: Follower | None = None
        self._panel: Understand | None = None
        self._saved: DisplayHandle | None = None
        self._pacer = Pacer(self._follow, self.control.supervisor.complain)
        self.chooser.observe(lambda chosen: self._turn_to(chosen.task))
        self.chooser.observe(self.declarer.form.follow)
        self.control.observe(lambda status: self._pacer.nudge(status.active))
        self.control.supervisor.observe_attached(self._choose_as)
        self.control.supervisor.reattach()

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
        """Show table and conclusion of the study, once it is complete, and what declares one."""
        display(ipywidgets.VBox([self.findings, self.declarer.widget]))
        self.declarer.runner.show()
        self._saved = display(HTML(""), display_id=True)

    def data(self) -> None:
        """Show the task's examples, and what all of its data are like."""
        display(self.examples.widget)
        self.counted.show()

    def close(self) -> None:
        """Look no longer; what trains goes on."""
        self.control.close()
        self._pacer.close()
        self.declarer.runner.close()

    def _choose_as(self, study: Study) -> None:
        """Show what a study was planned with; the folder it was found in stays."""
        here = self.chooser.fields["outputs"].value
        self.chooser.choose(replace(study.settings, outputs=str(here)))

    def _turn_to(self, task: str) -> None:
        """Show the data of another task, or as other models read it."""
        checkpoints = self._checkpoints()
        self.examples.choose(task, next(iter(checkpoints), None))
        self.counted.choose(task, checkpoints)

    def _checkpoints(self) -> list[Checkpoint]:
        """Return the chosen models that are on this machine; nothing is downloaded."""
        names = [name.strip() for name in self.chooser.model.value.split(",")]
        return [found for name in names if (found := self._checkpoint(name))]

    def _checkpoint(self, name: str) -> Checkpoint | None:
        try:
            model = choices.settled(name, self.chooser.task.value)
            return find_checkpoint(model) if model and local_folder(model) else None
        except WorkbenchError:
            return None

    def _follow(self) -> None:
        """Bring figure and findings up to date; called in a thread of its own."""
        study = self.control.study
        if study is None:
            return
        if self._follower is None or self._follower.study.run_ids != study.run_ids:
            self._follower = Follower(self.control.store, study)
            self._understand(None)
        self._follower.update()
        self.live.show(self._follower)
        if self._follower.finished and self._understood is not self._follower:
            self._understood = self._follower
            self.chooser.plan_again()
            filled = partial(self._conclude, self._follower)
            self._understand(Understand(self._follower.store, study, filled))

    def _understand(self, panel: Understand | None) -> None:
        """Show what a study says, None where it is not finished, in place of what was there."""
        before, self._panel = self._panel, panel
        self.findings.children = [panel.widget if panel else self._not_yet]
        if before:
            before.close()

    def _conclude(self, follower: Follower, findings: Findings) -> None:
        """Show what a finished study says wherever it belongs; called in a thread of its own."""
        if self.examples.task_name == follower.study.specs[0].task:
            self.examples.compare(follower.store, follower.study)
        self.live.conclude(follower, findings.report.figures["scores"])
        if self._saved:
            self._saved.update(HTML(findings.saved_html()))
        return_heap()


def _examples_of(task: str) -> str:
    """Return the task that was typed, or the default where there is none of that name."""
    try:
        find(task)
    except WorkbenchError:
        return SweepSettings().task
    return task


def _waiting() -> ipywidgets.HTML:
    return ipywidgets.HTML(
        '<div role="status">The table, the paired differences and the conclusion come when every '
        "run of the study is finished.</div>"
    )
