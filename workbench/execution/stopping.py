"""Signals that ask a worker to end: it saves what it has first."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from workbench.training.trainer import Stopped


class StopRequest:
    """Whether the process was asked to end; calling it tells."""

    def __init__(self) -> None:
        self.asked = self.nothing_to_save = False

    def __call__(self) -> bool:
        """Tell whether it was."""
        return self.asked

    def remember(self, number: int, _: FrameType | None = None) -> None:
        """Take note of a signal.

        Two notebooks may each send one SIGTERM, so a second is as good as the first; who types
        Ctrl-C a second time does not want to wait for the checkpoint.
        """
        if self.asked and number == signal.SIGINT:
            os._exit(128 + number)
        self.asked = True
        if self.nothing_to_save:
            self._give_up()

    @contextmanager
    def unsaved(self) -> Iterator[None]:
        """Let a request raise `Stopped` at once, instead of waiting until it is asked for."""
        self.nothing_to_save = True
        try:
            self._give_up()
            yield
            # A library may have swallowed what was raised within it.
            self._give_up()
        finally:
            self.nothing_to_save = False

    def _give_up(self) -> None:
        if self.asked:
            raise Stopped


@contextmanager
def stopping_on_signals() -> Iterator[StopRequest]:
    """Turn SIGTERM and SIGINT into a question that training asks after every step."""
    request = StopRequest()
    before = {
        number: signal.signal(number, request.remember)
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
