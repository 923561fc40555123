"""Classification into one of several classes: of a text, or of a pair of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

from workbench.tasks import metrics
from workbench.tasks.draws import f1_on_draws, tally
from workbench.tasks.encoding import columns, encode_columns, flatten
from workbench.tasks.task import Encoded
from workbench.tasks.units import any_of_unit, clusters, rarest, units


class Classification:
    """One class for every record; records hold the texts and ``label``, an index into the classes.

    Predictions are indices into the classes, ``int8 [records]`` (``int16`` above 128 classes).
    Input is ``[CLS] text [SEP]``, or ``[CLS] first [SEP] second [SEP]``. F1, precision and recall
    are over the classes that are not negative: micro-averaged as BLURB scores relations (Gu et al.
    2020, arXiv:2007.15779), which for one such class is the F1 of the positive class.

    Parameters
    ----------
    labels
        Names of the classes, in their order.
    texts
        The columns that hold the one or two texts.
    negative
        Classes that F1 leaves out, such as "no relation".
    metric
        The primary one: ``micro_f1``, ``macro_f1`` or ``accuracy``.
    keep_first
        Whether a pair that is too long loses the end of its second text alone, as a context does
        and a question does not.
    """

    objective = "single-label"

    def __init__(
        self,
        labels: Sequence[str],
        texts: Sequence[str] = ("text",),
        negative: Sequence[str] = (),
        metric: str = "micro_f1",
        keep_first: bool = False,
    ):
        self.labels, self.texts = tuple(labels), tuple(texts)
        self.positive = [
            place for place, label in enumerate(self.labels) if label not in set(negative)
        ]
        self.metric, self.keep_first = metric, keep_first
        self.outputs = len(self.labels)

    def encode(
        self, records: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> Encoded:
        """Encode the texts; labels are the classes, ``int64 [records]``."""
        encoding = encode_columns(tokenizer, records, self.texts, max_length, self.keep_first)
        return Encoded(*flatten(encoding), labels=self.gold(records))

    def predict(self, records: Dataset, encoded: Encoded, outputs: np.ndarray) -> np.ndarray:
        """Return the likeliest class of each record from outputs ``[records, classes]``."""
        return np.argmax(np.asarray(outputs), axis=1).astype(np.min_scalar_type(-self.outputs))

    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Return micro and macro F1, accuracy, and micro precision and recall, `metric` first."""
        gold = self.gold(records)
        chosen = [metrics.one_hot(side, self.positive) for side in (gold, predictions)]
        precision, recall, micro = metrics.micro_f1(*chosen)
        scores: dict[str, float | None] = {
            "micro_f1": micro,
            "macro_f1": metrics.macro_f1(*chosen)[2],
            "accuracy": metrics.accuracy(gold, predictions),
            "precision": precision,
            "recall": recall,
        }
        return {self.metric: scores.pop(self.metric)} | scores

    def on_draws(self, records: Dataset, predictions: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Return the primary metric on draws of clusters; accuracy is micro F1 over every class."""
        classes = range(self.outputs) if self.metric == "accuracy" else self.positive
        gold = metrics.one_hot(self.gold(records), classes)
        counts = tally(gold, metrics.one_hot(predictions, classes), self.metric)
        return f1_on_draws(counts, clusters(records), draws)

    def best_constant_score(self, records: Dataset) -> float:
        """Return the primary metric of the best one class for all records."""
        constants = [np.full(len(records), place) for place in range(self.outputs)]
        return max(self.score(records, constant)[self.metric] or 0.0 for constant in constants)

    def best_constant_loss(self, encoded: Encoded) -> float:
        """Return the entropy of the classes, in nats."""
        return metrics.entropy(np.bincount(encoded.labels, minlength=self.outputs))

    def units(self, records: Dataset) -> np.ndarray:
        """Return the document of each record where it names one; else it is its own unit."""
        return units(records)

    def strata(self, records: Dataset) -> np.ndarray:
        """Return the class of each unit; the rarest one where a document holds several."""
        return rarest(
            any_of_unit(records, metrics.one_hot(self.gold(records), range(self.outputs)))
        )

    def inputs(self, records: Dataset) -> list[tuple[str, ...]]:
        """Return the one or two texts of each record."""
        return columns(records, self.texts)

    def gold(self, records: Dataset) -> np.ndarray:
        """Return the class of each record, ``int64 [records]``."""
        return np.asarray(records["label"][:], np.int64)

    def count(self, records: Dataset) -> int:
        """Count records."""
        return len(records)
