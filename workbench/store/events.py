"""The event log of a run: one JSON object a line, appended while the run trains.

Only whole lines count. A writer that is killed can leave half a line at the end: readers wait for
the rest of it, and the next writer cuts it off. Format: JSON Lines, UTF-8.
"""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from workbench.spec import canonical_json
from workbench.store.atomic import explained, make_folder
from workbench.store.plain import plain

FLUSH_SECONDS = 0.25
"""The shortest time between two writes to the file."""


class EventLog:
    """Append events to a file, at most one write every `FLUSH_SECONDS`.

    Parameters
    ----------
    path
        The file; its folder is created where it is missing.
    offset
        Where the kept part of the file ends, in bytes, as `offset` gave it when a checkpoint was
        saved; what follows is cut off. None starts an empty file.
    clock
        Seconds that never run backwards.

    Raises
    ------
    WorkbenchError
        When the file cannot be written; see `workbench.store.atomic.explained`.
    """

    def __init__(
        self,
        path: Path | str,
        offset: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._clock = Path(path), clock
        self._waiting: list[bytes] = []
        self._flushed_at = float("-inf")
        with explained(self._path):
            make_folder(self._path.parent)
            self._file = open(self._path, "a+b", buffering=0)  # noqa: SIM115  closed by close()
            self._end = _end_of_lines(self._file, offset or 0)
            self._file.truncate(self._end)

    def append(self, event: dict[str, Any]) -> None:
        """Add one event; a float that is not finite is stored as null.

        Raises
        ------
        WorkbenchError
            When the file cannot be written; see `flush`.
        ValueError
            When the log is closed.
        """
        if self._file.closed:
            raise ValueError(f"the event log {self._path} is closed")
        self._waiting.append(canonical_json(plain(event)).encode() + b"\n")
        if self._clock() - self._flushed_at >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the waiting events now.

        Raises
        ------
        WorkbenchError
            When the file cannot be written. The events stay waiting: a later flush writes them
            once each, over whatever the failed one left.
        """
        content = b"".join(self._waiting)
        with explained(self._path):
            self._file.truncate(self._end)
            _write_all(self._file.fileno(), content)
        self._end, self._waiting = self._end + len(content), []
        self._flushed_at = self._clock()

    @property
    def offset(self) -> int:
        """The length of the file in bytes once every event so far is on the disk."""
        self.flush()
        os.fsync(self._file.fileno())
        return self._end

    def close(self) -> None:
        """Write what waits and close the file; closing twice does nothing."""
        if self._file.closed:
            return
        try:
            self.flush()
        finally:
            self._file.close()

    def __enter__(self) -> "EventLog":
        """Return the log itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the log."""
        self.close()


def read_events(path: Path | str, offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Read the whole lines that follow an offset.

    Parameters
    ----------
    path
        An event log; one that does not exist has no events.
    offset
        Where the last reading ended, in bytes. A file that is shorter was started again, and is
        read from its start: the returned offset is then below the one given.

    Returns
    -------
    events : list of dict
        Damaged lines are left out.
    offset : int
        Where the next reading starts; an unfinished last line lies behind it.
    """
    try:
        with open(path, "rb") as file:
            start = offset if os.fstat(file.fileno()).st_size >= offset else 0
            file.seek(start)
            content = file.read()
    except FileNotFoundError:
        return [], 0
    end = content.rfind(b"\n") + 1
    events = (_parse(line) for line in content[:end].split(b"\n"))
    return [event for event in events if event is not None], start + end


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _end_of_lines(file: BinaryIO, offset: int) -> int:
    """Return where the last whole line before an offset ends.

    A file can be shorter than a checkpoint remembers, or end in half a line, after a power cut.
    """
    file.seek(0)
    return file.read(offset).rfind(b"\n") + 1


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
