"""Regression: a number for a text or for a pair of texts, such as how similar two sentences are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

from workbench.tasks import metrics
from workbench.tasks.draws import scored_anew
from workbench.tasks.encoding import columns, encode_columns, flatten
from workbench.tasks.task import Encoded
from workbench.tasks.units import clusters, units

SENTENCES = ("sentence1", "sentence2")
"""The columns of a pair of sentences."""

_CORRELATIONS = {"pearson": metrics.pearson, "spearman": metrics.spearman}


class Regression:
    """A number for every record, by squared error; records hold the texts and ``score``.

    Predictions are ``float32 [records]``. Input is ``[CLS] text [SEP]``, or
    ``[CLS] first [SEP] second [SEP]``.

    Parameters
    ----------
    texts
        The columns that hold the one or two texts.
    bounds
        The lowest and the highest score there is; None where nothing is known.
    metric
        The primary one: ``pearson`` or ``spearman``.
    """

    objective = "regression"
    outputs = 1
    keep_first = False

    def __init__(
        self,
        texts: Sequence[str] = SENTENCES,
        bounds: tuple[float, float] | None = None,
        metric: str = "pearson",
    ):
        self.texts, self.bounds, self.metric = tuple(texts), bounds, metric

    def encode(
        self, records: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> Encoded:
        """Encode the texts; labels are the scores, ``float32 [records]``."""
        pieces = flatten(encode_columns(tokenizer, records, self.texts, max_length))
        return Encoded(*pieces, labels=self.gold(records).astype(np.float32))

    def predict(self, records: Dataset, encoded: Encoded, outputs: np.ndarray) -> np.ndarray:
        """Return the outputs ``[records, 1]`` as ``float32 [records]``."""
        return np.asarray(outputs, np.float32).reshape(len(records))

    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Return ``pearson`` and ``spearman``, `metric` first; None for constant predictions."""
        gold = self.gold(records)
        scores = {name: score(gold, predictions) for name, score in _CORRELATIONS.items()}
        return {self.metric: scores.pop(self.metric)} | scores

    def on_draws(self, records: Dataset, predictions: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Return the primary metric on draws of clusters."""
        score = _CORRELATIONS[self.metric]
        return scored_anew(score, self.gold(records), predictions, clusters(records), draws)

    def best_constant_score(self, records: Dataset) -> None:
        """Return None: a constant has no correlation."""
        return None

    def best_constant_loss(self, encoded: Encoded) -> float:
        """Return the variance of the labels, the squared error of predicting their mean."""
        return float(np.var(encoded.labels, dtype=np.float64))

    def units(self, records: Dataset) -> np.ndarray:
        """Return the document of each record where it names one; else it is its own unit."""
        return units(records)

    def strata(self, records: Dataset) -> None:
        """Return None: a number is no class."""
        return None

    def inputs(self, records: Dataset) -> list[tuple[str, ...]]:
        """Return the one or two texts of each record."""
        return columns(records, self.texts)

    def gold(self, records: Dataset) -> np.ndarray:
        """Return the scores, ``float64 [records]``."""
        return np.asarray(records["score"][:], np.float64)

    def count(self, records: Dataset) -> int:
        """Count records."""
        return len(records)
