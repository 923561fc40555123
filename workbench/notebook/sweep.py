"""The cells of ``sweep.ipynb``: settings in, runs, then table, figures and report.

The libraries load when a sweep is made: a mistyped parameter is refused before, and the process
that turns into the workers loads them meanwhile.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from IPython.display import clear_output, display

from workbench.errors import WorkbenchError
from workbench.execution import launch
from workbench.execution.loading import uncollected
from workbench.notebook.timing import TrainingTime
from workbench.protocol.study_file import find, is_declared
from workbench.store.settings import SweepSettings, outputs_folder

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from workbench.execution.progress import Progress
    from workbench.notebook.declaring.study_report import StudyReport
    from workbench.notebook.results.report import Report
    from workbench.protocol.conduct import Conduct, StageProgress
    from workbench.protocol.report import Findings


def begin(namespace: Mapping[str, Any]) -> Sweep | DeclaredStudy:
    """Return what a notebook's parameters ask for: a sweep, or the study that ``study`` declares.

    Raises
    ------
    WorkbenchError
        As `Sweep` and `DeclaredStudy` do.
    """
    settings = SweepSettings.from_namespace(namespace)
    if not is_declared(settings.study):
        return Sweep(namespace)
    return DeclaredStudy(settings)


def dry_run(values: Mapping[str, Any]) -> str:
    """Return the plan of what parameters ask for; nothing is trained and nothing is stored.

    Parameters
    ----------
    values
        As typed.

    Raises
    ------
    WorkbenchError
        For anything that would stop it before it trains.
    """
    settings = SweepSettings.from_values(values)
    if is_declared(settings.study):
        return _conduct(settings).plan()
    from workbench.notebook.choosing import planning

    return planning.dry_run(values)


class Sweep:
    """One sweep, from its parameters to its report.

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
        self.settings = SweepSettings.from_namespace(namespace)
        launch.prepare()
        with uncollected():
            from workbench.notebook.choosing.planning import planned
            from workbench.notebook.results import report  # noqa: F401
            from workbench.store.folder import RunStore
            from workbench.store.planning import plan_study
        self.store = RunStore(outputs_folder(self.settings))
        self.training = TrainingTime()
        self.study = plan_study(self.settings, self.store)
        print(planned(self.store, self.study))

    def run(self) -> None:
        """Train what is missing, with one line of progress."""
        from workbench.execution.sweep import run_missing

        line = _ProgressLine()

        def show(progress: Progress) -> None:
            self.training(progress)
            line(progress)

        trained = run_missing(self.store, self.study, self.settings.workers, show)
        line.end(f"{trained} runs trained, {len(self.study.specs) - trained} were there already.")
        if self.settings.save != "none":
            self._keep_models()

    def _keep_models(self) -> None:
        """Complete what a worker still does, or left when it was killed; say what is there."""
        from workbench.saved.place import told
        from workbench.saved.settling import finish

        finish(self.store, self.study)
        print(told(self.store, self.study))

    @cached_property
    def finished(self) -> Report:
        """The report of the study, once all runs are there and no seal is on their scores."""
        from workbench.notebook.results.report import Report
        from workbench.store.seal import check_open

        check_open(self.store, self.study)
        return Report(self.store, self.study)

    def report(self) -> Report:
        """Write the report's files, and show its table and conclusion."""
        self.finished.save()
        display(self.finished.bundle, raw=True, metadata=self.training.metadata)
        return self.finished


class DeclaredStudy:
    """A declared study, with the cells of a sweep.

    Parameters
    ----------
    settings
        Its ``study`` is a study file or the name of a shipped study; the study says all else but
        where it is trained.

    Raises
    ------
    WorkbenchError
        For a study that cannot work, or a parameter that is the study's to say.
    """

    def __init__(self, settings: SweepSettings):
        self.conduct = _conduct(settings)
        self._findings: Findings | None = None
        self._training: dict[tuple[str, int], TrainingTime] = defaultdict(TrainingTime)
        print(self.conduct.plan())

    def run(self) -> None:
        """Train what is missing, stage by stage, with one line of progress.

        Nothing is trained where no public checkpoints can answer the question: that is the result.

        Raises
        ------
        WorkbenchError
            When a worker failed.
        """
        if self.conduct.declaration.not_testable:
            return
        line = _ProgressLine()

        def show(progress: StageProgress) -> None:
            self._training[progress.stage, progress.number](progress.sweep)
            line(progress)

        self._findings = self.conduct.run(show)
        line.end("All runs are there.")

    def report(self) -> StudyReport | None:
        """Write the report's files, and show its tables; or why the question is not testable.

        Returns
        -------
        StudyReport or None
            With the figures; None where no public checkpoints can answer the question.
        """
        if self.conduct.declaration.not_testable:
            plan = self.conduct.plan()
            self._show({"text/plain": plan, "text/markdown": plan.replace("\n", "  \n")})
            return None
        from workbench.notebook.declaring.study_report import StudyReport

        report = StudyReport(self.conduct, self._findings or self.conduct.run())
        report.save()
        self._show(report.bundle)
        return report

    def _show(self, told: dict[str, str]) -> None:
        display(told, raw=True, metadata=self._trained.metadata)

    @property
    def _trained(self) -> TrainingTime:
        """The training of all sweeps, which ran one after another."""
        total = TrainingTime()
        total.seconds = sum(each.seconds for each in self._training.values())
        return total


def _conduct(settings: SweepSettings) -> Conduct:
    """Return the declared study that settings name, on the machine that they describe."""
    for item in fields(SweepSettings):
        if item.name not in _OF_THE_MACHINE and getattr(settings, item.name) != item.default:
            raise WorkbenchError(
                f"the study {settings.study} says itself what {item.name} is: leave it out, or "
                "copy the study file and change it there"
            )
    declaration = find(settings.study)
    with uncollected():
        from workbench.protocol.conduct import Conduct
        from workbench.protocol.stages import Machine
    return Conduct(declaration, Machine(settings.device, settings.workers, settings.outputs))


def show(report: Report | StudyReport | None, names: Sequence[str] = ()) -> None:
    """Show figures, each as plotly and as a picture; without names all.

    A question that cannot be tested has none: its report is None.
    """
    if report is None:
        return
    for name in names or report.figures:
        show_figure(report.figures[name], report.images[name])


def show_figure(figure: Figure, image: bytes | None = None) -> None:
    """Show a figure as plotly and as a small picture, which is drawn where it is not given."""
    from workbench.notebook.figures import static
    from workbench.notebook.page import frontend

    picture = static.small(static.png(figure) if image is None else image)
    display(static.display_bundle(figure, picture, frontend.draws_plotly()), raw=True)


_OF_THE_MACHINE = ("study", "device", "workers", "outputs")
"""The parameters that may stand beside a declared study."""


class _Line(Protocol):
    def line(self) -> str: ...


class _ProgressLine:
    """Prints progress over itself, ever more rarely, so that a saved notebook stays small."""

    def __init__(self) -> None:
        self.started = self.printed = time.monotonic()
        self.width = 0

    def __call__(self, progress: _Line) -> None:
        now = time.monotonic()
        if now - self.printed >= max(1.0, 0.01 * (now - self.started)):
            self.printed = now
            self._print(progress.line())

    def end(self, text: str) -> None:
        """Replace the progress by what came of it."""
        self._print(text, end="\n")

    def _print(self, text: str, end: str = "") -> None:
        # A page clears what was there; a terminal goes back to the start of the line, which is
        # written over to its end.
        clear_output(wait=True)
        print(f"\r{text:<{self.width}}", end=end, flush=True)
        self.width = len(text)
