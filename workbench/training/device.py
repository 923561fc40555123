"""Which device trains, at which precision, and what this process does to stay repeatable."""

import os

import torch

from workbench.errors import WorkbenchError, unknown
from workbench.spec import PRECISIONS

AUTO = "auto"
DEVICES = (AUTO, "cuda", "mps", "cpu")


def find_device(name: str = AUTO) -> torch.device:
    """Return the device asked for, or the best there is: CUDA, then MPS, then the CPU.

    Raises
    ------
    WorkbenchError
        When this machine has no such device.
    """
    kind = name.split(":")[0]
    if kind not in DEVICES:
        raise unknown("device", name, DEVICES)
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == AUTO:
        name = next((kind for kind, present in there.items() if present), "cpu")
    elif not there.get(kind, True):
        raise WorkbenchError(f"this machine has no {kind} device: choose device=auto or device=cpu")
    return torch.device(name)


def find_precision(name: str, device: torch.device) -> str:
    """Return the precision asked for; ``auto`` is bfloat16 on a GPU that has it, else float32.

    Raises
    ------
    WorkbenchError
        When there is no such precision.
    """
    if name in PRECISIONS:
        return name
    if name != AUTO:
        raise unknown("precision", name, (AUTO, *PRECISIONS))
    native = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if native else "float32"


def cores() -> int:
    """Return how many processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
