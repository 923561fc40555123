"""Large libraries, loaded fast."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Search no garbage while libraries load, nor ever again in what they have loaded.

    They make a million objects that stay. Looking through them again and again takes a fifth of
    the time to load, most of the time to end the process, and would copy their memory in a fork.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
