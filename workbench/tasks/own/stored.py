"""Rows of a `datasets` dataset: a folder that save_to_disk wrote, or a repository of the hub.

datasets 4 and later run no loading script, so that no dataset can run code. Values of a ClassLabel
become the names they stand for.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import datasets
from datasets import ClassLabel, Dataset, DatasetDict
from datasets.config import HF_DATASETS_CACHE

from workbench.errors import WorkbenchError
from workbench.tasks.own.description import HUB
from workbench.tasks.own.lines import Place
from workbench.tasks.own.tables import Row
from workbench.tasks.task import SPLITS

NAMES = {"train": ("train",), "dev": ("dev", "validation", "valid", "val"), "test": ("test",)}
"""What the splits of a dataset may be called."""


def open_dataset(source: Path | str) -> dict[str, Dataset]:
    """Open a dataset; one that has no splits is train.

    Parameters
    ----------
    source
        A folder, or ``hub:owner/name`` with an optional ``@revision``.

    Raises
    ------
    WorkbenchError
        When it cannot be opened, or has no train.
    """
    found = _from_hub(source) if isinstance(source, str) else _from_folder(source)
    if isinstance(found, Dataset):
        return {"train": found}
    splits = {split: found[name] for split in SPLITS for name in NAMES[split] if name in set(found)}
    if "train" not in splits:
        raise WorkbenchError(f"the dataset {source} has no split 'train': save it with one")
    return splits


def one_of(source: Path | str, splits: Mapping[str, Dataset], split: str) -> Dataset:
    """Return the split of a dataset that is given for one split: that one, or all there is.

    Raises
    ------
    WorkbenchError
        When the dataset has several splits, but not that one.
    """
    if len(splits) > 1 and split not in splits:
        raise WorkbenchError(
            f"the dataset {source} has no split {split!r}: name one that has it, or leave {split} "
            "out of data"
        )
    return splits.get(split, splits["train"])


def is_cached(source: str) -> bool:
    """Tell whether a dataset of the hub was downloaded before, whatever its revision."""
    name = source.removeprefix(HUB).partition("@")[0]
    return Path(HF_DATASETS_CACHE, name.replace("/", "___")).is_dir()


def rows(source: Path | str, split: str, records: Dataset) -> Iterator[Row]:
    """Yield the rows of one split of a dataset."""
    names = {column: _naming(feature) for column, feature in records.features.items()}
    for number, record in enumerate(records, start=1):
        place = Place(f"{source}, {split}", "row", number)
        yield place, {column: names[column](value) for column, value in record.items()}


def _from_folder(folder: Path) -> Dataset | DatasetDict:
    try:
        return datasets.load_from_disk(str(folder))
    except Exception as problem:
        raise WorkbenchError(
            f"the folder {folder} holds no dataset that can be opened ({type(problem).__name__}): "
            "write it with save_to_disk"
        ) from None


def _from_hub(source: str) -> Any:
    name, _, revision = source.removeprefix(HUB).partition("@")
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        raise WorkbenchError(f"{source!r} names no dataset of the hub: write hub:owner/name")
    try:
        return datasets.load_dataset(name, revision=revision or None)
    except Exception as problem:
        raise WorkbenchError(
            f"the dataset {name} cannot be loaded from the hub ({type(problem).__name__}): check "
            "its name and the network, or save it to a folder with save_to_disk"
        ) from None


def _naming(feature: Any) -> Callable[[Any], Any]:
    """Return what turns a value into names: of classes, or of each class in a list."""
    if isinstance(feature, ClassLabel):
        # What has no label is -1.
        return lambda value: feature.names[value] if value in range(feature.num_classes) else None
    inner = getattr(feature, "feature", None)
    if isinstance(inner, ClassLabel):
        name = _naming(inner)
        return lambda values: values and [name(value) for value in values]
    return lambda value: value
