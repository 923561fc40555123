"""Whether fewer bits move results: a small task trained in full by equal seeds in each precision.

The task is BIOSSES where its text is at hand, else the generated task of its shape, by the
published recipe for the model's size. The other parts of the benchmark need no more than a model's
shape; a score that can be compared needs real weights.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from workbench.benchmark.fitting import evenly
from workbench.benchmark.foretelling import run_seconds
from workbench.benchmark.job import ENGINE, give_memory_back
from workbench.benchmark.machine import free_memory
from workbench.benchmark.workload import REAL, text_of
from workbench.models.checkpoint import Checkpoint
from workbench.models.network import load
from workbench.spec import RunSpec
from workbench.tasks.catalogue import find
from workbench.tasks.loading import load as load_task
from workbench.training.loss_scale import INITIAL
from workbench.training.memory import cohort_size, run_bytes
from workbench.training.outcome import Outcome
from workbench.training.plan import Execution
from workbench.training.prepared import Prepared, encode
from workbench.training.recorder import Unrecorded
from workbench.training.trainer import Trainer
from workbench.training.workload import workload

PAIRS = 10
"""Runs in each precision, paired by seed."""

FULL = "float32"
"""What the others are compared with."""

Tell = Callable[[str, int], None]
"""Told in words what has been trained, and how many runs that were."""

_TASK, _GENERATED_TASK = "biosses", "miniature-similarity"


@dataclass(frozen=True)
class Precisions:
    """Trains the same runs in several precisions.

    Parameters
    ----------
    checkpoint
        The model.
    precisions
        Which; float32 comes first, whether it is named or not.
    device
        Where.
    seeds
        How many runs in each.
    max_steps
        Of a run; 0 trains in full.
    compiled
        Whether torch compiles the network; None leaves it to the engine.
    """

    checkpoint: Checkpoint
    precisions: tuple[str, ...]
    device: torch.device
    seeds: int = PAIRS
    max_steps: int = 0
    compiled: bool | None = None

    @property
    def order(self) -> tuple[str, ...]:
        """The precisions, float32 first."""
        return tuple(dict.fromkeys((FULL, *self.precisions)))

    @cached_property
    def prepared(self) -> Prepared:
        """Task and model."""
        real = text_of(find(_TASK)[0]) == REAL
        task = load_task(_TASK if real else _GENERATED_TASK)
        per_token = task.shape.objective == "token"
        model = load(self.checkpoint, task.shape.outputs, per_token, "native", self._dropout)
        return encode(task, model, task.task.max_length)

    @property
    def _dropout(self) -> float:
        return float(self.checkpoint.config.get("hidden_dropout_prob", 0.1))

    def spec(self, precision: str, seed: int = 0) -> RunSpec:
        """Specify a run by the published recipe."""
        task = self.prepared.task
        recipe = task.task.recipes[self.checkpoint.size]
        return RunSpec(
            task=task.name,
            data=task.data_hash,
            model=self.checkpoint.name,
            weights=self.checkpoint.weights,
            learning_rate=recipe.learning_rate,
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            max_length=task.task.max_length,
            max_steps=self.max_steps,
            weights_seed=seed,
            order_seed=seed,
            dropout_seed=seed,
            dropout=self._dropout,
            precision=precision,
        )

    def foretell(self, rate: float) -> float:
        """Foretell how many seconds this takes at a rate of matrix products."""
        described, spec = workload(self.prepared), self.spec(FULL)
        steps, size = described.plan(spec).steps, self._cohort(FULL)
        operations = size * described.operations(spec)
        cohorts = len(self.order) * math.ceil(self.seeds / size)
        return cohorts * run_seconds(ENGINE, operations, steps, rate, self.device.type)

    def measure(self, tell: Tell = lambda text, runs: None) -> dict[str, Any]:
        """Train all runs; return scores and losses by seed, in the order of the precisions."""
        task = self.prepared.task
        return {
            "task": task.name,
            "title": task.task.title,
            "text": "generated text" if task.task.synthetic else REAL,
            "metric": task.task.metric,
            "seeds": self.seeds,
            "steps": workload(self.prepared).plan(self.spec(FULL)).steps,
            "precisions": [self._measure(precision, tell) for precision in self.order],
        }

    def _measure(self, precision: str, tell: Tell) -> dict[str, Any]:
        size, started = self._cohort(precision), time.perf_counter()
        found: dict[str, Any] = {"scores": [], "losses": [], "repeated": []}
        for first in range(0, self.seeds, size):
            members = range(first, min(first + size, self.seeds))
            trainer = self._trainer([self.spec(precision, seed) for seed in members])
            _note(found, trainer.run(), trainer)
            del trainer
            give_memory_back(self.device)
            tell(f"{precision}: {members.stop} of {self.seeds} runs", len(members))
        seconds = time.perf_counter() - started
        return {"precision": precision, "cohort": size, "seconds": seconds} | found

    def _trainer(self, specs: list[RunSpec]) -> Trainer:
        execution = Execution(self.device, compiled=self.compiled)
        return Trainer(specs, self.prepared, Unrecorded(), execution)

    def _cohort(self, precision: str) -> int:
        """Return the runs of a cohort: as many as fit into a GPU, one on a processor."""
        if self.device.type != "cuda":
            return 1
        described, execution = workload(self.prepared), Execution(self.device)
        run = run_bytes(self.spec(precision), described, execution, stacked=True)
        return evenly(self.seeds, cohort_size(run, free_memory(self.device)))


def _note(found: dict[str, Any], outcomes: list[Outcome], trainer: Trainer) -> None:
    """Add the runs of a cohort to what has been found."""
    results = [outcome.result for outcome in outcomes]
    found["scores"] += [result["test"][result["metric"]] for result in results]
    found["losses"] += [result["final_loss"] for result in results]
    if trainer.cohort.scale:
        # Every repetition of a step halved the scale; it doubles after more steps than these.
        found["repeated"] += [math.log2(INITIAL / scale) for scale, _ in trainer.cohort.scale.state]
