"""Document classification, several labels a document (Hallmarks of Cancer; Baker et al. 2016)."""

from __future__ import annotations

import re
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

HEADER = ("labels", "sentence", "index")


class Document:
    """Multi-label classification scored over documents; records hold text, labels, document.

    A record is a sentence, as Gu et al. 2020 (arXiv:2007.15779) classify them, or a whole
    abstract, as LinkBERT (Yasunaga et al. 2022, arXiv:2203.15827) does. Either way predictions
    are 0 or 1, ``uint8 [documents, labels]``, documents in the order of their first record: a
    document has a label when one of its records has it. Input is ``[CLS] text [SEP]``.

    Parameters
    ----------
    labels
        Names of the labels, in their order.
    abstracts
        Whether `read` joins the sentences of a document into one record.
    """

    objective = "multi-label"

    def __init__(self, labels: tuple[str, ...], abstracts: bool = False):
        self.labels = labels
        self.abstracts = abstracts
        self.outputs = len(labels)

    def read(self, path: Path) -> Dataset:
        """Read a file with the header ``labels sentence index``.

        Raises
        ------
        WorkbenchError
            When the file is damaged, or a row's labels or index are not of the known form.
        """
        records: dict[str, list] = {"text": [], "labels": [], "document": []}
        for number, (labels, sentence, index) in rows(path, HEADER):
            records["text"].append(sentence)
            records["labels"].append(self._labels(path, number, labels))
            records["document"].append(_document(path, number, index))
        sentences = Dataset.from_dict(records)
        return self.join(sentences) if self.abstracts else sentences

    def join(self, sentences: Dataset) -> Dataset:
        """Return one record a document: texts joined by a space, labels by OR."""
        joined: dict[str, list[str]] = {}
        for document, text in zip(sentences["document"], sentences["text"], strict=True):
            joined.setdefault(document, []).append(text)
        return Dataset.from_dict(
            {
                "text": [" ".join(texts) for texts in joined.values()],
                "labels": self._gold(sentences).tolist(),
                "document": list(joined),
            }
        )

    def encode(
        self, records: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> Encoded:
        """Encode the texts; labels are ``float32 [records, labels]``."""
        pieces = flatten(encode_texts(tokenizer, list(records["text"]), max_length))
        return Encoded(*pieces, labels=self._matrix(records).astype(np.float32))

    def predict(self, records: Dataset, encoded: Encoded, outputs: np.ndarray) -> np.ndarray:
        """Return the labels whose output (logit) is above 0 in any record of a document."""
        return self._any(records, np.asarray(outputs) > 0)

    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Return ``micro_f1``, ``precision`` and ``recall`` over documents and labels."""
        precision, recall, f1 = metrics.micro_f1(self._gold(records), predictions)
        return {"micro_f1": f1, "precision": precision, "recall": recall}

    def best_constant_score(self, records: Dataset) -> float:
        """Return the micro F1 of the best one set of labels for all documents."""
        return metrics.best_constant_micro_f1(self._gold(records))

    def best_constant_loss(self, encoded: Encoded) -> float:
        """Return the mean over labels of the entropy of their marginals, in nats."""
        counts = encoded.labels.sum(axis=0, dtype=np.float64).tolist()
        pairs = [np.array([count, len(encoded) - count]) for count in counts]
        return float(np.mean([metrics.entropy(pair) for pair in pairs]))

    def units(self, records: Dataset) -> np.ndarray:
        """Return the document of each record, numbered by first appearance."""
        numbers: dict[str, int] = {}
        ids = [numbers.setdefault(name, len(numbers)) for name in records["document"]]
        return np.asarray(ids, np.int64)

    def count(self, records: Dataset) -> int:
        """Count documents."""
        return len(set(records["document"]))

    def _labels(self, path: Path, line: int, text: str) -> list[int]:
        cells = text.split(",")
        expected = [{f"{label}_0", f"{label}_1"} for label in range(len(self.labels))]
        if len(cells) != len(expected) or not all(map(set.__contains__, expected, cells)):
            known = f"0_0 or 0_1 to {len(expected) - 1}_0 or {len(expected) - 1}_1 in order"
            raise damaged(path, line, f"the labels {text!r} are not {known}")
        return [int(cell[-1]) for cell in cells]

    def _matrix(self, records: Dataset) -> np.ndarray:
        return np.asarray(list(records["labels"]), bool).reshape(len(records), self.outputs)

    def _gold(self, records: Dataset) -> np.ndarray:
        return self._any(records, self._matrix(records))

    def _any(self, records: Dataset, matrix: np.ndarray) -> np.ndarray:
        found = np.zeros((self.count(records), self.outputs), np.uint8)
        np.maximum.at(found, self.units(records), matrix.astype(np.uint8))
        return found


def _document(path: Path, line: int, index: str) -> str:
    match = re.fullmatch(r"(\d+)_s\d+", index)
    if match is None:
        raise damaged(path, line, f"the index {index!r} is not of the form <PMID>_s<number>")
    return match[1]
