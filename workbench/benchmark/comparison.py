"""One task, one technique, one precision: every contestant on the same sample, and their losses."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch

from workbench.benchmark.agreement import curves
from workbench.benchmark.job import CACHED, ENGINE, PUBLISHED, TUNED, Job, frozen_depth
from workbench.benchmark.machine import MatrixProducts
from workbench.benchmark.measure import Entrant, take_rounds
from workbench.benchmark.workload import Work, sample, take
from workbench.execution.local import threads_per_worker, worker_count
from workbench.models.checkpoint import Checkpoint
from workbench.models.network import load
from workbench.spec import RunSpec
from workbench.techniques import parse
from workbench.training.operations import Dimensions, dimensions, training_operations

FROZEN = "freeze"
TECHNIQUES = ("baseline", FROZEN)
"""What is measured; ``freeze`` keeps the lower half of the blocks."""

_ONCE = "freeze:half:cached"
"""The same with the frozen half passed once, which only the engine can."""

_AGREEMENT_EXAMPLES, _AGREEMENT_STEPS = 4, 4


@dataclass(frozen=True)
class Effort:
    """How much work a turn is.

    Attributes
    ----------
    batches
        Sampled.
    steps
        Of a turn of the engine and of the tuned peer: the batches once, or several times.
    published_steps
        Of a turn of the published commands, whose steps all cost the same: padding makes them so.
    lead_in
        Untimed steps before a turn.
    """

    batches: int
    steps: int
    published_steps: int
    lead_in: int


def effort(work: Work, device: torch.device) -> Effort:
    """Choose the work of a turn: seconds on a processor, a few hundred steps a second on a GPU."""
    full = len(work.train) // work.batch_size
    if device.type == "cuda":
        batches = min(full, 20)
        return Effort(batches, batches * -(-20 // batches), 5, lead_in=batches)
    tokens = work.train.lengths.mean() * work.batch_size
    batches = int(np.clip(round(8000 / tokens), 2, 4))
    return Effort(min(full, batches), min(full, batches), 1, lead_in=0)


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Attributes
    ----------
    work
        The task.
    checkpoint
        The model.
    technique
        As users type it.
    precision
        Of all contestants.
    device
        Where.
    seeds
        Numbers of seeds to train.
    rounds
        Of each of the `stages`.
    """

    work: Work
    checkpoint: Checkpoint
    technique: str
    precision: str
    device: torch.device
    seeds: tuple[int, ...]
    rounds: int

    @cached_property
    def effort(self) -> Effort:
        """How much work a turn is."""
        return effort(self.work, self.device)

    @cached_property
    def batches(self) -> np.ndarray:
        """The sampled examples, ``int64 [batches, batch_size]``."""
        return sample(self.work.train.lengths, self.work.batch_size, self.effort.batches)

    def spec(self, seed: int = 0, **values: Any) -> RunSpec:
        """Specify a run on the sample."""
        defaults: dict[str, Any] = {
            "task": self.work.name,
            "data": "",
            "model": self.checkpoint.name,
            "weights": self.checkpoint.weights,
            "learning_rate": self.work.learning_rate,
            "batch_size": self.work.batch_size,
            "epochs": self._epochs,
            "max_length": self.work.max_length,
            "weights_seed": seed,
            "order_seed": seed,
            "dropout_seed": seed,
            "dropout": float(self.checkpoint.config.get("hidden_dropout_prob", 0.1)),
            "precision": self.precision,
            "techniques": self._settings(self.technique),
        }
        return RunSpec(**defaults | values)

    def _settings(self, technique: str) -> Any:
        return parse(technique, self.checkpoint.layers).settings

    @property
    def _epochs(self) -> int:
        """Passes over the sample: the steps of a real run, or what the turns need where it is more.

        The engine looks at the number of steps before it compiles.
        """
        effort, stages = self.effort, len(self.seeds) if self.device.type == "cuda" else 1
        turns = stages * self.rounds * (effort.steps + effort.lead_in)
        steps = max(self.work.epochs * self.work.steps_per_epoch, turns + 2 * effort.batches)
        return -(-steps // effort.batches)

    def job(self, contestant: str, runs: int = 1, threads: int = 0) -> Job:
        """Return a contestant's job; each gets the sample in the order of its own sampler."""
        examples = self.batches.ravel()
        changed = {"techniques": self._settings(_ONCE)} if contestant == CACHED else {}
        if contestant == PUBLISHED:
            examples = np.random.default_rng(0).permutation(examples)
        return Job(
            contestant=contestant,
            checkpoint=self.checkpoint,
            objective=self.work.objective,
            outputs=self.work.outputs,
            train=take(self.work.train, examples),
            used=self.work.used,
            specs=tuple(self.spec(seed, **changed) for seed in range(runs)),
            device=str(self.device),
            padded_length=self.work.max_length,
            threads=threads,
        )

    def agreement(self) -> dict[str, Any]:
        """Compare the contestants' losses without dropout; see `agreement.curves`."""
        count = _AGREEMENT_EXAMPLES * _AGREEMENT_STEPS
        examples = np.random.default_rng(1).permutation(self.batches.ravel())[:count]
        # Without warm-up the first update moves the weights already.
        values: dict[str, Any] = {
            "dropout": 0.0,
            "warmup": 0.0,
            "epochs": 1,
            "batch_size": _AGREEMENT_EXAMPLES,
        }
        job = replace(
            self.job(ENGINE),
            train=take(self.work.train, examples),
            specs=(self.spec(**values),),
        )
        return self.key | curves(job, len(examples) // _AGREEMENT_EXAMPLES)

    @property
    def key(self) -> dict[str, str]:
        """What tells this comparison from the others."""
        return {
            "task": self.work.name,
            "technique": self.technique,
            "precision": self.precision,
        }

    @cached_property
    def _shape(self) -> tuple[Dimensions, int]:
        """The model's dimensions, and the depth up to which nothing trains."""
        model = load(self.checkpoint, self.work.outputs, self.work.objective == "token")
        return dimensions(model.network), frozen_depth(self.spec(), model)

    @property
    def sizes(self) -> Dimensions:
        """The model's dimensions."""
        return self._shape[0]

    @cached_property
    def facts(self) -> dict[str, float]:
        """What one step of one run is, in the mean over the sample."""
        lengths = self.work.train.lengths[self.batches]
        return {
            "examples_per_step": float(self.work.batch_size),
            "tokens_per_step": float(lengths.sum() / len(lengths)),
            "operations_per_step": self._operations(lengths.ravel()) / len(lengths),
            "cached_operations_per_step": self._operations(lengths.ravel(), True) / len(lengths),
            "steps_per_epoch": float(self.work.steps_per_epoch),
        }

    def _operations(self, lengths: np.ndarray, cached: bool = False) -> float:
        return training_operations(self.sizes, lengths, self._shape[1], cached)

    @property
    def round_operations(self) -> float:
        """About how many operations a round of one stage needs; it foretells the time."""
        padded = np.full(self.work.batch_size, self.work.max_length)
        useful = self.facts["operations_per_step"] * self.effort.steps
        engines = sum(len(jobs[0].specs) * len(jobs) for jobs in self._engines())
        published = self._operations(padded) * self.effort.published_steps
        return published * len(self.stages()) + useful * (engines + len(self.stages()))

    def stages(self) -> list[list[list[Job]]]:
        """Return the engine's ways to train the seeds, grouped by what is in memory together.

        On a GPU several seeds are one cohort; cohorts come one after another, because the largest
        fills the memory. On a processor they are workers side by side, as in a sweep.
        """
        engines = self._engines()
        return [[jobs] for jobs in engines] if self.device.type == "cuda" else [engines]

    def _engines(self) -> list[list[Job]]:
        if self.device.type == "cuda":
            return [[self.job(ENGINE, runs)] for runs in self.seeds] + self._cached()
        threads = threads_per_worker()
        workers = worker_count(self.device.type, max(self.seeds))
        lone = [[self.job(ENGINE)], *self._cached()]
        return [*lone, [self.job(ENGINE, threads=threads)] * workers] if workers > 1 else lone

    def _cached(self) -> list[list[Job]]:
        return [[self.job(CACHED)]] if self.technique == FROZEN else []

    def _entrant(self, jobs: Sequence[Job]) -> Entrant:
        chosen, contestant = self.effort, jobs[0].contestant
        lead_in = min(chosen.lead_in, chosen.published_steps)
        if contestant == PUBLISHED:
            return Entrant(jobs, chosen.published_steps, lead_in, lead_in)
        warm_up = max(1, lead_in) if contestant == TUNED else chosen.batches
        return Entrant(jobs, chosen.steps, warm_up, chosen.lead_in)

    def measure(self, tell: Callable[[int], None] = lambda done: None) -> dict[str, Any]:
        """Measure all contestants in paired rounds.

        Parameters
        ----------
        tell
            Told how many rounds are done.

        Returns
        -------
        dict
            The key, the facts, ``rates`` by round, and ``contestants`` (see `measure.Measured`),
            whose ``seconds`` are by round too.
        """
        products = MatrixProducts(self.sizes, self.precision, self.device)
        rates: list[float] = []
        with ExitStack() as stack:
            peers = [self._entrant([self.job(name)]) for name in (PUBLISHED, TUNED)]
            _prepare(peers, stack)
            engines: list[Entrant] = []
            for jobs in self.stages():
                done = len(rates)
                stage = [self._entrant(one) for one in jobs]
                _skip(stage, done)
                rates += self._stage(peers, stage, products, partial(_add, tell, done))
                engines += stage
            _skip(engines, len(rates))
            for entrant in peers:
                entrant.end()
        found = [entrant.measured.to_json() for entrant in (*peers, *engines)]
        return self.key | self.facts | {"rates": rates, "contestants": found}

    def _stage(
        self,
        peers: Sequence[Entrant],
        engines: Sequence[Entrant],
        products: MatrixProducts,
        tell: Callable[[int], None],
    ) -> list[float]:
        with ExitStack() as stack:
            _prepare(engines, stack)
            rates = take_rounds([*peers, *engines], self.rounds, products.rate, tell)
            for entrant in engines:
                entrant.end()
        return rates


def _prepare(entrants: Sequence[Entrant], stack: ExitStack) -> None:
    for entrant in entrants:
        stack.enter_context(entrant).prepare()


def _add(tell: Callable[[int], None], before: int, done: int) -> None:
    tell(before + done)


def _skip(engines: Sequence[Entrant], rounds: int) -> None:
    """Give engines an empty entry for each round, up to this number, that they took no part in."""
    for entrant in engines:
        seconds = entrant.measured.seconds
        seconds += [None] * (rounds - len(seconds))
