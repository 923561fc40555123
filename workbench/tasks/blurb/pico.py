"""EBM PICO (Nye et al. 2018), with or without its training file."""

import hashlib
from pathlib import Path

import numpy as np
from datasets import Dataset

from workbench.errors import WorkbenchError
from workbench.tasks.blurb.words import read_words
from workbench.tasks.units import DOCUMENT, units

DEV_SHARE = 5
"""One document in so many is dev where dev stands in for train: the published files' share."""


def read_pico(
    paths: dict[str, Path], labels: tuple[str, ...]
) -> tuple[dict[str, Dataset], tuple[str, ...]]:
    """Read the splits, and say where they are not the published ones.

    Parameters
    ----------
    paths
        By file name; ``train.tsv`` may be missing.
    labels
        The tags of words.

    Returns
    -------
    tuple
        The records of each split, and sentences that results must carry.

    Raises
    ------
    WorkbenchError
        When a file is damaged or names no documents.
    """
    splits = {name.removesuffix(".tsv"): _read(path, labels) for name, path in paths.items()}
    if "train" in splits:
        return splits, ()
    train, dev = divide(splits["dev"])
    sizes = [len(np.unique(units(part))) for part in (train, dev)]
    note = (
        f"ebmnlp/train.tsv is not in the data folder, so {sizes[0]} of the {sum(sizes)} documents "
        f"of dev.tsv were trained on and the other {sizes[1]} are dev, and scores are not "
        "comparable with published ones."
    )
    return {"train": train, "dev": dev, "test": splits["test"]}, (note,)


def divide(records: Dataset) -> tuple[Dataset, Dataset]:
    """Divide records by document into training and dev ones, in their order.

    Documents are ordered by the SHA-256 of their id, and the first of every `DEV_SHARE` are dev, so
    that every machine divides alike and the order of the file plays no part.
    """
    documents = sorted(set(records[DOCUMENT][:]), key=_draw)
    dev = set(documents[: max(1, len(documents) // DEV_SHARE)])
    of_dev = np.array([document in dev for document in records[DOCUMENT][:]])
    return records.select(np.flatnonzero(~of_dev)), records.select(np.flatnonzero(of_dev))


def _draw(document: str) -> bytes:
    return hashlib.sha256(document.encode()).digest()


def _read(path: Path, labels: tuple[str, ...]) -> Dataset:
    records = read_words(path, labels)
    if DOCUMENT not in records.column_names:
        raise WorkbenchError(
            f"{path}: a sentence stands before the first line -DOCSTART- with a document's id; "
            "replace the file with the original"
        )
    return records
