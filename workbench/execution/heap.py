"""How much of the main memory that was given to it a process keeps."""

import ctypes
from contextlib import suppress

_LARGE = 128 * 1024
"""Bytes of a piece that is mapped by itself; glibc's own default."""

_M_MMAP_THRESHOLD = -3
"""The setting's number in glibc's malloc.h."""


def return_heap() -> None:
    """Give freed main memory back to the system.

    glibc keeps what large tensors leave in pieces: a worker that holds 0.6 GB then shows 0.9 to 1.0
    GB after each cohort, and its neighbours cannot have the rest. Other C libraries see to it
    themselves.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def map_large() -> None:
    """Let the system take back every large piece of memory as soon as it is freed.

    glibc maps large pieces by themselves only until one is freed; from then on pieces of up to that
    size are cut from its heap, where what stays between them keeps the rest. A kernel that showed
    one study after another grew by 200 MB. Setting the limit holds it where it began. Other C
    libraries know no such setting.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)
