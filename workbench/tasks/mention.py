"""Named entity recognition: mentions tagged in IOB2, scored whole."""

from collections.abc import Sequence

import numpy as np
from datasets import Dataset

from workbench.tasks import metrics
from workbench.tasks.tagging import Spans, Tagging, sentence_starts

TAGS = ("B", "I", "O")
BEGIN, INSIDE, OUTSIDE = range(len(TAGS))


class Mention(Tagging):
    """Mentions in IOB2, scored by exact match of both ends and of the type.

    An I that continues nothing of its type (after an O, first in its sentence, or after another
    type) opens a mention: see `metrics.spans`.

    Parameters
    ----------
    labels
        ``B`` and ``I`` where there is one type without a name, else such as ``B-Gene`` and
        ``I-Gene``; and ``O``.
    """

    metric = "entity_f1"

    def __init__(self, labels: Sequence[str] = TAGS):
        super().__init__(labels)
        kinds = [label[2:] for label in self.labels]
        self.kinds = tuple(dict.fromkeys(kinds))
        self._kinds = np.array([self.kinds.index(kind) for kind in kinds])
        self._begins = np.array([label[0] == "B" for label in self.labels])
        self._inside = np.array([label[0] == "I" for label in self.labels])

    def spans(self, tags: np.ndarray, starts: np.ndarray) -> Spans:
        tags = np.asarray(tags)
        return metrics.spans(self._begins[tags], self._inside[tags], starts, self._kinds[tags])

    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Return ``entity_f1``, ``precision`` and ``recall`` by exact match of mentions."""
        starts = sentence_starts(records)
        sides = [self.spans(side, starts) for side in (self.gold(records), predictions)]
        precision, recall, f1 = metrics.entity_f1(*sides)
        return {"entity_f1": f1, "precision": precision, "recall": recall}

    def count(self, records: Dataset) -> int:
        """Count gold mentions."""
        return len(self.spans(self.gold(records), sentence_starts(records))[0])
