"""How much of the main memory that was given to it a process keeps."""

import ctypes
from contextlib import suppress

_ARENAS = 2
_M_ARENA_MAX = -8
"""glibc's name of the setting, from its malloc.h."""


def return_heap() -> None:
    """Give freed main memory back to the system.

    glibc keeps what large tensors leave in pieces: a worker that holds 0.6 GB then shows 0.9 to 1.0
    GB after each cohort, and its neighbours cannot have the rest. Other C libraries see to it
    themselves.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def share_arenas() -> None:
    """Let the threads of this process allocate from few arenas; only new ones are counted.

    glibc gives threads arenas of their own, up to eight for each core, and memory that was freed in
    one serves no other thread. A kernel that starts a thread for each study grew by 200 MB before
    the last arena was in use. Other C libraries know no such setting.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
