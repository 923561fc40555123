"""What is on record of a study's runs: specifications, results, timings, and the data behind them.

A report states nothing from memory: it is read here, from the folders of the runs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np
import pandas as pd

from workbench.errors import WorkbenchError
from workbench.protocol.declaration import Declaration
from workbench.saved.place import shown, technique
from workbench.spec import RunSpec
from workbench.store.folder import RunStore
from workbench.tasks.loading import LoadedTask, load

_SETTINGS = (
    ("task",),
    ("model",),
    ("train_size",),
    ("arm",),
    ("task", "model"),
    ("task", "train_size"),
    ("task", "train_size", "arm"),
)
"""What a value may depend on, the simplest first."""


@dataclass(frozen=True)
class Trained:
    """A finished run, for one of the arms that it stands for."""

    arm: str
    task: str
    """As the study names it."""
    train_size: int
    spec: RunSpec
    result: dict[str, Any]
    timings: dict[str, Any]

    @property
    def model(self) -> str:
        """The checkpoint, without where it lies on this machine."""
        return shown(self.spec.model)

    @property
    def technique(self) -> str:
        """With every setting, such as ``freeze:3`` where half of six layers were asked for."""
        return technique(self.spec)


@dataclass(frozen=True)
class Evidence:
    """The finished runs of a declared study.

    Attributes
    ----------
    declaration
        Of the study.
    tuned, reported
        The runs of each stage, one entry a run and arm.
    declared
        When the study was first run as it is now, such as ``2026-11-23T17:53:43Z``.
    amendments
        What was changed after results could be seen, in sentences.
    items
        What test items each contrast is about: one of `workbench.protocol.sections.ITEMS` each.
    """

    declaration: Declaration
    tuned: tuple[Trained, ...]
    reported: tuple[Trained, ...]
    declared: str = ""
    amendments: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[Trained, ...]:
        """The runs of both stages."""
        return self.tuned + self.reported

    @cached_property
    def data(self) -> dict[str, LoadedTask]:
        """The data of each task, where they are still those that the runs were trained on."""
        return dict(_data(self.every))

    @cached_property
    def training_units(self) -> dict[str, int]:
        """How many units (documents, else examples) the whole training set of each task has."""
        return {
            name: len(np.unique(task.shape.units(task.splits["train"])))
            for name, task in self.data.items()
        }

    @property
    def constants(self) -> dict[str, float]:
        """The test score of the best constant answer on each task that has one, raw scale."""
        found = {run.task: run.result.get("trivial") for run in self.reported}
        return {task: score for task, score in found.items() if score is not None}


def evidence(
    store: RunStore,
    declaration: Declaration,
    tuned: pd.DataFrame,
    reported: pd.DataFrame,
    declared: str = "",
    amendments: Sequence[str] = (),
    items: Sequence[str] = (),
) -> Evidence:
    """Read the runs of a study.

    Parameters
    ----------
    store
        Where they are.
    declaration, declared, amendments, items
        As in `Evidence`.
    tuned, reported
        One row a run and arm: ``run arm task train_size``. What is not finished is passed over.
    """
    to_tune, to_report = (tuple(_trained(store, table)) for table in (tuned, reported))
    return Evidence(declaration, to_tune, to_report, declared, tuple(amendments), tuple(items))


def _trained(store: RunStore, table: pd.DataFrame) -> Iterator[Trained]:
    # A run may stand for several arms: its files are read once.
    runs = {run: (store.result(run), store.timings(run)) for run in dict.fromkeys(table["run"])}
    for run, arm, task, size in table[["run", "arm", "task", "train_size"]].itertuples(index=False):
        result, timings = runs[run]
        if result is not None:
            yield Trained(arm, task, int(size), store.spec(run), result, timings)


def _data(runs: Iterable[Trained]) -> Iterator[tuple[str, LoadedTask]]:
    for name, spec in {run.task: run.spec for run in runs}.items():
        try:
            task = load(spec.task)
        except WorkbenchError:  # Moved or damaged since: what is on record of the runs remains.
            continue
        if task.data_hash == spec.data:
            yield name, task


def told(runs: Iterable[Trained], value: Callable[[Trained], Any]) -> str:
    """Write what runs have in common, or how it depends on task, model or size.

    Parameters
    ----------
    runs
        Whose value is told.
    value
        Of a run.

    Examples
    --------
    Of two tasks with batches of their own: ``16 (biosses) and 32 (hoc)``.
    """
    found = list(runs)
    if len({value(run) for run in found}) <= 1:
        return str(value(found[0])) if found else "none"
    for names in _SETTINGS:
        groups: dict[Any, set[Any]] = {}
        for run in found:
            groups.setdefault(attrgetter(*names)(run), set()).add(value(run))
        if all(len(values) == 1 for values in groups.values()):
            return _depending({_place(key): values.pop() for key, values in groups.items()})
    return listed(dict.fromkeys(str(value(run)) for run in found))


def _place(key: Any) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join(_size(part) if isinstance(part, int) else part for part in parts)


def _size(size: int) -> str:
    return f"{size} to train" if size else "all to train"


def _depending(values: dict[str, Any]) -> str:
    by_value: dict[Any, list[str]] = {}
    for place, value in values.items():
        by_value.setdefault(value, []).append(place)
    return listed(f"{value} ({'; '.join(places)})" for value, places in by_value.items())


def listed(parts: Iterable[Any]) -> str:
    """Join parts as a sentence does.

    Examples
    --------
    >>> listed([]), listed([1]), listed("ab"), listed("abc")
    ('none', '1', 'a and b', 'a, b and c')
    """
    *first, last = [str(part) for part in parts] or ["none"]
    return f"{', '.join(first)} and {last}" if first else last


def numbers(values: Iterable[int]) -> str:
    """Write whole numbers, those in a row by their ends.

    Examples
    --------
    >>> numbers([0, 1, 2, 3]), numbers([7, 3, 1000, 1001])
    ('0 to 3', '3, 7, 1000 and 1001')
    """
    found = sorted(set(values))
    if len(found) > 2 and found[-1] - found[0] == len(found) - 1:
        return f"{found[0]} to {found[-1]}"
    return listed(found)
