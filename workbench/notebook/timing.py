"""How long a sweep took, and how much of that was training.

The notebook's kernel sees the training, the program that runs the notebook sees the rest: the
seconds pass from one to the other in the metadata of a cell's output.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

# Only a type: a program that runs the notebook loads nothing that trains.
if TYPE_CHECKING:
    from workbench.execution.progress import Progress

_KEY = "workbench_training_seconds"


class TrainingTime:
    """Wall time in which runs were trained, from looks at the progress.

    It counts from the first look that sees a step done to the first that sees every run finished:
    the start of the workers does not count, nor does their very first step.

    Attributes
    ----------
    seconds
        So far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._first: float | None = None
        self._finished = False

    def __call__(self, progress: Progress) -> None:
        """Take note of a look."""
        if progress.seconds_left is None or self._finished:
            return
        if self._first is None:
            self._first = progress.seconds
        self.seconds = progress.seconds - self._first
        self._finished = progress.finished == progress.runs

    @property
    def metadata(self) -> dict[str, float]:
        """What a cell's output carries of it."""
        return {_KEY: round(self.seconds, 1)}


def training_seconds(notebook: Any) -> float:
    """Return the seconds of training that the cells of a notebook that ran tell of."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return sum(_seconds(output.get("metadata", {})) for output in outputs)


def _seconds(metadata: Mapping[str, Any]) -> float:
    return float(metadata.get(_KEY, 0.0))


def sentence(total: float, training: float) -> str:
    """Say how long a sweep took in all and how much of it trained, both in seconds.

    Examples
    --------
    >>> sentence(83.6, 71.2)
    '0:01:24 in all, 0:01:11 of it training'
    """
    return f"{_clock(total)} in all, {_clock(training)} of it training"


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
