"""Multi-label classification, of documents whose records are sentences or of single texts."""

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
from workbench.tasks.units import DOCUMENT, any_of_unit, rarest, units


class Document:
    """Multi-label classification scored over documents; records hold the texts and ``labels``.

    ``labels`` is a list of 0 or 1, one a label. Records that hold a ``document`` too are its
    sentences, as Gu et al. 2020 (arXiv:2007.15779) classify them; without that column each record
    is a document of its own, as LinkBERT (Yasunaga et al. 2022, arXiv:2203.15827) reads whole
    abstracts. Either way predictions are 0 or 1, ``uint8 [documents, labels]``, documents in the
    order of their first record: a document has a label when one of its records has it.

    Parameters
    ----------
    labels
        Names of the labels, in their order.
    texts
        The columns that hold the one or two texts.
    metric
        The primary one: ``micro_f1`` or ``macro_f1``.
    """

    objective = "multi-label"
    keep_first = False

    def __init__(
        self, labels: Sequence[str], texts: Sequence[str] = ("text",), metric: str = "micro_f1"
    ):
        self.labels, self.texts, self.metric = tuple(labels), tuple(texts), metric
        self.outputs = len(self.labels)

    def join(self, sentences: Dataset) -> Dataset:
        """Return one record a document: texts joined by a space, labels by OR."""
        if DOCUMENT not in sentences.column_names:
            return sentences
        joined: dict[str, list] = {
            name: _joined(sentences[name][:], sentences[DOCUMENT][:]) for name in self.texts
        }
        joined["labels"] = self.gold(sentences).tolist()
        return Dataset.from_dict(joined | {DOCUMENT: list(dict.fromkeys(sentences[DOCUMENT][:]))})

    def encode(
        self, records: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> Encoded:
        """Encode the texts; labels are ``float32 [records, labels]``."""
        pieces = flatten(encode_columns(tokenizer, records, self.texts, max_length))
        return Encoded(*pieces, labels=self._matrix(records).astype(np.float32))

    def predict(self, records: Dataset, encoded: Encoded, outputs: np.ndarray) -> np.ndarray:
        """Return the labels whose output (logit) is above 0 in any record of a document."""
        return any_of_unit(records, np.asarray(outputs) > 0)

    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Return the primary metric, precision and recall over documents and labels."""
        average = metrics.macro_f1 if self.metric == "macro_f1" else metrics.micro_f1
        precision, recall, f1 = average(self.gold(records), predictions)
        return {self.metric: f1, "precision": precision, "recall": recall}

    def on_draws(self, records: Dataset, predictions: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Return the primary metric on draws of documents."""
        counts = tally(self.gold(records), predictions, self.metric)
        return f1_on_draws(counts, np.arange(len(counts)), draws)

    def best_constant_score(self, records: Dataset) -> float:
        """Return the primary metric of the best one set of labels for all documents."""
        gold = self.gold(records)
        if self.metric == "macro_f1":
            # A class is best served by being predicted always.
            return metrics.macro_f1(gold, np.ones_like(gold))[2]
        return metrics.best_constant_micro_f1(gold)

    def best_constant_loss(self, encoded: Encoded) -> float:
        """Return the mean over labels of the entropy of their marginals, in nats."""
        counts = encoded.labels.sum(axis=0, dtype=np.float64).tolist()
        pairs = [np.array([count, len(encoded) - count]) for count in counts]
        return float(np.mean([metrics.entropy(pair) for pair in pairs]))

    def units(self, records: Dataset) -> np.ndarray:
        """Return the document of each record, numbered by first appearance."""
        return units(records)

    def strata(self, records: Dataset) -> np.ndarray:
        """Return the rarest label of each document; the number of labels where it has none."""
        return rarest(self.gold(records))

    def inputs(self, records: Dataset) -> list[tuple[str, ...]]:
        """Return the one or two texts of each record."""
        return columns(records, self.texts)

    def gold(self, records: Dataset) -> np.ndarray:
        """Return the labels of each document, ``uint8 [documents, labels]``."""
        return any_of_unit(records, self._matrix(records))

    def count(self, records: Dataset) -> int:
        """Count documents."""
        return len(np.unique(units(records)))

    def _matrix(self, records: Dataset) -> np.ndarray:
        return np.asarray(records["labels"][:], bool).reshape(len(records), self.outputs)


def _joined(texts: Sequence[str], documents: Sequence[str]) -> list[str]:
    joined: dict[str, list[str]] = {}
    for text, document in zip(texts, documents, strict=True):
        joined.setdefault(document, []).append(text)
    return [" ".join(parts) for parts in joined.values()]
