"""Whether the contestants do the same work: without dropout their loss curves must agree."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from workbench.benchmark.job import ENGINE, PUBLISHED, TUNED, Job
from workbench.benchmark.process import ContestantFailed, Process
from workbench.benchmark.workload import take
from workbench.training.randomness import permutation

_SMALLEST = 1e-12

TOLERANCES = {"float32": 1e-4, "bfloat16": 5e-2, "float16": 1e-2}
"""Relative to the engine's loss; bfloat16 keeps 8 significant bits, float16 keeps 11."""


def jobs_in_order(job: Job) -> list[Job]:
    """Return the job of every contestant, each of which sees equal batches in equal order.

    Parameters
    ----------
    job
        The engine's, of one run and one epoch. The engine draws its own order of the examples; the
        others get them in that order.
    """
    order = permutation(job.specs[0].order_seed, 0, len(job.train)).numpy()
    ordered = take(job.train, order)
    return [
        replace(job, contestant=name, train=job.train if name == ENGINE else ordered)
        for name in (PUBLISHED, TUNED, ENGINE)
    ]


def curves(job: Job, steps: int) -> dict[str, Any]:
    """Train every contestant for a few steps and compare the losses.

    Parameters
    ----------
    job
        See `jobs_in_order`; without dropout.
    steps
        How many.

    Returns
    -------
    dict
        ``losses`` by contestant, ``problems`` by contestant, and what `compare` returns.
    """
    losses: dict[str, list[float]] = {}
    problems: dict[str, str] = {}
    with ExitStack() as stack:
        # Nobody is timed here, so all start at once.
        jobs = jobs_in_order(job)
        processes = {each.contestant: stack.enter_context(Process(each)) for each in jobs}
        for name, process in processes.items():
            with _noted(name, problems):
                process.start(steps)
        for name, process in processes.items():
            with _noted(name, problems):
                losses[name] = [step[0] for step in process.finish().losses]
    return {"losses": losses, "problems": problems} | compare(losses, job.specs[0].precision)


@contextmanager
def _noted(name: str, problems: dict[str, str]) -> Iterator[None]:
    """Note a contestant's first failure."""
    try:
        yield
    except ContestantFailed as problem:
        problems.setdefault(name, str(problem))


def compare(losses: Mapping[str, Sequence[float]], precision: str) -> dict[str, Any]:
    """Compare loss curves with the engine's.

    Parameters
    ----------
    losses
        By contestant, as many steps each.
    precision
        Decides the tolerance.

    Returns
    -------
    dict
        ``difference``: the largest relative one of each peer; ``tolerance``; ``agree``: True,
        False, or None where there is nothing to compare.

    Examples
    --------
    >>> compare({"engine": [2.0, 1.0], "tuned": [2.0, 1.5]}, "float32")["difference"]
    {'tuned': 0.5}
    """
    ours = losses.get(ENGINE)
    difference = {
        name: max(
            abs(their - our) / max(abs(our), _SMALLEST)
            for their, our in zip(curve, ours, strict=True)
        )
        for name, curve in losses.items()
        if ours is not None and name != ENGINE
    }
    # A difference that is no number is no agreement.
    agree = all(value <= TOLERANCES[precision] for value in difference.values())
    return {
        "difference": difference,
        "tolerance": TOLERANCES[precision],
        "agree": agree if difference else None,
    }
