"""Which device trains, at which precision, and what this process does to stay repeatable."""

import math
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from workbench.errors import WorkbenchError, unknown
from workbench.spec import PRECISIONS
from workbench.training.native import find_compiler

_TRITON_WORKS = find_spec("triton") is not None and find_compiler() is not None

_GRANT = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of a core's time and the period they are granted for, or ``max``."""

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
    """Return the precision asked for, or with ``auto`` the fastest that trains as float32 does.

    That is bfloat16 where a processor or GPU multiplies it natively, float16 with loss scaling on
    older GPUs with tensor cores (such as the T4), and float32 otherwise.

    Raises
    ------
    WorkbenchError
        When there is no such precision, or the device lacks it.
    """
    if name == AUTO:
        return _fastest_precision(device)
    if name not in PRECISIONS:
        raise unknown("precision", name, (AUTO, *PRECISIONS))
    if name == "tf32" and _capability(device) < _AMPERE:
        raise WorkbenchError(
            "precision=tf32 needs an NVIDIA GPU of the Ampere generation or later: choose "
            "precision=float32 here"
        )
    return name


_VOLTA, _AMPERE = (7, 0), (8, 0)
"""Compute capabilities: the first with tensor cores for float16, and for bfloat16 and TF32."""


def _fastest_precision(device: torch.device) -> str:
    if has_bfloat16(device):
        return "bfloat16"
    return "float16" if _capability(device) >= _VOLTA else "float32"


def has_bfloat16(device: torch.device) -> bool:
    """Tell whether a device multiplies bfloat16 natively."""
    if device.type == "cuda":
        return _capability(device) >= _AMPERE
    if device.type == "cpu":
        features = _processor_features()
        return bool(features.get("avx512_bf16") or features.get("amx_bf16"))
    return False


def _capability(device: torch.device) -> tuple[int, int]:
    return torch.cuda.get_device_capability(device) if device.type == "cuda" else (0, 0)


def _processor_features() -> dict[str, Any]:
    # Older releases of torch do not tell; float32 is then safe.
    ask = getattr(torch.cpu, "get_capabilities", dict)
    return dict(ask())


def allow_tf32(precision: str, device: torch.device) -> None:
    """Let this process multiply float32 with TF32's 10 bits, or not, as a precision says."""
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"


def has_triton(device: torch.device) -> bool:
    """Tell whether kernels written in Triton run on a device.

    It comes with torch for NVIDIA, and needs a C compiler.
    """
    return device.type == "cuda" and _TRITON_WORKS


def free_memory(device: torch.device, workers: int = 0) -> int:
    """Return the bytes that one of a number of workers finds free on its GPU.

    Parameters
    ----------
    device
        ``cuda`` stands for all GPUs: the one with the least free memory counts.
    workers
        Started side by side; 0 is one for each GPU.
    """
    count = torch.cuda.device_count() if device.index is None else 1
    numbers = range(count) if device.index is None else [device.index]
    free = min(torch.cuda.mem_get_info(number)[0] for number in numbers)
    return free // max(1, -(-workers // count))


def cores() -> int:
    """Return how many processor cores this process may use; a container may grant it fewer."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(own, _granted() or own)


def _granted() -> int | None:
    """Return the cores, rounded up, whose time Linux grants this container, None for no limit."""
    try:
        time, period = _GRANT.read_text(encoding="ascii").split()
        return math.ceil(int(time) / int(period))
    except (OSError, ValueError):
        return None
