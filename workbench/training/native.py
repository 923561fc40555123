"""Dropout masks computed by C code where a compiler is found.

Compiling takes a quarter of a second and is done once in a process, into a folder that is removed
as soon as the code is loaded: nothing stays that another program could exchange. Where there is no
compiler, `workbench.training.randomness.keep` draws the same masks more slowly.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from workbench.training.randomness import lane_limit

SOURCE = Path(__file__).with_name("dropout.c")
OPTIONS = ("-O3", "-march=native", "-ffp-contract=off", "-fno-strict-aliasing", "-shared", "-fPIC")
_COMPILERS = ("cc", "gcc", "clang")


class Kernels:
    """The compiled functions.

    Parameters
    ----------
    library
        The loaded code of ``dropout.c``.
    """

    def __init__(self, library: ctypes.CDLL):
        pointer, size, limit = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int16
        self._drop = {torch.float32: library.drop, torch.bfloat16: library.drop_bfloat16}
        self._keep = library.keep
        for drop in self._drop.values():
            drop.argtypes = [pointer, pointer, pointer, size, size, limit, ctypes.c_float]
            drop.restype = None
        self._keep.argtypes = [pointer, pointer, size, size, limit]
        self._keep.restype = None

    def drops(self, dtype: torch.dtype) -> bool:
        """Tell whether `drop` knows numbers of a type."""
        return dtype in self._drop

    def drop(self, values: Tensor, keys: Tensor, probability: float, scale: float) -> Tensor:
        """Zero what is not kept, and scale the rest.

        Parameters
        ----------
        values
            ``float32`` or ``bfloat16 [..., width]``, contiguous, on the CPU.
        keys
            One for each row, ``int64``, contiguous.
        """
        out, width = torch.empty_like(values), values.shape[-1]
        rows = keys.numel()
        self._drop[values.dtype](
            out.data_ptr(),
            values.data_ptr(),
            keys.data_ptr(),
            rows,
            width,
            lane_limit(probability),
            scale,
        )
        return out

    def keep(self, keys: Tensor, width: int, probability: float) -> Tensor:
        """Decide which of ``width`` values each key keeps, ``bool [*keys.shape, width]``."""
        out = torch.empty(*keys.shape, width, dtype=torch.bool)
        self._keep(out.data_ptr(), keys.data_ptr(), keys.numel(), width, lane_limit(probability))
        return out


@cache
def kernels() -> Kernels | None:
    """Return the compiled functions, or None where they cannot be compiled."""
    compiler = find_compiler()
    # The lanes of a word are read in the order of a little-endian processor, as torch reads them.
    if compiler is None or sys.byteorder != "little":
        return None
    try:
        return _compile(compiler)
    except (OSError, subprocess.SubprocessError):
        return None


def find_compiler() -> str | None:
    """Return the C compiler to use: the one that ``CC`` names, or the first that is installed."""
    names = (os.environ["CC"],) if os.environ.get("CC") else _COMPILERS
    return next((path for name in names if (path := shutil.which(name))), None)


def _compile(compiler: str) -> Kernels:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        target = Path(folder) / "dropout.so"
        line = [compiler, *OPTIONS, "-o", str(target), str(SOURCE)]
        subprocess.run(line, check=True, capture_output=True, timeout=60)
        return Kernels(ctypes.CDLL(str(target)))


def notice() -> str:
    """Return what a user should know: empty where compiled code is used, else one sentence."""
    if kernels() is not None:
        return ""
    return (
        "Dropout masks are drawn more slowly here, since no C compiler works: install gcc, or name "
        "one in the environment variable CC. The results are the same."
    )
