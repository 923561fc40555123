"""From what a user typed to records: the one door to a task's data."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from datasets import Dataset

from workbench.errors import WorkbenchError
from workbench.spec import canonical_json
from workbench.tasks import files, miniature
from workbench.tasks.blurb import reading
from workbench.tasks.blurb.texts import SCORES
from workbench.tasks.catalogue import TASKS, canonical, find
from workbench.tasks.classification import Classification
from workbench.tasks.document import Document
from workbench.tasks.mention import Mention
from workbench.tasks.own.loading import data_hash, load_own
from workbench.tasks.own.task import shape_of
from workbench.tasks.regression import Regression
from workbench.tasks.subset import drawn
from workbench.tasks.tagging import Words
from workbench.tasks.task import Shape, Task

QUESTION = ("question", "context")
"""The columns of a question and what it is answered from."""

SHAPES: dict[str, Callable[[Task], Shape]] = {
    "similarity": lambda task: Regression(bounds=SCORES),
    "document": lambda task: Document(task.labels),
    "mention": lambda task: Mention(task.labels),
    "pico": lambda task: Words(task.labels),
    "relation": lambda task: Classification(task.labels, negative=task.negative),
    "question": lambda task: Classification(
        task.labels, QUESTION, metric=task.metric, keep_first=True
    ),
}
"""How each shape is made for a task."""


@dataclass(frozen=True)
class LoadedTask:
    """A task with its data.

    Attributes
    ----------
    task
        The catalogue's facts.
    option
        The option in use, such as ``"sentences"``; empty where the task has none.
    name
        The canonical text that `load` would turn into this task again.
    shape
        Encodes the records and scores predictions.
    splits
        Records of train, dev and test.
    data_hash
        SHA-256, hexadecimal, of the files' names and contents, of the generated records, or of an
        own task's records, labels and metric (`own.loading.data_hash`).
    notes
        Sentences a result must carry, such as which file is not the published one.
    """

    task: Task
    option: str
    name: str
    shape: Shape
    splits: dict[str, Dataset]
    data_hash: str
    notes: tuple[str, ...] = ()

    def subset(self, size: int, seed: int) -> "LoadedTask":
        """Keep a random part of the training units; dev and test stay whole.

        Units (documents where the task has them, else records) are drawn as `subset.drawn` does:
        every machine draws the same, a smaller part lies inside a larger one of the same seed, and
        classes keep their shares, with at least one unit of each where there is room. Numbers
        (regression) have no classes, so all units are drawn alike. The order of the records is
        kept, and so is `data_hash`.

        Parameters
        ----------
        size
            Units to keep; 0 keeps all.
        seed
            Which subset.

        Raises
        ------
        WorkbenchError
            When there are fewer units.
        """
        records = self.splits["train"]
        units = self.shape.units(records)
        available = len(np.unique(units))
        if not 0 <= size <= available:
            raise WorkbenchError(
                f"a training set of {size} was asked for, but task {self.name!r} has "
                f"{available} training units: ask for at most {available}, or 0 for all"
            )
        if size == 0:
            return self
        chosen = drawn(size, seed, available, self.shape.strata(records))
        train = records.select(np.flatnonzero(np.isin(units, chosen)))
        return replace(self, splits=self.splits | {"train": train})


def load(text: str, folder: str | Path | None = None) -> LoadedTask:
    """Load a task by the name users type.

    Parameters
    ----------
    text
        ``name``, ``name:option``, or the path of a task file; see `catalogue.find`.
    folder
        A folder in BLURB's layout; without it ``WORKBENCH_DATA``, else the cache of downloads.

    Raises
    ------
    WorkbenchError
        When the name is unknown, or its files are missing or damaged.
    """
    task, option = find(text)
    name = canonical(task, option)
    if task.own:
        return _load_own(task, name, task.own)
    shape = SHAPES[task.shape](task)
    if task.synthetic:
        splits = miniature.generate(task.shape, miniature.Settings.parse(task.name, option))
        return LoadedTask(task, option, name, shape, dict(splits), _hash_of_records(splits))
    paths = locate(task, folder)
    digests = {file: files.sha256(path) for file, path in paths.items()}
    splits, notes = _read(task.name, option, tuple(paths.items()), tuple(digests.values()))
    notes += _differences(task, paths)
    return LoadedTask(task, option, name, shape, dict(splits), _hash_of_files(task, digests), notes)


def _load_own(task: Task, name: str, path: Path) -> LoadedTask:
    data = load_own(path)
    shape = shape_of(data.description, data.labels)
    task = replace(task, labels=data.labels)
    return LoadedTask(task, "", name, shape, dict(data.splits), data_hash(data), data.notes)


def locate(
    task: Task, folder: str | Path | None = None, open_url: files.Open | None = None
) -> dict[str, Path]:
    """Return the paths of a task's files by name, without those that the user's folder may lack.

    Parameters
    ----------
    task
        Not a generated one.
    folder, open_url
        As for `files.locate`.

    Raises
    ------
    WorkbenchError
        When a file is missing, or cannot be downloaded.
    """
    return {
        name: files.locate(task.folder, name, folder, open_url)
        for name in task.files
        if name not in task.spared or not files.lacks(task.folder, name, folder)
    }


@lru_cache(maxsize=16)
def _read(
    name: str, option: str, paths: tuple[tuple[str, Path], ...], digests: tuple[str, ...]
) -> tuple[reading.Splits, reading.Notes]:
    """Read files once in a process for as long as their content (the digests) stays the same."""
    return reading.read(TASKS[name], option, dict(paths))


def _hash_of_files(task: Task, digests: dict[str, str]) -> str:
    content = [[f"{task.folder}/{file}", digest] for file, digest in digests.items()]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _hash_of_records(splits: dict[str, Dataset]) -> str:
    content = {split: records.to_dict() for split, records in splits.items()}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _differences(task: Task, paths: dict[str, Path]) -> tuple[str, ...]:
    return tuple(
        f"{task.folder}/{file} differs from the published file, so scores are not comparable "
        "with published ones."
        for file, path in paths.items()
        if files.differs_from_pin(path, task.folder, file)
    )
