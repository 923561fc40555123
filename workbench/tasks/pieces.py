"""How a tokenizer cuts a task's text: lengths in word pieces, and the fragmentation of words.

Pure functions to numbers: no text of a record is in any of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from datasets import Dataset

from workbench.tasks.encoding import UNCUT, encode_words
from workbench.tasks.loading import LoadedTask

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

CHUNK = 500
"""Records, or words, that are cut into pieces between two reports of progress."""
AROUND = ".,;:!?()[]{}\"'"
"""What is no part of a word at its ends, where a text is not divided into words."""

Inputs = dict[str, list[tuple[str, ...]]]
"""The texts, or the words, of each record by split: see `workbench.tasks.task.Shape.inputs`."""
Advance = Callable[[int], Any]
"""Told how many more records or distinct words are cut into pieces."""


@dataclass(frozen=True)
class Pieces:
    """How one tokenizer cuts a task's text.

    Attributes
    ----------
    model
        Whose tokenizer it is.
    limit
        Pieces that an input is cut to: the task's length, or the model's where that is shorter.
    lengths
        Pieces of each record before it is cut, special ones included, ``int64 [records]`` by split.
    fragmentation
        See `fragmentation`.
    """

    model: str
    limit: int
    lengths: dict[str, np.ndarray]
    fragmentation: dict[str, float]


def lengths(
    loaded: LoadedTask,
    split: str,
    tokenizer: PreTrainedTokenizerBase,
    advance: Advance = lambda done: None,
) -> np.ndarray:
    """Return the word pieces of each record as the engine encodes it, uncut, ``int64 [records]``.

    Parameters
    ----------
    loaded, split
        Whose records.
    tokenizer
        A fast one; special pieces are counted.
    advance
        Told of records that are done.
    """
    found = []
    for part in _parts(loaded.splits[split]):
        found.append(loaded.shape.encode(part, tokenizer, UNCUT).lengths)
        advance(len(part))
    return np.concatenate(found)


def _parts(records: Dataset) -> Iterator[Dataset]:
    for first in range(0, len(records), CHUNK):
        yield records.select(range(first, min(first + CHUNK, len(records))))


def length_row(lengths: np.ndarray, limit: int) -> dict[str, float]:
    """Summarise lengths: quantiles, and how many records a limit cuts.

    Parameters
    ----------
    lengths
        Pieces of each record, ``int64 [records]``.
    limit
        Pieces that are kept.

    Returns
    -------
    dict
        ``median``, ``90%``, ``99%`` (the smallest length that this share of records does not
        exceed), ``longest``, ``limit``, ``cut`` (records) and ``share`` of records cut.
    """
    quantiles = np.quantile(lengths, [0.5, 0.9, 0.99], method="inverted_cdf").tolist()
    cut = int((lengths > limit).sum())
    return {
        **dict(zip(("median", "90%", "99%"), map(int, quantiles), strict=True)),
        "longest": int(lengths.max()),
        "limit": limit,
        "cut": cut,
        "share": cut / len(lengths),
    }


def word_counts(inputs: Inputs, divided: bool) -> Counter[str]:
    """Count the words of all splits.

    Parameters
    ----------
    inputs
        From `inputs_of`.
    divided
        Whether they are words already. In a text, a word is what stands between spaces, without the
        marks at its ends (`AROUND`).
    """
    records = chain.from_iterable(inputs.values())
    parts = chain.from_iterable(records)
    return Counter(parts if divided else chain.from_iterable(map(_words, parts)))


def _words(text: str) -> Iterator[str]:
    return (word for part in text.split() if (word := part.strip(AROUND)))


def fragmentation(
    words: Mapping[str, int],
    tokenizer: PreTrainedTokenizerBase,
    advance: Advance = lambda done: None,
) -> dict[str, float]:
    """Say how a tokenizer cuts words, each as often as it occurs.

    Parameters
    ----------
    words
        How often each occurs.
    tokenizer
        A fast one.
    advance
        Told of distinct words that are done.

    Returns
    -------
    dict
        ``words``, ``distinct`` words, ``pieces per word``, and the shares of words that are
        ``split`` into two or more pieces and that hold an ``unknown`` piece.
    """
    pieces, unknown = _pieces(list(words), tokenizer, advance)
    weights = np.fromiter(words.values(), np.int64, len(words))
    total = int(weights.sum())
    shared = max(1, total)  # Texts may be of marks alone.
    return {
        "words": total,
        "distinct": len(words),
        "pieces per word": float(weights @ pieces) / shared,
        "split": float(weights @ (pieces > 1)) / shared,
        "unknown": float(weights @ unknown) / shared,
    }


def _pieces(
    words: list[str], tokenizer: PreTrainedTokenizerBase, advance: Advance
) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of pieces of each word, and whether one is unknown, ``[words]`` each."""
    counts, unknown = np.zeros(len(words), np.int64), np.zeros(len(words), bool)
    unknown_piece = tokenizer.unk_token_id
    for first in range(0, len(words), CHUNK):
        encoding = encode_words(tokenizer, [words[first : first + CHUNK]], UNCUT)
        for word, piece in zip(encoding.word_ids(0), encoding["input_ids"][0], strict=True):
            if word is not None:
                counts[first + word] += 1
                unknown[first + word] |= piece == unknown_piece
        advance(min(CHUNK, len(words) - first))
    return counts, unknown
