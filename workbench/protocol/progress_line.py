"""One line in a terminal that progress is written over; in a file, lines ever more rarely."""

import shutil
import sys
import time
from typing import TextIO

_ON_SCREEN, _IN_A_FILE = 1.0, 10.0
"""Seconds between two texts, at least."""


class ProgressLine:
    """Shows the newest of many texts.

    Parameters
    ----------
    stream
        A terminal or a file; None is standard output.
    clock
        Seconds from any start.
    """

    def __init__(self, stream: TextIO | None = None, clock=time.monotonic):
        self.stream, self.clock = stream or sys.stdout, clock
        self.started = self.written = clock()
        self.width = 0

    def __call__(self, text: str) -> None:
        """Show a text, unless one was shown a moment ago."""
        now = self.clock()
        least = _ON_SCREEN if self.stream.isatty() else _IN_A_FILE
        if now - self.written < max(least, 0.01 * (now - self.started)):
            return
        self.written = now
        if self.stream.isatty():
            # A broken line could not be written over.
            text = text[: shutil.get_terminal_size().columns - 1]
            self.stream.write(f"\r{text:<{self.width}}")
            self.width = len(text)
        else:
            self.stream.write(text + "\n")
        self.stream.flush()

    def clear(self) -> None:
        """Make room for something else."""
        if self.width:
            self.stream.write(f"\r{'':<{self.width}}\r")
            self.width = 0
