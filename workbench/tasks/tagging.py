"""A label for every word: encoding and predicting it, and scoring it word by word."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

from workbench.tasks import metrics
from workbench.tasks.draws import f1_on_draws, tally
from workbench.tasks.encoding import encode_words, first_pieces, flatten
from workbench.tasks.task import IGNORED, Encoded
from workbench.tasks.units import any_of_unit, clusters, units

OUTSIDE_LABEL = "O"

Spans = tuple[np.ndarray, np.ndarray, np.ndarray]
"""First word, the word after the last, and the number of the type: ``int64 [mentions]`` each."""


class Tagging(ABC):
    """One label for every word; records hold ``words`` and ``tags``, indices into the labels.

    Predictions are indices into the labels, ``int8 [words]`` (``int16`` above 128 labels), every
    word of the records in order: words that the length limit cut off are predicted outside, so no
    gold mention is dropped. The first word piece of a word carries its label.

    Parameters
    ----------
    labels
        What a word can be labelled as, in their order.
    outside
        The label of words that belong to nothing.
    """

    objective = "token"
    keep_first = False
    metric: str
    kinds: tuple[str, ...]
    """Names of the types of mentions; an empty name where there is one type without a name."""

    def __init__(self, labels: Sequence[str], outside: str = OUTSIDE_LABEL):
        self.labels = tuple(labels)
        self.outside = self.labels.index(outside)
        self.outputs = len(self.labels)

    @abstractmethod
    def spans(self, tags: np.ndarray, starts: np.ndarray) -> Spans:
        """Return the mentions in a line of words.

        Parameters
        ----------
        tags
            ``[words]``.
        starts
            ``bool [words]``: the word is the first of its sentence.
        """

    @abstractmethod
    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Score the labels of all words of the records."""

    @abstractmethod
    def on_draws(self, records: Dataset, predictions: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Return the primary metric on draws of clusters."""

    @abstractmethod
    def count(self, records: Dataset) -> int:
        """Count what benchmark tables count."""

    def encode(
        self, records: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> Encoded:
        """Encode the sentences; labels are ``int64 [tokens]``, set on first pieces only."""
        encoding = encode_words(tokenizer, records["words"][:], max_length)
        token_ids, segments, offsets = flatten(encoding)
        firsts = first_pieces(encoding)
        labels = np.full(len(token_ids), IGNORED, np.int64)
        labels[firsts] = self.gold(records)[_seen_words(records, firsts, offsets)]
        return Encoded(token_ids, segments, offsets, labels)

    def predict(self, records: Dataset, encoded: Encoded, outputs: np.ndarray) -> np.ndarray:
        """Return the likeliest label of each word from outputs ``[tokens, labels]``."""
        firsts = encoded.labels != IGNORED
        predictions = np.full(len(self.gold(records)), self.outside, self._index)
        seen = _seen_words(records, firsts, encoded.offsets)
        predictions[seen] = np.argmax(np.asarray(outputs)[firsts], axis=1)
        return predictions

    def best_constant_score(self, records: Dataset) -> float:
        """Return the primary metric of the best one label for all words."""
        words = len(self.gold(records))
        constants = [np.full(words, tag, self._index) for tag in range(self.outputs)]
        return max(self.score(records, constant)[self.metric] or 0.0 for constant in constants)

    def best_constant_loss(self, encoded: Encoded) -> float:
        """Return the entropy of the labels over labelled pieces, in nats."""
        labelled = encoded.labels[encoded.labels != IGNORED]
        return metrics.entropy(np.bincount(labelled, minlength=self.outputs))

    def units(self, records: Dataset) -> np.ndarray:
        """Return the document of each sentence where it names one; else it is its own unit."""
        return units(records)

    def strata(self, records: Dataset) -> np.ndarray:
        """Return 1 for each unit in which a word is not outside, 0 for the others."""
        mentioned = [any(tag != self.outside for tag in tags) for tags in records["tags"][:]]
        return any_of_unit(records, np.array(mentioned)[:, None])[:, 0].astype(np.int64)

    def inputs(self, records: Dataset) -> list[tuple[str, ...]]:
        """Return the words of each sentence."""
        return [tuple(words) for words in records["words"][:]]

    def gold(self, records: Dataset) -> np.ndarray:
        """Return the labels of all words on one line, ``[words]``."""
        return np.fromiter(chain.from_iterable(records["tags"][:]), self._index)

    @property
    def _index(self) -> np.dtype:
        return np.min_scalar_type(-self.outputs)


class Words(Tagging):
    """Labels that are scored word by word: macro-averaged F1 over every label but outside.

    Labels have no B or I (or only I, as EBM PICO; Nye et al. 2018), so mentions that touch cannot
    be told apart; words that follow each other with one label are shown as one mention.

    Parameters
    ----------
    labels, outside
        As for `Tagging`; what stands after ``I-`` in a label is its type.
    metric
        The primary one: ``macro_f1`` or ``micro_f1``.
    """

    def __init__(
        self, labels: Sequence[str], outside: str = OUTSIDE_LABEL, metric: str = "macro_f1"
    ):
        super().__init__(labels, outside)
        self.kinds = tuple(label.removeprefix("I-") for label in self.labels)
        self.metric = metric

    def spans(self, tags: np.ndarray, starts: np.ndarray) -> Spans:
        tags = np.asarray(tags)
        return metrics.spans(np.zeros(len(tags), bool), tags != self.outside, starts, tags)

    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Return the primary metric with its precision and recall, over every label but outside."""
        average = metrics.macro_f1 if self.metric == "macro_f1" else metrics.micro_f1
        precision, recall, f1 = average(*self._sides(records, predictions))
        return {self.metric: f1, "precision": precision, "recall": recall}

    def on_draws(self, records: Dataset, predictions: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Return the primary metric on draws of clusters."""
        counts = tally(*self._sides(records, predictions), self.metric)
        return f1_on_draws(counts, clusters_of_words(records), draws)

    def _sides(self, records: Dataset, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tell which label but outside each word has, gold and predicted."""
        chosen = [tag for tag in range(self.outputs) if tag != self.outside]
        gold = metrics.one_hot(self.gold(records), chosen)
        return gold, metrics.one_hot(predictions, chosen)

    def count(self, records: Dataset) -> int:
        """Count words whose gold label is not outside."""
        return int((self.gold(records) != self.outside).sum())


def sentence_starts(records: Dataset) -> np.ndarray:
    """Mark the first word of each sentence, ``bool [words]``."""
    counts = _word_counts(records)
    starts = np.zeros(counts.sum(), bool)
    starts[np.cumsum(counts) - counts] = True
    return starts


def clusters_of_words(records: Dataset) -> np.ndarray:
    """Return the cluster that each word belongs to, ``int64 [words]``."""
    return np.repeat(clusters(records), _word_counts(records))


def _word_counts(records: Dataset) -> np.ndarray:
    return np.fromiter(map(len, records["tags"][:]), np.int64)


def _seen_words(records: Dataset, firsts: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Mark the words that have a piece: in each sentence as many as it has first pieces."""
    totals = np.concatenate([[0], np.cumsum(firsts)])
    seen = np.diff(totals[offsets])
    counts = _word_counts(records)
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return place < np.repeat(seen, counts)
