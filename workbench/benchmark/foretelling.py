"""How long a benchmark will take: a first guess, which `Progress` corrects as it goes on."""

from workbench.benchmark.job import CACHED, ENGINE, PUBLISHED, TUNED, Job
from workbench.training.plan import plan

PROCESS_SECONDS = {"cpu": 5.0, "cuda": 10.0}
"""Until processes that start side by side have loaded their models."""

RATE_SECONDS = {"cpu": 0.5, "cuda": 0.3}
"""Of one measurement of matrix products."""

_SHARES = {
    "cpu": {PUBLISHED: 0.2, TUNED: 0.3, ENGINE: 0.75, CACHED: 0.75},
    "cuda": {PUBLISHED: 0.3, TUNED: 0.2, ENGINE: 0.25, CACHED: 0.25},
}
"""Of the rate of matrix products that training reaches (on a GPU a guess)."""

_SHORTEST_STEP = {"cpu": 0.0, "cuda": 0.05}
"""Seconds of a step whose products take no time, spent in Python and in launching kernels."""

_COMPILE_SECONDS = 25.0
"""Until torch has compiled BERT-base's blocks (on an H100)."""


def step_seconds(contestant: str, operations: float, rate: float, device: str) -> float:
    """Foretell the seconds of one step.

    Parameters
    ----------
    contestant
        A key of `job.CONTESTANTS`.
    operations
        Of the step, those on padding included.
    rate
        Of matrix products, in operations a second.
    device
        ``"cpu"`` or ``"cuda"``.
    """
    computing = float(operations) / (rate * _SHARES[device][contestant])
    return max(_SHORTEST_STEP[device], computing)


def run_seconds(contestant: str, operations: float, steps: int, rate: float, device: str) -> float:
    """Foretell the seconds of a number of steps that take so many operations together."""
    return steps * step_seconds(contestant, operations / steps, rate, device)


def compile_seconds(job: Job) -> float:
    """Foretell how long torch compiles the network of the engine's job."""
    if job.contestant not in (ENGINE, CACHED):
        return 0.0
    pays = job.device.startswith("cuda") and plan(job.specs[0], len(job.train)).is_long
    return _COMPILE_SECONDS if (pays if job.compiled is None else job.compiled) else 0.0
