"""The error of the test items, from the predictions that finished runs have left.

Every run is scored on the same draws of its task's test items, once: those scores serve every
contrast that it takes part in, at every look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from workbench.analysis.items import ItemError, draws, item_error
from workbench.errors import WorkbenchError
from workbench.store.folder import RunStore
from workbench.tasks.loading import LoadedTask, load
from workbench.tasks.units import clusters

Units = Sequence[Sequence[str]]
"""Runs by identity: one for each seed, or for each subset those that trained on it."""


class Predicted(NamedTuple):
    """What a run that no store holds answered to its task's test items."""

    task: str
    """By its canonical name."""
    data: str
    """The hash of the task's data (`workbench.tasks.loading.LoadedTask.data_hash`)."""
    test: np.ndarray
    """As the task's shape scores them."""


class _Drawn:
    """A task's test items, and draws of them."""

    def __init__(self, task: LoadedTask):
        self.task, self.records = task, task.splits["test"]
        self.answers = len(task.shape.gold(self.records))
        self.clusters = int(clusters(self.records).max(initial=-1)) + 1

    @cached_property
    def draws(self) -> np.ndarray:
        return draws(self.clusters)

    def scores(self, data: str, predictions: np.ndarray) -> np.ndarray:
        """Return a run's score on each draw, ``float64 [draws]``."""
        if data != self.task.data_hash or len(predictions) != self.answers:
            raise WorkbenchError("runs were scored on other test items than those that are here")
        found = self.task.shape.on_draws(self.records, predictions, self.draws)
        if found is None:
            raise WorkbenchError("the metric is a function of a package, which is not drawn")
        return found


@dataclass(frozen=True)
class TaskItems:
    """What the test items of tasks add to the error of a difference.

    Parameters
    ----------
    store
        Where predictions are.
    imported
        Predictions of runs that the store does not hold, by identity.

    Attributes
    ----------
    unknown
        Why it is not known of some difference that was asked for, by task.
    """

    store: RunStore
    imported: Mapping[str, Predicted] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)
    _tasks: dict[str, _Drawn] = field(default_factory=dict)
    _scores: dict[str, np.ndarray] = field(default_factory=dict)

    def error(self, arm: Units, baseline: Units, paired: bool = True) -> ItemError | None:
        """Return the items' error of the difference of two means over seeds, or over subsets.

        Parameters
        ----------
        arm, baseline
            Runs whose test score is defined, none where all of a seed's are undefined.
        paired
            Whether the seeds of both sides belong together, in the same order; those are left out
            then that a side has no runs for.

        Returns
        -------
        ItemError or None
            None where it is not known, for a reason in `unknown`, or too few runs are there yet.
        """
        if paired:
            both = [pair for pair in zip(arm, baseline, strict=True) if all(pair)]
            arm, baseline = [mine for mine, _ in both], [others for _, others in both]
        sides = [[runs for runs in side if runs] for side in (arm, baseline)]
        if min(map(len, sides)) < 2:
            return None
        name, _ = self._trained_on(sides[0][0][0])
        try:
            technique, other = map(self._table, sides)
            return item_error(technique, other, self._task(name).clusters, paired)
        except WorkbenchError as problem:
            self.unknown[name] = str(problem)
            return None

    def _table(self, units: Units) -> np.ndarray:
        """Return the mean score of each unit on each draw, ``float64 [draws, units]``."""
        columns = [np.mean([self._run(run) for run in runs], axis=0) for runs in units]
        return np.stack(columns, axis=1)

    def _run(self, run: str) -> np.ndarray:
        if run not in self._scores:
            task, data = self._trained_on(run)
            self._scores[run] = self._task(task).scores(data, self._predictions(run))
        return self._scores[run]

    def _trained_on(self, run: str) -> tuple[str, str]:
        """Return the task of a run and the hash of its data."""
        found = self.imported.get(run) or self.store.spec(run)
        return found.task, found.data

    def _predictions(self, run: str) -> np.ndarray:
        if run in self.imported:
            return self.imported[run].test
        return self.store.predictions(run)["test"]

    def _task(self, name: str) -> _Drawn:
        if name not in self._tasks:
            self._tasks[name] = _Drawn(load(name))
        return self._tasks[name]
