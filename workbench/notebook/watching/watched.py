"""One study that is looked at, and trained where it is asked for."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from workbench.errors import WorkbenchError
from workbench.execution import launch
from workbench.execution.local import LocalWorkers, WorkersStopped, worker_count
from workbench.execution.processes import memory_of, stop_processes, worker_processes
from workbench.execution.progress import ProgressReader
from workbench.notebook.watching.status import (
    FAILED,
    FINISHED,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    Status,
)
from workbench.store import checkpoints
from workbench.store.claims import working
from workbench.store.folder import RunStore
from workbench.store.reductions import cohort_id, parts
from workbench.store.study import Study
from workbench.training.workload import measure_all

RATE_SECONDS = 10.0
"""Over which tokens per second are averaged."""
MEMORY_SECONDS = 3.0
"""Between two looks at the memory of the workers: looking through all processes costs."""


def tokens_per_step(study: Study) -> dict[str, float]:
    """Return the tokens that one step of each run trains on, on average over an epoch, by run.

    Raises
    ------
    WorkbenchError
        When the data or the tokenizer cannot be loaded.
    """
    measured = measure_all(study.specs)
    return {
        spec.id: float(
            measured[spec.id].lengths["train"].sum() / measured[spec.id].plan(spec).steps_per_epoch
        )
        for spec in study.specs
    }


def kept_steps(store: RunStore, study: Study) -> int:
    """Return how many steps of a study need not be done again, results and checkpoints counted."""
    kept = 0
    for planned in study.cohorts:
        for cohort in parts(store, study.name, planned):
            left = [run for run in cohort if store.result(run) is None]
            saved = checkpoints.read_state(checkpoints.path_of(store, cohort_id(cohort)))
            kept += sum(study.steps[run] for run in set(cohort) - set(left))
            kept += len(left) * int(saved["position"] if saved else 0)
    return kept


class Speed:
    """How fast a number grows, over the last `RATE_SECONDS`.

    Parameters
    ----------
    now
        Seconds that never run backwards.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic):
        self.now = now
        self.seen: deque[tuple[float, float]] = deque()

    def __call__(self, number: float) -> float | None:
        """Take note of the number; return its growth a second, None until it can be told."""
        self.seen.append((self.now(), number))
        while self.seen[-1][0] - self.seen[0][0] > RATE_SECONDS:
            self.seen.popleft()
        seconds, growth = (last - first for first, last in zip(*self._ends, strict=True))
        return growth / seconds if seconds >= 1 and growth > 0 else None

    @property
    def _ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        return self.seen[0], self.seen[-1]


class Watched:
    """A study that is looked at, and trained where it is asked for.

    Parameters
    ----------
    store, study
        What to look at.
    workers
        Processes to start; 0 chooses.

    Attributes
    ----------
    state
        starting, running, stopping, stopped, finished or failed.
    problem
        What ended its workers, in a sentence; empty where nothing did.
    tokens
        Of one step of each run, by run; empty until somebody has counted them.
    """

    def __init__(self, store: RunStore, study: Study, workers: int = 0):
        self.store, self.study, self.workers = store, study, workers
        self.local: LocalWorkers | None = None
        self.state, self.problem = STOPPED, ""
        self.tokens: dict[str, float] = {}
        self._follow()
        self.kept = kept_steps(store, study)
        self.look()

    def _follow(self) -> None:
        """Look afresh: what is left now is what progress and speed speak of."""
        self.reader = ProgressReader(self.store, self.study)
        self.speed, self.idle = Speed(), 0
        self.rate: float | None = None
        self.memory, self.memory_at = 0, float("-inf")
        self.progress = self.reader.look()

    @property
    def key(self) -> tuple[Path, str]:
        """What it is known by: its folder of runs and its name."""
        return self.store.root, self.study.name

    @property
    def active(self) -> bool:
        """Whether workers train it."""
        return self.state in (STARTING, RUNNING, STOPPING)

    def start(self) -> None:
        """Start workers for the missing runs, if there are any."""
        self.problem = ""
        self._follow()
        left = set(self.reader.unfinished)
        cohorts = [cohort for cohort in self.study.cohorts if left & set(cohort)]
        if not cohorts:
            self.state = FINISHED
            return launch.dismiss()
        count = worker_count(self.study.device, len(cohorts), self.workers)
        self.local = LocalWorkers(self.store, self.study, count)
        self.state = STARTING

    def stop(self) -> None:
        """Ask the workers to save and end, wherever on this computer they were started.

        Raises
        ------
        WorkbenchError
            When somebody works on it, but no process of this computer does.
        """
        if self.state not in (STARTING, RUNNING):
            return
        if not stop_processes(self._processes()):
            raise WorkbenchError(
                f"the workers of study {self.study.name} are not on this computer, or another "
                "user's: stop them where they were started"
            )
        self.state = STOPPING

    def look(self) -> None:
        """Read what happened since the last look."""
        if self.state == FINISHED:
            return self._leave()
        was_active, works = self.active, self._worked_on()
        if works and not was_active:
            self._follow()  # Somebody has started it again.
        self.progress = self.reader.look()
        if not self.reader.unfinished:
            self.state = FINISHED
        elif works:
            self._work_goes_on()
        else:
            self._work_has_ended(was_active)

    def _work_goes_on(self) -> None:
        if self.state != STOPPING:
            starts = self.local and self.progress.seconds_left is None
            self.state = STARTING if starts else RUNNING
        self._measure()

    def _work_has_ended(self, just_now: bool) -> None:
        self.state = FAILED if self.problem else STOPPED
        if just_now:
            self.kept = kept_steps(self.store, self.study)

    def _worked_on(self) -> bool:
        if self.local and self.local.running:
            return True
        others = self.local is None
        self._part()
        held = any(working(self.store, run) for run in self.reader.unfinished)
        self.idle = 0 if held else self.idle + 1
        # Between two cohorts a worker holds none for an instant.
        return held or (others and self.active and self.idle < 2)

    def _part(self) -> None:
        """Take leave of workers that have ended, and keep what went wrong."""
        if self.local:
            try:
                self.local.check()
            except WorkersStopped:
                pass
            except WorkbenchError as problem:
                self.problem = str(problem)
            self.local.leave()
            self.local = None

    def _leave(self) -> None:
        """Let workers end alone that have nothing left to do."""
        if self.local and not self.local.running:
            self._part()
            self.problem = ""

    def _processes(self) -> list[psutil.Process]:
        found = set(worker_processes(self.store, self.study))
        if self.local:
            # It may still load, and have nothing open by which it is found.
            with suppress(psutil.NoSuchProcess):
                found.add(psutil.Process(self.local.launcher.process.pid))
        return list(found)

    def _measure(self) -> None:
        if self.tokens:
            reached = self.reader.reached.items()
            self.rate = self.speed(sum(steps * self.tokens[run] for run, steps in reached))
        if time.monotonic() - self.memory_at > MEMORY_SECONDS:
            self.memory, self.memory_at = memory_of(self._processes()), time.monotonic()

    def status(self) -> Status:
        """Return what a panel shows of it."""
        steps = sum(self.study.steps.values())
        return Status(
            study=self.study.name,
            state=self.state,
            runs=self.progress.runs,
            finished=self.progress.finished,
            steps=steps,
            done=steps - self.progress.steps + self.progress.done,
            kept=self.kept,
            seconds_left=self.progress.seconds_left,
            tokens_per_second=self.rate,
            memory=self.memory,
        )
