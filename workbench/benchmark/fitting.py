"""Whether contestants fit into memory together, from an estimate of what each one holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from workbench.benchmark.job import CACHED, ENGINE, PUBLISHED, Job
from workbench.models.depth import Anatomy
from workbench.models.size import parameter_counts
from workbench.models.tokenizer import stored_config
from workbench.training.memory import cohort_size, run_bytes, state_bytes
from workbench.training.operations import Dimensions
from workbench.training.plan import Execution
from workbench.training.workload import Workload

_PROCESS = {"cpu": 0.4e9, "cuda": 0.7e9}
"""Bytes that a process takes before it has loaded anything: libraries, or the GPU's context."""

_TRAINER = {"cpu": 2.5, "cuda": 1.5}
"""What transformers' models keep for the backward pass, over what the engine would.

Every mask and every copy; on a processor the dropped probabilities of whole padded batches as well
(MiniLM on 32 inputs of 512 word pieces took 12 GB).
"""

_SHARE, _COMFORT = 0.9, 0.6
"""Of the free memory: what may be planned, and up to where nobody needs to give any back."""


@dataclass(frozen=True)
class Footprint:
    """Bytes that a contestant holds while others take their turns, and at the peak of its own."""

    resting: float
    peak: float

    def __rmul__(self, processes: int) -> "Footprint":
        """Return the footprint of several such processes side by side."""
        return Footprint(processes * self.resting, processes * self.peak)


def workload(job: Job, sizes: Dimensions) -> Workload:
    """Describe what a contestant trains: its lengths as it pads them, its table of word pieces."""
    config, engine = stored_config(job.checkpoint), job.contestant in (ENGINE, CACHED)
    rows = len(job.used) if engine else config.vocab_size
    lengths = job.train.lengths
    if job.contestant == PUBLISHED:
        lengths = np.full(len(job.train), job.padded_length)
    return Workload(
        sizes=sizes,
        heads=job.checkpoint.architecture.sizes(config).heads,
        anatomy=Anatomy(sizes.layers, config.initializer_range, ()),
        parameters=parameter_counts(job.checkpoint, rows, job.outputs, job.per_token, "native"),
        outputs=job.outputs,
        lengths=dict.fromkeys(("train", "dev", "test"), lengths),
    )


def footprint(job: Job, sizes: Dimensions) -> Footprint:
    """Estimate what one process of a contestant holds.

    Parameters
    ----------
    job
        Of the contestant.
    sizes
        Of the model.
    """
    device, spec, runs = torch.device(job.device), job.specs[0], len(job.specs)
    described = workload(job, sizes)
    state = runs * state_bytes(spec, described)
    kept = runs * run_bytes(spec, described, Execution(device), stacked=runs > 1) - state
    factor = 1.0 if job.contestant in (ENGINE, CACHED) else _TRAINER[device.type]
    base = _PROCESS[device.type]
    return Footprint(base + state, base + state + factor * kept)


def largest_cohort(job: Job, sizes: Dimensions, free: float) -> int:
    """Return how many runs like a job's first train together beside peers that wait.

    Parameters
    ----------
    job
        The engine's.
    sizes
        Of the model.
    free
        Bytes.
    """
    alone = replace(job, specs=job.specs[:1])
    run = run_bytes(job.specs[0], workload(alone, sizes), Execution(torch.device(job.device)), True)
    # Two peers wait, and each of three processes has its libraries or its context.
    waiting = 2 * footprint(alone, sizes).resting + _PROCESS[torch.device(job.device).type]
    return cohort_size(run, max(0, int(free - waiting)))


def evenly(runs: int, most: int) -> int:
    """Return the size of equal cohorts for a number of runs; the last one may be smaller.

    Examples
    --------
    >>> evenly(20, 16), evenly(10, 16), evenly(10, 4)
    (10, 10, 4)
    """
    return -(-runs // -(-runs // most))


def crowded(footprints: Sequence[Footprint], free: float) -> bool:
    """Tell whether contestants must give memory back between turns: their peaks fill too much."""
    return sum(each.peak for each in footprints) > _COMFORT * free


def together(footprints: Sequence[Footprint], free: float) -> bool:
    """Tell whether contestants may stay in memory between their turns.

    At the worst moment all wait and one is at its peak. Where that does not fit, each is started
    for its turn and ended after it.

    Examples
    --------
    >>> small, large = Footprint(1, 3), Footprint(2, 9)
    >>> together([small, large, small], 13), together([small, large, small], 12)
    (True, False)
    """
    waiting = sum(each.resting for each in footprints)
    return waiting + max(each.peak - each.resting for each in footprints) <= _SHARE * free
