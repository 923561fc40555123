"""The heap of a process, as glibc itself describes it."""

import platform
import subprocess
import sys

import pytest

# Once a large piece has been freed, glibc cuts those that are smaller from its heap.
PIECES = """
import ctypes, sys
from workbench.execution.heap import map_large

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes, libc.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]


class Report(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]


libc.mallinfo2.restype = Report
if sys.argv[1] == "map":
    map_large()
libc.free(libc.malloc(16 << 20))
before = libc.mallinfo2().hblkhd
libc.malloc(8 << 20)
print(libc.mallinfo2().hblkhd - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
@pytest.mark.parametrize(("way", "mapped"), [("map", True), ("leave", False)])
def test_large_pieces_stay_mapped_by_themselves(way, mapped):
    line = [sys.executable, "-c", PIECES, way]
    said = subprocess.run(line, capture_output=True, text=True, check=True, timeout=60).stdout
    assert (int(said) >= 8 << 20) is mapped
