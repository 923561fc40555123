"""The machine: what it is, and how fast it multiplies matrices at the precision in use."""

import os
import platform
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import torch
from torch.nn import functional

from workbench.training.device import allow_tf32, cores
from workbench.training.device import free_memory as free_gpu_memory
from workbench.training.operations import Dimensions

_PACKAGES = ("torch", "transformers", "accelerate", "numpy")
_INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "bf16")
"""The instruction sets that decide how fast a processor multiplies matrices, by Linux's names."""
_NATIVE_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}

_TOKENS = {"cpu": 1024, "cuda": 8192}
_SQUARE = {"cpu": 2048, "cuda": 8192}
_SECONDS = {"cpu": 0.1, "cuda": 0.03}
"""That the repetitions of a shape take together at least."""
_UNWATCHED = {"cpu": 0.0, "cuda": 0.005}
"""Seconds of products for which nobody waits one by one: a GPU is told what to do ahead of time."""
_REPETITIONS = 3
_MOST_UNWATCHED = 200


def describe(device: torch.device) -> dict[str, Any]:
    """Return what may explain a time: processor, GPU, memory and versions, as plain JSON types."""
    return {
        "processor": processor(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "load_average": load_average(),
        "memory_bytes": psutil.virtual_memory().total,
        "gpu": _gpu(device),
        "instruction_sets": instruction_sets(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version for name in _PACKAGES if (version := _version(name))},
        "cuda": torch.version.cuda if device.type == "cuda" else None,
    }


def processor() -> str:
    """Return what the processor calls itself."""
    match = re.search(r"^model name\s*: (.+)$", _processor_file(), re.MULTILINE)
    return match[1] if match else platform.processor() or platform.machine()


def instruction_sets() -> list[str]:
    """Return the instruction sets for matrix products that this processor has (Linux only)."""
    match = re.search(r"^(?:flags|Features)\s*: (.+)$", _processor_file(), re.MULTILINE)
    flags = set(match[1].split()) if match else set()
    return [name for name in _INSTRUCTIONS if name in flags]


def native_precisions(device: torch.device, known: Sequence[str]) -> list[str]:
    """Return the precisions that save time on a device, out of those the engine knows."""
    if device.type == "cuda":
        bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        bfloat16 = bool(_NATIVE_BFLOAT16 & set(instruction_sets()))
    native = {"float32": True, "bfloat16": bfloat16, "float16": device.type == "cuda"}
    return [name for name in known if native.get(name)]


def short_name(device: torch.device) -> str:
    """Return a name for the machine's kind that can be a folder's.

    Examples
    --------
    >>> slug("NVIDIA H100 80GB HBM3")
    'nvidia-h100-80gb-hbm3'
    """
    return slug(_gpu(device) or f"{processor()} {cores()} cores")


def slug(text: str) -> str:
    """Return a text in small letters and digits, all else replaced by single hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _gpu(device: torch.device) -> str | None:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor_file() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf8", errors="replace") if path.is_file() else ""


@dataclass(frozen=True)
class MatrixProducts:
    """Measures how fast the device multiplies matrices, by `torch.nn.functional.linear`.

    Parameters
    ----------
    sizes
        Of the model whose shapes are tried, beside a large square one.
    precision
        Such as ``"float32"``.
    device
        Where.
    """

    sizes: Dimensions
    precision: str
    device: torch.device

    @property
    def shapes(self) -> list[tuple[int, int, int]]:
        """Rows, columns of the input and columns of the output of each product tried."""
        tokens, square = _TOKENS[self._kind], _SQUARE[self._kind]
        hidden, intermediate = self.sizes.hidden, self.sizes.intermediate
        return [
            (tokens, hidden, hidden),
            (tokens, hidden, intermediate),
            (tokens, intermediate, hidden),
            (square, square, square),
        ]

    def rate(self) -> float:
        """Return operations per second: the best shape's, each the median of repetitions.

        It is the whole machine's, as the engine's workers side by side use it, even where torch was
        told to take fewer threads than there are cores.
        """
        allow_tf32(self.precision, self.device)
        with on_all_cores():
            found = max(self._rate(*shape) for shape in self.shapes)
        if self.device.type == "cuda":
            # The contestants need this memory more.
            torch.cuda.empty_cache()
        return found

    @property
    def _kind(self) -> str:
        return "cuda" if self.device.type == "cuda" else "cpu"

    @torch.inference_mode()
    def _rate(self, rows: int, inner: int, columns: int) -> float:
        # Not ones: on numbers that are all alike a GPU draws less power and is faster.
        values, weights = (
            torch.randn(size, inner, device=self.device).to(getattr(torch, self.precision))
            for size in (rows, columns)
        )
        self._seconds(values, weights, 1)
        single = self._seconds(values, weights, 1)
        products = min(max(1, round(_UNWATCHED[self._kind] / single)), _MOST_UNWATCHED)
        seconds = list(self._repeated(values, weights, products))
        return 2.0 * rows * inner * columns / statistics.median(seconds)

    def _repeated(
        self, values: torch.Tensor, weights: torch.Tensor, products: int
    ) -> Iterator[float]:
        count, spent = 0, 0.0
        while count < _REPETITIONS or spent < _SECONDS[self._kind]:
            yield (seconds := self._seconds(values, weights, products))
            count, spent = count + 1, spent + products * seconds

    def _seconds(self, values: torch.Tensor, weights: torch.Tensor, products: int) -> float:
        """Return the seconds of one of several products, waited for together."""
        self._wait()
        started = time.perf_counter()
        for _ in range(products):
            functional.linear(values, weights)
        self._wait()
        return (time.perf_counter() - started) / products

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


@contextmanager
def on_all_cores() -> Iterator[None]:
    """Let torch compute in as many threads as there are cores, and in as many as before after."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(before, cores()))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def free_memory(device: torch.device) -> int:
    """Return the bytes that are free on a GPU, or in main memory."""
    if device.type == "cuda":
        return free_gpu_memory(device)
    return int(psutil.virtual_memory().available)


def load_average() -> float | None:
    """Return how many processes wanted the processor over the last minute, where that is known."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None
