"""Does something again and again while it goes on, in a thread of its own."""

import threading
from collections.abc import Callable

FRAME_SECONDS = 0.25
"""Between two calls: four pictures a second."""


class Pacer:
    """Calls a function at a steady pace while something goes on, and once when it is nudged.

    Parameters
    ----------
    work
        What to call; never twice at a time.
    complain
        Given what it raised; it is called again all the same.
    seconds
        Between the end of a call and the next.
    """

    def __init__(
        self,
        work: Callable[[], None],
        complain: Callable[[Exception], None],
        seconds: float = FRAME_SECONDS,
    ) -> None:
        self._work, self._complain, self._seconds = work, complain, seconds
        self._going = self._nudged = self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._loop, name="pacer", daemon=True)
        self._thread.start()

    def nudge(self, going: bool) -> None:
        """Have it called at once, and again and again from now on, or not any more."""
        with self._changed:
            self._going, self._nudged = going, True
            self._changed.notify()

    def close(self) -> None:
        """Call it no more, and wait for the end of a call that goes on."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _loop(self) -> None:
        while self._due():
            try:
                self._work()
            except Exception as problem:
                self._complain(problem)

    def _due(self) -> bool:
        """Wait for the next call; tell whether there is one."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._nudged or self._closed, self._seconds if self._going else None
            )
            self._nudged = False
            return not self._closed
