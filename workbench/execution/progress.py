"""How far a study is, read from the run folders alone."""

import time
from dataclasses import dataclass

from workbench.store.events import read_events
from workbench.store.folder import RunStore
from workbench.store.study import Study


@dataclass(frozen=True)
class Progress:
    """How far a study is."""

    runs: int
    finished: int
    steps: int
    """Of the runs that were missing at the start."""
    done: int
    """Of these steps."""
    seconds: float
    """Since this process started to read."""
    seconds_left: float | None
    """None until enough has happened to tell."""

    def line(self) -> str:
        """Return the one line that is shown while a study runs.

        Examples
        --------
        >>> Progress(20, 5, 800, 300, 40.0, 66.0).line()
        '5 of 20 runs finished, step 300 of 800 (38%), 0:40 gone, about 1:06 left'
        """
        share = self.done / self.steps if self.steps else 1.0
        left = "starting" if self.seconds_left is None else f"about {clock(self.seconds_left)} left"
        return (
            f"{self.finished} of {self.runs} runs finished, step {self.done} of {self.steps} "
            f"({share:.0%}), {clock(self.seconds)} gone, {left}"
        )


class ProgressReader:
    """Reads how far the runs of a study are that are missing now.

    Parameters
    ----------
    store, study
        What to read.
    """

    def __init__(self, store: RunStore, study: Study):
        self.store, self.study = store, study
        self.missing = store.missing(study.run_ids)
        self.reached = dict.fromkeys(self.missing, 0)
        self.offsets = dict.fromkeys(self.missing, 0)
        self.unfinished = list(self.missing)
        self.started = time.monotonic()
        self.at_start: int | None = None

    def look(self) -> Progress:
        """Read what happened since the last look."""
        for run in self.unfinished:
            self._advance(run)
        self.unfinished = [run for run in self.unfinished if not self._ended(run)]
        done = sum(self.reached.values())
        if self.at_start is None:
            self.at_start = done
        total = sum(self.study.steps[run] for run in self.missing)
        seconds = time.monotonic() - self.started
        return Progress(
            runs=len(self.study.specs),
            finished=len(self.study.specs) - len(self.unfinished),
            steps=total,
            done=done,
            seconds=seconds,
            seconds_left=_left(done - self.at_start, total - done, seconds),
        )

    def _advance(self, run: str) -> None:
        events, self.offsets[run] = read_events(self.store.events_path(run), self.offsets[run])
        for event in events:
            self.reached[run] = max(self.reached[run], event.get("step", 0))

    def _ended(self, run: str) -> bool:
        if self.store.result(run) is None:
            return False
        self.reached[run] = self.study.steps[run]
        return True


def _left(advanced: int, left: int, seconds: float) -> float | None:
    return left * seconds / advanced if advanced else None


def clock(seconds: float) -> str:
    """Return a time span as people read it.

    Examples
    --------
    >>> clock(66.2), clock(7300)
    ('1:06', '2:01:40')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
