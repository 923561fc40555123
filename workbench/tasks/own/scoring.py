"""The metric of an own task: one of its kind, or a function of an installed package.

A package offers a function through an entry point of the group ``workbench.metrics``, and a task
file names the entry point. A task file cannot name a module or a path, so that no file that is
loaded can run code: what runs is what the user has installed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import numpy as np
from datasets import Dataset

from workbench.errors import WorkbenchError, unknown
from workbench.tasks.own.description import METRICS
from workbench.tasks.task import Shape

ENTRY_POINTS = "workbench.metrics"

Function = Callable[[Any, Any], float]
"""Takes gold and predicted, and returns a score of which more is better, 1 at most.

They are, for each kind of task:

classification
    Two arrays ``int [records]`` of places in the list of labels.
multi-label
    Two arrays of 0 and 1, ``[documents, labels]``.
regression
    Two arrays ``float [records]``.
tokens
    Two lists with a list of IOB2 tags for each sentence, as seqeval takes them.
"""


@dataclass(frozen=True)
class Metric:
    """The primary metric of a task.

    Attributes
    ----------
    name
        Its key in scores.
    function
        None for one of the workbench's own.
    origin
        Name and version of the package that a function comes from: another version may score
        otherwise.
    """

    name: str
    function: Function | None = None
    origin: str = ""


def find_metric(name: str, kind: str) -> Metric:
    """Look up a metric.

    Parameters
    ----------
    name
        One of the kind's, the name of an entry point, or empty for the kind's default.
    kind
        Of the task.

    Raises
    ------
    WorkbenchError
        When there is none of that name for the kind, with the nearest, or it does not load.
    """
    if name in ("", *METRICS[kind]):
        return Metric(name or METRICS[kind][0])
    points = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name not in points:
        raise unknown(f"metric of {kind} tasks", name, [*METRICS[kind], *points])
    point = points[name]
    origin = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    return Metric(name, _loaded(point), origin)


def _loaded(point: EntryPoint) -> Function:
    try:
        function = point.load()
        if not callable(function):
            raise TypeError
    except Exception as problem:
        raise WorkbenchError(
            f"the metric {point.name!r} at {point.value} does not load ({type(problem).__name__}): "
            "update or uninstall the package it comes from"
        ) from problem
    return function


class ScoredBy:
    """A shape whose primary metric is a function; all else is the shape's.

    Parameters
    ----------
    shape
        Of the task.
    metric
        With a function.
    """

    def __init__(self, shape: Any, metric: Metric):
        self._shape, self._metric = shape, metric
        self.metric = metric.name
        self.objective, self.outputs = shape.objective, shape.outputs

    def __getattr__(self, name: str) -> Any:
        # A copy that is being made has no shape yet, and would look for it for ever.
        if name == "_shape":
            raise AttributeError(name)
        return getattr(self._shape, name)

    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Return what the function says, then the scores of the shape."""
        others = self._shape.score(records, predictions)
        others.pop(self.metric, None)
        return {self.metric: self._asked(records, predictions)} | others

    def on_draws(self, records: Dataset, predictions: np.ndarray, draws: np.ndarray) -> None:
        """Return None: hundreds of draws of dozens of runs may take a foreign function for ever."""

    def best_constant_score(self, records: Dataset) -> float | None:
        """Return the best that the function says of a constant; None for a regression."""
        asked = [self._asked(records, constant) for constant in self._constants(records)]
        return max((score for score in asked if score is not None), default=None)

    def _asked(self, records: Dataset, predictions: np.ndarray) -> float | None:
        assert self._metric.function
        if not np.isfinite(predictions).all():  # The run diverged.
            return None
        gold = self._form(records, self._shape.gold(records))
        try:
            score = float(self._metric.function(gold, self._form(records, predictions)))
        except Exception as problem:
            # Its message may quote what it was given.
            raise WorkbenchError(
                f"the metric {self.metric!r} of {self._metric.origin} failed "
                f"({type(problem).__name__}): mend it, or choose another metric in the task file"
            ) from None
        return score if np.isfinite(score) else None

    def _form(self, records: Dataset, answers: np.ndarray) -> Any:
        if self.objective != "token":
            return np.asarray(answers)
        ends = np.cumsum([len(words) for words in records["words"]])[:-1]
        names = np.asarray(self._shape.labels)
        return [sentence.tolist() for sentence in np.split(names[np.asarray(answers)], ends)]

    def _constants(self, records: Dataset) -> Iterator[np.ndarray]:
        """Yield constant predictions: each class; for several labels the most frequent ones."""
        gold = self._shape.gold(records)
        if self.objective == "multi-label":
            ranks = np.argsort(np.argsort(-gold.sum(axis=0), kind="stable"))
            for size in range(1, self.outputs + 1):
                yield np.repeat((ranks < size)[None].astype(np.uint8), len(gold), axis=0)
        elif self.objective != "regression":
            for label in range(self.outputs):
                yield np.full(len(gold), label, gold.dtype)


def scored(shape: Shape, metric: Metric) -> Shape:
    """Return a shape that is scored by a metric, the shape itself where it is one of its own."""
    return shape if metric.function is None else ScoredBy(shape, metric)
