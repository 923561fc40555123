"""How fast a machine trains: from the runs it has finished, else from a short measurement."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

from workbench.execution.timings import place
from workbench.spec import RunSpec
from workbench.store.folder import RunStore
from workbench.tasks.catalogue import shown
from workbench.training.workload import Workload

_MEASURE_SECONDS = 0.3
_PRODUCTS = 5

_SHARE = 0.75
"""Of the matrix-product rate that training reaches, where nothing is known of a machine yet.

MiniLM in two workers on two quiet cores reached 0.75 to 0.81 of it (``python -m workbench bench``).
"""

_LOW = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Rate:
    """Operations a second of one worker, and how they are known."""

    operations: float
    source: str


@dataclass(frozen=True)
class Computation:
    """A cohort that was trained from its first step to its end on this kind of machine."""

    task: str
    model: str
    precision: str
    batch_size: int
    size: int
    operations: float
    seconds: float
    startup: float

    def distance(self, spec: RunSpec, size: int) -> tuple[bool, bool, int]:
        """Return how unlike the cohort to be planned it is, the smaller the more telling."""
        return self.task != spec.task, self.batch_size != spec.batch_size, abs(self.size - size)


def computations(store: RunStore, device: torch.device, threads: int) -> list[Computation]:
    """Return what was trained on this kind of machine, each cohort once.

    Parameters
    ----------
    store
        The runs.
    device, threads
        Of a worker; the threads count on a CPU only.
    """
    here = place(device) | ({"threads": threads} if device.type == "cpu" else {})
    found = {}
    for run in store.run_ids():
        timings, spec = store.timings(run), store.spec_json(run)
        whole = timings.get("operations") and timings.get("first_step") == 0
        if spec and whole and here.items() <= timings.items():
            found[tuple(timings["cohort"])] = _computation(spec, timings)
    return list(found.values())


def _computation(spec: dict[str, Any], timings: dict[str, Any]) -> Computation:
    return Computation(
        task=spec["task"],
        model=spec["model"],
        precision=spec["precision"],
        batch_size=spec["batch_size"],
        size=len(timings["cohort"]),
        operations=timings["operations"],
        seconds=timings["seconds"] - timings["preparation"],
        startup=timings["startup"],
    )


def rate_from(known: Sequence[Computation], spec: RunSpec, size: int) -> Rate | None:
    """Return the median rate of the computations most like a cohort; None without any.

    Parameters
    ----------
    known
        From `computations`.
    spec, size
        Of the cohort: only its model at its precision tells its rate.
    """
    wanted = (spec.model, spec.precision)
    like = [item for item in known if (item.model, item.precision) == wanted]
    if not like:
        return None
    nearest = min(item.distance(spec, size) for item in like)
    chosen = [item for item in like if item.distance(spec, size) == nearest]
    rate = median(item.operations / item.seconds for item in chosen)
    number = sum(item.size for item in chosen)
    of = f"{spec.model} on another task" if nearest[0] else f"{spec.model} on {shown(spec.task)}"
    return Rate(rate, f"as {number} finished runs of {of} took here")


def measured_rate(spec: RunSpec, workload: Workload, device: torch.device, threads: int) -> Rate:
    """Measure matrix products for a moment, and return the share that training usually reaches.

    Measured is what one worker does alone: all cores at once tell less, because they wait for the
    one that something else keeps busy just then.

    Parameters
    ----------
    spec, workload
        Of a run: its widths and precision.
    device, threads
        Of a worker; the threads count on a CPU only.
    """
    before = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(threads)
    try:
        products = _product_rate(spec, workload, device)
    finally:
        torch.set_num_threads(before)
    return Rate(
        _SHARE * products,
        "a first guess from this machine's matrix products, better after the first runs",
    )


def _product_rate(spec: RunSpec, workload: Workload, device: torch.device) -> float:
    tokens = int(spec.batch_size * workload.lengths["train"].mean())
    hidden, wide = workload.sizes.hidden, workload.sizes.intermediate
    dtype = _LOW.get(spec.precision, torch.float32)
    states = torch.ones(tokens, hidden, dtype=dtype, device=device)
    weight = torch.ones(hidden, wide, dtype=dtype, device=device)
    states @ weight
    _wait(device)
    best, end = float("inf"), time.perf_counter() + _MEASURE_SECONDS
    while (started := time.perf_counter()) < end:
        for _ in range(_PRODUCTS):
            states @ weight
        _wait(device)
        best = min(best, time.perf_counter() - started)
    # The fastest: whatever else the machine does for a moment must not count for hours.
    return _PRODUCTS * 2.0 * tokens * hidden * wide / best


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
