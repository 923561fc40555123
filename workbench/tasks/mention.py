"""Named entity recognition: mentions tagged in IOB2, scored whole."""

from collections.abc import Sequence

import numpy as np
from datasets import Dataset

from workbench.tasks import metrics
from workbench.tasks.draws import f1_on_draws
from workbench.tasks.tagging import Spans, Tagging, clusters_of_words, sentence_starts

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

    def on_draws(self, records: Dataset, predictions: np.ndarray, draws: np.ndarray) -> np.ndarray:
        """Return ``entity_f1`` on draws of clusters; a mention counts at its first word."""
        starts, gold = sentence_starts(records), self.gold(records)
        sides = [
            _at_first_words(self.spans(side, starts), len(gold)) for side in (gold, predictions)
        ]
        correct = (sides[0] == sides[1]).all(axis=1)
        begun = [side[:, 0] > 0 for side in sides]
        counts = np.stack([correct & begun[0], begun[1], begun[0]], axis=1).astype(np.int64)
        return f1_on_draws(counts[:, :, None], clusters_of_words(records), draws)

    def count(self, records: Dataset) -> int:
        """Count gold mentions."""
        return len(self.spans(self.gold(records), sentence_starts(records))[0])


def _at_first_words(spans: Spans, words: int) -> np.ndarray:
    """Return the end and the type of the mention that opens at each word, 0 where none does."""
    firsts, ends, kinds = spans
    found = np.zeros((words, 2), np.int64)
    found[firsts] = np.stack([ends, kinds], axis=1)
    return found
