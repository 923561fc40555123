"""What a computation took, and where: beside a run's result, since it differs from time to time.

Plans read it back: how fast this machine was tells how long the next study takes.
"""

from __future__ import annotations

import platform
import resource
import socket
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import psutil
import torch
import transformers

from workbench.spec import RunSpec
from workbench.training.native import kernels
from workbench.training.plan import Execution
from workbench.training.workload import Workload

if TYPE_CHECKING:
    from workbench.training.cohort import Cohort


def place(device: torch.device) -> dict[str, Any]:
    """Return what must be equal for two computations to run at the same speed.

    A GPU is known by its product name; a processor is not, so it is known by its computer.
    """
    found: dict[str, Any] = {"device": device_name(device)}
    return found if device.type == "cuda" else found | {"host": socket.gethostname()}


def device_name(device: torch.device) -> str:
    """Return what a device is called, such as the GPU's product name."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({platform.machine()})"


def process_seconds() -> float:
    """Return how long this process has existed: before a worker's first run, mostly imports."""
    return time.time() - psutil.Process().create_time()


def peak_memory(device: torch.device) -> int:
    """Return the most bytes that this process has held so far, on a GPU or in main memory."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if platform.system() == "Darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def engine(cohort: Cohort, first_step: float | None) -> dict[str, Any]:
    """Return which of the engine's ways were taken: they move last digits, or only the time.

    Parameters
    ----------
    cohort
        That was trained.
    first_step
        Seconds of its first step, in which torch compiles, where it does.
    """
    if cohort.execution.device.type != "cpu":
        masks = "torch"
    else:
        masks = "torch" if kernels() is None else "C"
    found: dict[str, Any] = {"masks": masks, "compiled": cohort.compiled}
    return found | ({"first_step_seconds": first_step} if cohort.compiled else {})


def cohort_timings(
    specs: Sequence[RunSpec], execution: Execution, workload: Workload, first: int
) -> dict[str, Any]:
    """Describe the computation of a cohort that has just ended.

    Parameters
    ----------
    specs
        The membership that was trained.
    execution
        Where, and how much at once.
    workload
        Of the members.
    first
        The step from which this process trained.
    """
    return place(execution.device) | {
        "cohort": [spec.id for spec in specs],
        "micro_batch": execution.micro_batch or specs[0].batch_size,
        "evaluation_tokens": execution.evaluation_tokens,
        "first_step": first,
        "operations": sum(workload.operations(spec, first) for spec in specs),
        "peak_memory": peak_memory(execution.device),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "host": socket.gethostname(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
