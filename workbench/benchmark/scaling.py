"""How the time of a run grows with the size of the cohort and of the training set.

The text is the generated miniature task of sentence pairs, whose size is a setting.
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from workbench.benchmark.comparison import Comparison
from workbench.benchmark.foretelling import PROCESS_SECONDS, step_seconds
from workbench.benchmark.job import ENGINE, Job
from workbench.benchmark.measure import Entrant, prepare
from workbench.benchmark.workload import load_work
from workbench.models.checkpoint import Checkpoint

COHORTS = (1, 2, 4, 8, 16)
"""Runs trained as one network."""

EXAMPLES = (64, 256, 1024, 4096, 16384)
"""Sizes of the training set."""

Tell = Callable[[str], None]
"""Told what has been measured."""

_TASK = "miniature-similarity"
_COHORT_TASK = f"{_TASK}:size=256"
_STEPS = {"cpu": 2, "cuda": 20}


@dataclass(frozen=True)
class Scaling:
    """Measures how cost grows.

    Parameters
    ----------
    checkpoint
        The model.
    precision, device
        How and where.
    rounds
        Turns of which the median counts.
    compiled
        Whether torch compiles the network; None leaves it to the engine.
    """

    checkpoint: Checkpoint
    precision: str
    device: torch.device
    rounds: int
    compiled: bool | None = None

    def cohorts(
        self, sizes: Sequence[int] = COHORTS, tell: Tell = lambda text: None
    ) -> list[dict[str, Any]]:
        """Measure one step of cohorts of these sizes; a failure is kept in ``problem``."""
        return [self._cohort(size, tell) for size in sizes]

    def examples(
        self, sizes: Sequence[int] = EXAMPLES, tell: Tell = lambda text: None
    ) -> list[dict[str, Any]]:
        """Measure training sets of these sizes: preparing them, and one step on each.

        The seconds of an epoch are those of a step times the steps of an epoch.
        """
        found = [self._examples(size, tell) for size in sizes]
        return [
            each | {"growth": growth(before, each)}
            for before, each in zip([None, *found[:-1]], found, strict=True)
        ]

    def foretell(self, cohorts: Sequence[int], examples: Sequence[int], rate: float) -> list[float]:
        """Foretell the seconds of each cohort and of each training set, one after another."""
        operations = self._comparison(_COHORT_TASK).facts["operations_per_step"]
        device, base = self.device.type, PROCESS_SECONDS[self.device.type]
        return [
            base
            + self._steps
            * (self.rounds + 1)
            * step_seconds(ENGINE, runs * operations, rate, device)
            for runs in (*cohorts, *[1] * len(examples))
        ]

    @property
    def _steps(self) -> int:
        return _STEPS["cuda" if self.device.type == "cuda" else "cpu"]

    def _cohort(self, size: int, tell: Tell) -> dict[str, Any]:
        comparison = self._comparison(_COHORT_TASK)
        measured = self._measure(comparison.job(ENGINE, size))
        seconds = measured.pop("seconds")
        tell(f"cohort of {size}")
        per_run = seconds / size if seconds else None
        return {"runs": size, "seconds_per_step": seconds, "seconds_per_run": per_run} | measured

    def _examples(self, size: int, tell: Tell) -> dict[str, Any]:
        started = time.perf_counter()
        comparison = self._comparison(f"{_TASK}:size={size}")
        prepared = time.perf_counter() - started
        measured = self._measure(_whole(comparison))
        seconds = measured.pop("seconds")
        tell(f"{size} training examples")
        return {
            "examples": size,
            "prepare_seconds": prepared,
            "seconds_per_step": seconds,
            "steps_per_epoch": comparison.work.steps_per_epoch,
            "seconds_per_epoch": seconds and seconds * comparison.work.steps_per_epoch,
        } | measured

    def _comparison(self, task: str) -> Comparison:
        work = load_work(task, self.checkpoint)
        return Comparison(
            work,
            self.checkpoint,
            "baseline",
            self.precision,
            self.device,
            (1,),
            self.rounds,
            self.compiled,
        )

    def _measure(self, job: Job) -> dict[str, Any]:
        with Entrant([job], self._steps, warm_up=self._steps) as entrant:
            prepare([entrant])
            for _ in range(self.rounds):
                entrant.turn()
            entrant.end()
        found = [value for value in entrant.measured.seconds if value is not None]
        return {
            "seconds": statistics.median(found) if found else None,
            "memory": entrant.measured.memory,
            "problem": entrant.measured.problem,
        }


def _whole(comparison: Comparison) -> Job:
    """Return the engine's job on the whole training split instead of a sample."""
    job = comparison.job(ENGINE)
    return Job(**vars(job) | {"train": comparison.work.train})


def growth(before: dict[str, Any] | None, after: dict[str, Any]) -> float | None:
    """Return the exponent of cost between two sizes: 1 is linear growth, less is slower.

    The cost is that of preparing and of one epoch.

    Examples
    --------
    >>> small = {"examples": 10, "prepare_seconds": 1.0, "seconds_per_epoch": 1.0}
    >>> large = {"examples": 40, "prepare_seconds": 1.0, "seconds_per_epoch": 3.0}
    >>> growth(small, large)
    0.5
    """
    if before is None or not (before["seconds_per_epoch"] and after["seconds_per_epoch"]):
        return None
    costs = [each["prepare_seconds"] + each["seconds_per_epoch"] for each in (before, after)]
    sizes = [each["examples"] for each in (before, after)]
    return math.log(costs[1] / costs[0]) / math.log(sizes[1] / sizes[0])
