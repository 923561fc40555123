"""What a task's data are like: counts, labels, repeats, lengths, and how its words are cut.

Pure functions from a loaded task to tables of numbers: no text of a record is in any of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.tasks.loading import LoadedTask
from workbench.tasks.pieces import (
    Advance,
    Inputs,
    Pieces,
    fragmentation,
    length_row,
    lengths,
    word_counts,
)
from workbench.tasks.task import SPLITS

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BINS = 4
"""Equal parts that the range of scores is divided into, to count numbers as labels are counted."""
NO_LABEL = "(none)"
"""Stands for the documents that carry no label."""


@dataclass(frozen=True)
class Check:
    """All that is known of a task's data.

    Attributes
    ----------
    name, title, unit
        Of the task; ``unit`` is what its counts count.
    labelled
        What carries the labels: ``records``, ``documents`` or ``words``.
    counts, labels, repeats
        See the functions of these names.
    pieces
        One a tokenizer.
    notes
        Sentences that results on these data carry.
    """

    name: str
    title: str
    unit: str
    labelled: str
    counts: pd.DataFrame
    labels: pd.DataFrame
    repeats: pd.DataFrame
    pieces: tuple[Pieces, ...]
    notes: tuple[str, ...]

    @property
    def lengths(self) -> pd.DataFrame:
        """One row a model and split: see `length_row`."""
        rows = [
            {"model": one.model, "split": split, **length_row(one.lengths[split], one.limit)}
            for one in self.pieces
            for split in SPLITS
        ]
        return pd.DataFrame(rows)

    @property
    def fragmentation(self) -> pd.DataFrame:
        """One row a model: see `fragmentation`."""
        return pd.DataFrame([{"model": one.model, **one.fragmentation} for one in self.pieces])

    def tidy(self) -> pd.DataFrame:
        """Return every number in one table: ``task table model split label measure value``."""
        keys = ["model", "split", "label"]
        tables = ("counts", "labels", "repeats", "lengths", "fragmentation")
        long = [
            table.melt([key for key in keys if key in table], var_name="measure").assign(table=name)
            for name in tables
            if not (table := getattr(self, name)).empty
        ]
        found = pd.concat(long).assign(task=self.name)
        return found.reindex(columns=["task", "table", *keys, "measure", "value"])


def check(
    loaded: LoadedTask,
    tokenizers: Mapping[str, tuple[PreTrainedTokenizerBase, int]],
    begin: Callable[[int], Advance] = lambda total: lambda done: None,
) -> Check:
    """Look at all of a task's data.

    Parameters
    ----------
    loaded
        The task.
    tokenizers
        A fast tokenizer and the longest input of its model, by the model's name.
    begin
        Given the number of records and distinct words that will be cut into pieces, it returns what
        is told of progress.
    """
    inputs = inputs_of(loaded)
    words = word_counts(inputs, divided=loaded.shape.objective == "token")
    advance = begin(len(tokenizers) * (sum(map(len, inputs.values())) + len(words)))
    pieces = tuple(
        Pieces(
            model,
            min(loaded.task.max_length, longest),
            {split: lengths(loaded, split, tokenizer, advance) for split in SPLITS},
            fragmentation(words, tokenizer, advance),
        )
        for model, (tokenizer, longest) in tokenizers.items()
    )
    facts = loaded.name, loaded.task.title, loaded.task.unit, _labelled(loaded)
    tables = counts(loaded), labels(loaded), repeats(inputs)
    return Check(*facts, *tables, pieces, loaded.notes)


def _labelled(loaded: LoadedTask) -> str:
    objective, units = loaded.shape.objective, loaded.shape.units(loaded.splits["train"])
    documents = objective == "multi-label" and units.max() + 1 < len(units)
    return "words" if objective == "token" else "documents" if documents else "records"


def inputs_of(loaded: LoadedTask) -> Inputs:
    """Return what the records of each split are read from."""
    return {split: loaded.shape.inputs(loaded.splits[split]) for split in SPLITS}


def counts(loaded: LoadedTask) -> pd.DataFrame:
    """Count each split.

    Returns
    -------
    pandas.DataFrame
        ``split``; ``records``; ``units`` (documents where there are any, else records);
        ``counted``, which counts what the benchmark counts, and ``published``, what it says there
        are (missing for a task that is not published); ``differs``, whether the two do.
    """
    return pd.DataFrame([_count(loaded, *pair) for pair in enumerate(SPLITS)]).astype(
        {"published": "Int64", "differs": bool}
    )


def _count(loaded: LoadedTask, place: int, split: str) -> dict[str, Any]:
    records = loaded.splits[split]
    counted, published = loaded.shape.count(records), loaded.task.counts[place] or None
    return {
        "split": split,
        "records": len(records),
        "units": len(np.unique(loaded.shape.units(records))),
        "counted": counted,
        "published": published,
        "differs": published is not None and published != counted,
    }


def labels(loaded: LoadedTask) -> pd.DataFrame:
    """Count each label in each split.

    Returns
    -------
    pandas.DataFrame
        ``split label count share``. Of one label for each record, records are counted; of several,
        documents, and those without any; of labels of words, words; of numbers, the records in each
        quarter of the range that they have in all splits together.
    """
    gold = {split: loaded.shape.gold(loaded.splits[split]) for split in SPLITS}
    tables = _numbers(gold) if loaded.shape.objective == "regression" else _named(gold, loaded.task)
    return pd.DataFrame(
        [
            {"split": split, "label": label, "count": count, "share": count / max(1, len(of))}
            for (split, of), table in zip(gold.items(), tables, strict=True)
            for label, count in table.items()
        ]
    )


def _named(gold: dict[str, np.ndarray], task: Any) -> Iterator[dict[str, int]]:
    """Yield the counts of the labels for each split."""
    for values in gold.values():
        if values.ndim == 1:
            found = np.bincount(values, minlength=len(task.labels)).tolist()
            yield dict(zip(task.labels, found, strict=True))
            continue
        none = int((~values.any(axis=1)).sum())
        yield dict(zip(task.labels, values.sum(axis=0).tolist(), strict=True)) | {NO_LABEL: none}


def _numbers(gold: dict[str, np.ndarray]) -> Iterator[dict[str, int]]:
    """Yield the counts of numbers in equal parts of their range for each split."""
    edges = np.histogram_bin_edges(np.concatenate(list(gold.values())), BINS)
    names = [f"{low} to {high}" for low, high in pairwise(_told_apart(edges))]
    for values in gold.values():
        yield dict(zip(names, np.histogram(values, edges)[0].tolist(), strict=True))


def _told_apart(edges: np.ndarray) -> list[str]:
    """Write numbers with as few digits as tell them apart, three at least."""
    written: list[str] = []
    for digits in range(3, 18):
        written = [f"{edge:.{digits}g}" for edge in edges]
        if len(set(written)) == len(edges):
            break
    return written


def repeats(inputs: Inputs) -> pd.DataFrame:
    """Count the records whose text stands in the training set already, to the letter.

    Parameters
    ----------
    inputs
        From `inputs_of`.

    Returns
    -------
    pandas.DataFrame
        ``split``; ``repeated``, records that repeat a training record (in train: an earlier one);
        ``distinct``, different texts among them; ``share`` of the split.
    """
    known = Counter(inputs["train"])
    return pd.DataFrame(
        [_repeated(split, found, known) for split, found in inputs.items()],
        columns=["split", "repeated", "distinct", "share"],
    )


def _repeated(split: str, found: list[tuple[str, ...]], known: Counter) -> dict[str, Any]:
    if split == "train":
        again = {text: count - 1 for text, count in known.items() if count > 1}
    else:
        again = {text: count for text, count in Counter(found).items() if text in known}
    total = sum(again.values())
    row = {"repeated": total, "distinct": len(again), "share": total / max(1, len(found))}
    return {"split": split} | row
