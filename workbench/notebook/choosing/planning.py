"""What a sweep is going to do, in a few lines, before it does anything."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import WorkbenchError
from workbench.execution.estimate import estimate
from workbench.saved.place import told
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.store.study import Study
from workbench.tasks.catalogue import shown
from workbench.training.native import notice


def dry_run(values: Mapping[str, Any]) -> str:
    """Return the plan of a sweep; nothing is trained and no study is stored.

    Parameters
    ----------
    values
        Parameters as typed.

    Raises
    ------
    WorkbenchError
        For anything that would stop the sweep before it trains.
    """
    settings = SweepSettings.from_values(values)
    store = RunStore(outputs_folder(settings))
    return planned(store, plan_study(settings, store, keep=False))


def planned(store: RunStore, study: Study) -> str:
    """Return what a study runs, and what that will take.

    Raises
    ------
    WorkbenchError
        When data or weights that are needed cannot be loaded.
    """
    missing = len(store.missing(study.run_ids))
    lines = [describe(study, missing), estimate(store, study).text()]
    if missing and study.device == "cpu":
        lines.append(notice())
    lines.append(told(store, study))
    return "\n".join(filter(None, lines))


def describe(study: Study, missing: int) -> str:
    """Return the first lines of a sweep: what it runs, on what."""
    models = ", ".join(dict.fromkeys(spec.model for spec in study.specs))
    task, precision = shown(study.specs[0].task), study.specs[0].precision
    lines = [
        f"Study {study.name}: {len(study.specs)} runs, {missing} of them to train",
        f"{task} with {models}, on {study.device} in {precision}",
    ]
    return "\n".join([*lines, *study.notes, *study.new_weights])


@dataclass(frozen=True)
class Plan:
    """What there is to say about the newest choice."""

    text: str
    problem: bool = False
    """Whether the text is why there is no plan."""


PLANNING = Plan("planning\N{HORIZONTAL ELLIPSIS}")


class Planner:
    """Makes plans in a thread: reading a task's text takes seconds.

    One plan is made at a time, and one that a newer choice has overtaken is told to nobody.

    Parameters
    ----------
    told
        Called with each `Plan`, in the thread that made it.
    make
        Makes the text of a plan.
    quiet
        Seconds after the last choice until its plan is made.
    """

    def __init__(
        self,
        told: Callable[[Plan], None],
        make: Callable[[Mapping[str, Any]], str] = dry_run,
        quiet: float = 0.5,
    ):
        self.told, self.make, self.quiet = told, make, quiet
        self._newest = 0
        self._timer: threading.Timer | None = None
        self._telling, self._making = threading.RLock(), threading.Lock()

    def ask(self, settings: SweepSettings) -> None:
        """Make a plan of these settings; until it is there, it is said that it is being made."""
        number = self.say(PLANNING)
        self._timer = threading.Timer(self.quiet, self._plan, (number, settings))
        self._timer.daemon = True
        self._timer.start()

    def say(self, plan: Plan) -> int:
        """Tell something instead of a plan; what is being made is forgotten."""
        with self._telling:
            if self._timer:
                self._timer.cancel()
            self._newest += 1
            self.told(plan)
            return self._newest

    def _plan(self, number: int, settings: SweepSettings) -> None:
        with self._making:
            plan = self._made(settings) if number == self._newest else PLANNING
        with self._telling:
            if number == self._newest:
                self.told(plan)

    def _made(self, settings: SweepSettings) -> Plan:
        try:
            return Plan(self.make(settings.to_json()))
        except WorkbenchError as problem:
            return Plan(str(problem), problem=True)
        except Exception as problem:
            # In a thread nobody else would ever hear of it.
            return Plan(f"there is no plan ({type(problem).__name__}: {problem})", problem=True)
