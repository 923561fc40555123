"""Named entity recognition: a tag for every word (NCBI-disease; Dogan et al. 2014, and others)."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

from workbench.tasks import metrics
from workbench.tasks.encoding import encode_words, first_pieces, flatten
from workbench.tasks.table import damaged, lines
from workbench.tasks.task import IGNORED, Encoded

TAGS = ("B", "I", "O")
BEGIN, INSIDE, OUTSIDE = range(len(TAGS))
DOCUMENT_START = "-DOCSTART-"


class Mention:
    """One of B, I, O for every word, scored over whole mentions; records hold words and tags.

    Predictions are indices into `TAGS`, ``int8 [words]``, every word of the records in order:
    words that the length limit cut off are predicted O, so no gold mention is dropped. The first
    word piece of a word carries its label. An I after an O opens a mention (see `metrics.spans`).
    """

    objective = "token"
    outputs = len(TAGS)

    def read(self, path: Path) -> Dataset:
        """Read a file of ``word<TAB>tag`` lines, a blank line after each sentence.

        Raises
        ------
        WorkbenchError
            When the file is damaged, a tag is unknown, or an I follows an O.
        """
        words: list[list[str]] = [[]]
        tags: list[list[int]] = [[]]
        for number, line in enumerate(lines(path), start=1):
            if not line or line.startswith(DOCUMENT_START):
                words.append([])
                tags.append([])
                continue
            word, tag = _word(path, number, line, tags[-1])
            words[-1].append(word)
            tags[-1].append(tag)
        return _sentences(path, words, tags)

    def encode(
        self, records: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> Encoded:
        """Encode the sentences; labels are ``int64 [tokens]``, set on first pieces only."""
        encoding = encode_words(tokenizer, list(records["words"]), max_length)
        token_ids, segments, offsets = flatten(encoding)
        firsts = first_pieces(encoding)
        labels = np.full(len(token_ids), IGNORED, np.int64)
        labels[firsts] = _tags(records)[_seen_words(records, firsts, offsets)]
        return Encoded(token_ids, segments, offsets, labels)

    def predict(self, records: Dataset, encoded: Encoded, outputs: np.ndarray) -> np.ndarray:
        """Return the likeliest tag of each word from outputs ``[tokens, 3]``."""
        firsts = encoded.labels != IGNORED
        predictions = np.full(len(_tags(records)), OUTSIDE, np.int8)
        seen = _seen_words(records, firsts, encoded.offsets)
        predictions[seen] = np.argmax(np.asarray(outputs)[firsts], axis=1)
        return predictions

    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Return ``entity_f1``, ``precision`` and ``recall`` by exact match of mentions."""
        gold = _spans(records, _tags(records))
        precision, recall, f1 = metrics.entity_f1(gold, _spans(records, predictions))
        return {"entity_f1": f1, "precision": precision, "recall": recall}

    def best_constant_score(self, records: Dataset) -> float:
        """Return the entity F1 of the best one tag for all words."""
        words = len(_tags(records))
        constants = [np.full(words, tag, np.int8) for tag in range(len(TAGS))]
        return max(self.score(records, constant)["entity_f1"] or 0.0 for constant in constants)

    def best_constant_loss(self, encoded: Encoded) -> float:
        """Return the entropy of the tags over labelled pieces, in nats."""
        labelled = encoded.labels[encoded.labels != IGNORED]
        return metrics.entropy(np.bincount(labelled, minlength=len(TAGS)))

    def units(self, records: Dataset) -> np.ndarray:
        """Every sentence is its own unit."""
        return np.arange(len(records), dtype=np.int64)

    def count(self, records: Dataset) -> int:
        """Count gold mentions."""
        return len(_spans(records, _tags(records))[0])


def _word(path: Path, number: int, line: str, before: list[int]) -> tuple[str, int]:
    """Return word and tag of a line, given the tags before it in its sentence."""
    word, *rest = line.split("\t")
    if len(rest) != 1 or not word.strip():
        raise damaged(path, number, f"{line!r} is not a word, a tab and a tag")
    if rest[0] not in TAGS:
        raise damaged(path, number, f"the tag {rest[0]!r} is not one of {', '.join(TAGS)}")
    tag = TAGS.index(rest[0])
    if tag == INSIDE and (not before or before[-1] == OUTSIDE):
        raise damaged(path, number, "the tag I continues a mention, but no B or I is before it")
    return word, tag


def _sentences(path: Path, words: list[list[str]], tags: list[list[int]]) -> Dataset:
    """Return the sentences that have words as records."""
    if not any(words):
        raise damaged(path, 1, "the file holds no sentence")
    return Dataset.from_dict(
        {"words": [line for line in words if line], "tags": [line for line in tags if line]}
    )


def _tags(records: Dataset) -> np.ndarray:
    """Return the gold tags of all words on one line, ``int8 [words]``."""
    return np.fromiter(chain.from_iterable(records["tags"]), np.int8)


def _word_counts(records: Dataset) -> np.ndarray:
    return np.fromiter(map(len, records["tags"]), np.int64)


def _seen_words(records: Dataset, firsts: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Mark the words that have a piece: in each sentence as many as it has first pieces."""
    totals = np.concatenate([[0], np.cumsum(firsts)])
    seen = np.diff(totals[offsets])
    counts = _word_counts(records)
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return place < np.repeat(seen, counts)


def _spans(records: Dataset, tags: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    counts = _word_counts(records)
    starts = np.zeros(len(tags), bool)
    starts[np.cumsum(counts) - counts] = True
    return metrics.spans(tags == BEGIN, tags == INSIDE, starts)
