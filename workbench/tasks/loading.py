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
from workbench.tasks.catalogue import TASKS, canonical, find
from workbench.tasks.document import Document
from workbench.tasks.mention import Mention
from workbench.tasks.similarity import Similarity
from workbench.tasks.task import SPLITS, Shape, Task

SHAPES: dict[str, Callable[[Task, str], Shape]] = {
    "similarity": lambda task, option: Similarity(),
    "document": lambda task, option: Document(task.labels, abstracts=option == "abstracts"),
    "mention": lambda task, option: Mention(),
}
"""How each shape is made for a task and its option."""


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
        SHA-256, hexadecimal, of the files' names and contents, or of the generated records.
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

        Units (documents where the task has them, else records) are drawn in the order of a hash
        of seed and position, so that every machine draws the same and a smaller subset lies
        inside a larger one of the same seed. The order of the records is kept, and so is
        `data_hash`.

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
        units = self.shape.units(self.splits["train"])
        available = len(np.unique(units))
        if not 0 <= size <= available:
            raise WorkbenchError(
                f"a training set of {size} was asked for, but task {self.name!r} has "
                f"{available} training units: ask for at most {available}, or 0 for all"
            )
        if size == 0:
            return self
        chosen = sorted(range(available), key=lambda unit: _draw(seed, unit))[:size]
        train = self.splits["train"].select(np.flatnonzero(np.isin(units, chosen)))
        return replace(self, splits=self.splits | {"train": train})


def load(text: str, folder: str | Path | None = None) -> LoadedTask:
    """Load a task by the name users type.

    Parameters
    ----------
    text
        ``name`` or ``name:option``; see `catalogue.find`.
    folder
        A folder in BLURB's layout; without it ``WORKBENCH_DATA``, else the cache of downloads.

    Raises
    ------
    WorkbenchError
        When the name is unknown, the task cannot be read yet, or its files are missing or damaged.
    """
    task, option = find(text)
    if task.shape not in SHAPES:
        raise _not_readable(task)
    shape = SHAPES[task.shape](task, option)
    name = canonical(task, option)
    if task.synthetic:
        splits = miniature.generate(task.shape, miniature.Settings.parse(task.name, option))
        return LoadedTask(task, option, name, shape, dict(splits), _hash_of_records(splits))
    paths = {split: files.locate(task.folder, f"{split}.tsv", folder) for split in SPLITS}
    digests = {split: files.sha256(path) for split, path in paths.items()}
    splits = {split: _read(task.name, option, paths[split], digests[split]) for split in SPLITS}
    data_hash = _hash_of_files(task, digests)
    return LoadedTask(task, option, name, shape, splits, data_hash, _notes(task, paths))


@lru_cache(maxsize=32)
def _read(name: str, option: str, path: Path, digest: str) -> Dataset:
    """Read a file once in a process for as long as its content (the digest) stays the same."""
    task = TASKS[name]
    return SHAPES[task.shape](task, option).read(path)


def _draw(seed: int, unit: int) -> bytes:
    return hashlib.sha256(f"{seed}:{unit}".encode()).digest()


def _hash_of_files(task: Task, digests: dict[str, str]) -> str:
    content = [[f"{task.folder}/{split}.tsv", digest] for split, digest in digests.items()]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _hash_of_records(splits: dict[str, Dataset]) -> str:
    content = {split: records.to_dict() for split, records in splits.items()}
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _notes(task: Task, paths: dict[str, Path]) -> tuple[str, ...]:
    return tuple(
        f"{task.folder}/{split}.tsv differs from the published file, so scores are not comparable "
        "with published ones."
        for split, path in paths.items()
        if files.differs_from_pin(path, task.folder, f"{split}.tsv")
    )


def _not_readable(task: Task) -> WorkbenchError:
    readable = ", ".join(name for name, other in TASKS.items() if other.shape in SHAPES)
    return WorkbenchError(
        f"reading task {task.name!r} is not available yet: choose one of {readable}"
    )
