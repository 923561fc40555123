"""Sentence similarity: two sentences in, one score out (BIOSSES; Sogancioglu et al. 2017)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

from workbench.tasks import metrics
from workbench.tasks.encoding import encode_texts, flatten
from workbench.tasks.table import damaged, rows
from workbench.tasks.task import Encoded

HEADER = ("pair_id", "sent1", "sent2", "score")
LOWEST, HIGHEST = 0.0, 4.0


class Similarity:
    """Regression on sentence pairs, by squared error; records hold sentence1, sentence2, score.

    Predictions are ``float32 [pairs]``. Input is ``[CLS] sentence1 [SEP] sentence2 [SEP]``.
    """

    objective = "regression"
    outputs = 1

    def read(self, path: Path) -> Dataset:
        """Read a file with the header ``pair_id sent1 sent2 score``.

        Raises
        ------
        WorkbenchError
            When the file is damaged or a score is not a number from 0 to 4.
        """
        records: dict[str, list] = {"sentence1": [], "sentence2": [], "score": []}
        for number, (_, first, second, score) in rows(path, HEADER):
            records["sentence1"].append(first)
            records["sentence2"].append(second)
            records["score"].append(_number(path, number, score))
        return Dataset.from_dict(records)

    def encode(
        self, records: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> Encoded:
        """Encode the pairs; labels are the scores, ``float32 [pairs]``."""
        first, second = list(records["sentence1"]), list(records["sentence2"])
        pieces = flatten(encode_texts(tokenizer, first, max_length, second))
        return Encoded(*pieces, labels=np.asarray(records["score"], np.float32))

    def predict(self, records: Dataset, encoded: Encoded, outputs: np.ndarray) -> np.ndarray:
        """Return the outputs ``[pairs, 1]`` as ``float32 [pairs]``."""
        return np.asarray(outputs, np.float32).reshape(len(records))

    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Return ``pearson`` and ``spearman``; None for constant predictions."""
        gold = np.asarray(records["score"], np.float64)
        return {
            "pearson": metrics.pearson(gold, predictions),
            "spearman": metrics.spearman(gold, predictions),
        }

    def best_constant_score(self, records: Dataset) -> None:
        """Return None: a constant has no correlation."""
        return None

    def best_constant_loss(self, encoded: Encoded) -> float:
        """Return the variance of the labels, the squared error of predicting their mean."""
        return float(np.var(encoded.labels, dtype=np.float64))

    def units(self, records: Dataset) -> np.ndarray:
        """Every pair is its own unit."""
        return np.arange(len(records), dtype=np.int64)

    def count(self, records: Dataset) -> int:
        """Count sentence pairs."""
        return len(records)


def _number(path: Path, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise damaged(path, line, f"the score {text!r} is not a number") from error
    if not LOWEST <= value <= HIGHEST:
        raise damaged(path, line, f"the score {text} is not between 0 and 4")
    return value
