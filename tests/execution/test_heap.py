"""The heap of a process, as glibc itself describes it."""

import platform
import re
import subprocess
import sys

import pytest

# Every thread allocates and frees what is too large for Python's own pools, and keeps a little.
THREADS = """
import ctypes, sys, threading
from workbench.execution.heap import share_arenas

if sys.argv[1] == "shared":
    share_arenas()
together = threading.Barrier(6)
kept = []

def work():
    together.wait()
    kept.append([bytes(2000) for _ in range(2000)][::100])
    together.wait()

threads = [threading.Thread(target=work) for _ in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
"""


def arenas(way):
    """Return how many arenas a process with six threads allocates from."""
    line = [sys.executable, "-c", THREADS, way]
    said = subprocess.run(line, capture_output=True, text=True, check=True, timeout=60).stdout
    return len(re.findall("<heap nr=", said))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_threads_share_arenas():
    assert arenas("own") > 2
    assert arenas("shared") <= 2
