"""Which of BLURB's tasks is read how."""

from collections.abc import Callable
from pathlib import Path

from datasets import Dataset

from workbench.tasks.blurb.pico import read_pico
from workbench.tasks.blurb.pubmedqa import read_pubmedqa
from workbench.tasks.blurb.texts import (
    read_associations,
    read_documents,
    read_questions,
    read_relations,
    read_similarity,
)
from workbench.tasks.blurb.words import read_mentions
from workbench.tasks.task import Task

Splits = dict[str, Dataset]
Notes = tuple[str, ...]
Reader = Callable[[Task, str, dict[str, Path]], tuple[Splits, Notes]]
"""From a task, its option and its files by name: the records of each split, and what to say."""


def read(task: Task, option: str, paths: dict[str, Path]) -> tuple[Splits, Notes]:
    """Read all files of a task.

    Parameters
    ----------
    task, option
        As `catalogue.find` returns them.
    paths
        By file name.

    Returns
    -------
    tuple
        The records of train, dev and test, and sentences that results must carry.

    Raises
    ------
    WorkbenchError
        When a file is damaged.
    """
    return _READERS.get(task.name, _by_shape)(task, option, paths)


def _by_split(read_file: Callable[[Path], Dataset], paths: dict[str, Path]) -> tuple[Splits, Notes]:
    return {name.removesuffix(".tsv"): read_file(path) for name, path in paths.items()}, ()


def _by_shape(task: Task, option: str, paths: dict[str, Path]) -> tuple[Splits, Notes]:
    readers: dict[str, Callable[[Path], Dataset]] = {
        "mention": read_mentions,
        "similarity": read_similarity,
        "document": lambda path: read_documents(path, task.labels, option),
        "relation": lambda path: read_relations(path, task.labels),
        "question": lambda path: read_questions(path, task.labels),
    }
    return _by_split(readers[task.shape], paths)


_READERS: dict[str, Reader] = {
    "ebm-pico": lambda task, option, paths: read_pico(paths, task.labels),
    "gad": lambda task, option, paths: _by_split(
        lambda path: read_associations(path, task.labels), paths
    ),
    "pubmedqa": lambda task, option, paths: (read_pubmedqa(paths, task.labels), ()),
}
"""The tasks whose files are unlike those of their shape."""
