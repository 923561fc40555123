"""One task, one technique, one precision: every contestant on the same sample, and their losses."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from workbench.benchmark.agreement import curves
from workbench.benchmark.fitting import crowded, evenly, footprint, largest_cohort, together
from workbench.benchmark.foretelling import (
    PROCESS_SECONDS,
    RATE_SECONDS,
    compile_seconds,
    step_seconds,
)
from workbench.benchmark.job import CACHED, ENGINE, PUBLISHED, TUNED, Job
from workbench.benchmark.machine import MatrixProducts, free_memory
from workbench.benchmark.measure import Entrant, prepare, take_rounds
from workbench.benchmark.workload import Work, sample, take
from workbench.execution.local import threads_per_worker, worker_count
from workbench.models.checkpoint import Checkpoint
from workbench.models.depth import Anatomy
from workbench.models.tokenizer import stored_config
from workbench.spec import RunSpec
from workbench.techniques import parse
from workbench.training.operations import Dimensions, training_operations
from workbench.training.workload import frozen_depth

FROZEN = "freeze"
TECHNIQUES = ("baseline", FROZEN)
"""What is measured; ``freeze`` keeps the lower half of the blocks."""

_ONCE = "freeze:half:cached"
"""The same with the frozen half passed once, which only the engine can."""

_AGREEMENT_EXAMPLES, _AGREEMENT_STEPS = 4, 4
_GPU_STEPS, _GPU_LEAD_IN = 20, 5


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
        batches = min(full, _GPU_STEPS)
        return Effort(batches, batches * -(-_GPU_STEPS // batches), 5, lead_in=_GPU_LEAD_IN)
    tokens = work.train.lengths.mean() * work.batch_size
    batches = int(np.clip(round(8000 / tokens), 2, 4))
    return Effort(min(full, batches), min(full, batches), 1, lead_in=0)


def dimensions_of(checkpoint: Checkpoint, per_token: bool = False) -> Dimensions:
    """Return the sizes of a checkpoint's network from its description."""
    return Dimensions.of(checkpoint.architecture, stored_config(checkpoint), per_token)


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
        In which every contestant takes its turn once.
    compiled
        Whether torch compiles the engine's network; None leaves it to the engine.
    """

    work: Work
    checkpoint: Checkpoint
    technique: str
    precision: str
    device: torch.device
    seeds: tuple[int, ...]
    rounds: int
    compiled: bool | None = None

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
        effort = self.effort
        turns = self.rounds * (effort.steps + effort.lead_in)
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
            compiled=self.compiled,
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
    def sizes(self) -> Dimensions:
        """The model's dimensions."""
        return dimensions_of(self.checkpoint, self.work.objective == "token")

    @cached_property
    def _frozen(self) -> int:
        """The depth up to which nothing trains."""
        layers = self.checkpoint.layers
        return frozen_depth(self.spec(), Anatomy(layers, 0.0, ()))

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
        return training_operations(self.sizes, lengths, self._frozen, cached)

    def engines(self) -> list[list[Job]]:
        """Return the engine's ways to train the seeds; the jobs of one way run side by side.

        On a GPU several seeds are cohorts, as large as its memory allows; on a processor they are
        workers side by side, as in a sweep.
        """
        if self.device.type == "cuda":
            return [[self.job(ENGINE, runs)] for runs in self._cohorts] + self._cached()
        threads = threads_per_worker()
        workers = worker_count(self.device.type, max(self.seeds))
        lone = [[self.job(ENGINE)], *self._cached()]
        return [*lone, [self.job(ENGINE, threads=threads)] * workers] if workers > 1 else lone

    @cached_property
    def _cohorts(self) -> list[int]:
        most = largest_cohort(self.job(ENGINE), self.sizes, self._free)
        return sorted({evenly(seeds, most) for seeds in self.seeds})

    @cached_property
    def _free(self) -> int:
        return free_memory(self.device)

    def _cached(self) -> list[list[Job]]:
        return [[self.job(CACHED)]] if self.technique == FROZEN else []

    def entrants(self) -> list[Entrant]:
        """Return every contestant, ready to be started."""
        ways = [[self.job(PUBLISHED)], [self.job(TUNED)], *self.engines()]
        footprints = [len(jobs) * footprint(jobs[0], self.sizes) for jobs in ways]
        rests, lasts = crowded(footprints, self._free), together(footprints, self._free)
        return [self._entrant(jobs, rests, lasts) for jobs in ways]

    def _entrant(self, jobs: Sequence[Job], rests: bool, lasts: bool) -> Entrant:
        chosen, contestant = self.effort, jobs[0].contestant
        if contestant == PUBLISHED:
            steps, warm_up = chosen.published_steps, chosen.lead_in
        elif contestant == TUNED:
            steps, warm_up = chosen.steps, max(1, chosen.lead_in)
        else:
            steps, warm_up = chosen.steps, chosen.batches
        return Entrant(jobs, steps, warm_up, chosen.lead_in, rests, lasts)

    def foretell(self, rate: float) -> dict[str, float]:
        """Foretell how many seconds this takes.

        Parameters
        ----------
        rate
            Of matrix products, in operations a second.

        Returns
        -------
        dict
            ``agreement``, ``start`` and ``round``.
        """
        entrants, base = self.entrants(), PROCESS_SECONDS[self.device.type]
        steps = [self._step_seconds(each, rate) for each in entrants]
        pairs = list(zip(entrants, steps, strict=True))
        warm = sum(each.warm_up * seconds for each, seconds in pairs)
        warm += sum(compile_seconds(each.jobs[0]) for each in entrants)
        turns = sum((each.steps + each.lead_in) * seconds for each, seconds in pairs)
        # Who does not last starts and warms up again for every turn.
        turns += sum(base + each.warm_up * seconds for each, seconds in pairs if not each.lasts)
        return {
            "agreement": base + 3 * _AGREEMENT_STEPS * min(steps),
            "start": base + warm,
            "round": turns + (len(entrants) + 1) * RATE_SECONDS[self.device.type],
        }

    def _step_seconds(self, entrant: Entrant, rate: float) -> float:
        job, runs = entrant.jobs[0], sum(len(job.specs) for job in entrant.jobs)
        operations = self.facts["operations_per_step"]
        if job.contestant == PUBLISHED:
            padded = np.full(self.work.batch_size, self.work.max_length)
            operations = self._operations(padded)
        return step_seconds(job.contestant, runs * operations, rate, self.device.type)

    def measure(self, tell: Callable[[int], None] = lambda done: None) -> dict[str, Any]:
        """Measure all contestants in paired rounds.

        Parameters
        ----------
        tell
            Told how many rounds are done; 0 when all have started.

        Returns
        -------
        dict
            The key, the facts, ``rates`` by round, and ``contestants`` (see `measure.Measured`),
            whose ``seconds`` are by round too.
        """
        products = MatrixProducts(self.sizes, self.precision, self.device)
        with ExitStack() as stack:
            entrants = [stack.enter_context(entrant) for entrant in self.entrants()]
            prepare(entrants)
            tell(0)
            rates = take_rounds(entrants, self.rounds, products.rate, tell)
            for entrant in entrants:
                entrant.end()
        found = [entrant.measured.to_json() for entrant in entrants]
        return self.key | self.facts | {"rates": rates, "contestants": found}
