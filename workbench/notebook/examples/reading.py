"""Each shape of task as people read it: a record as HTML, and what runs answered to it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
from datasets import Dataset

from workbench.notebook.examples.disagreement import answers, dispute, spread
from workbench.notebook.examples.highlighting import Passage, highlighted, listed, marked, tagged
from workbench.notebook.figures.palette import COLOURS
from workbench.tasks.loading import LoadedTask
from workbench.tasks.tagging import Tagging
from workbench.wording import counted

STRIP_WIDTH, STRIP_HEIGHT, STRIP_MARGIN = 360, 26, 8
"""Pixels of the drawing of predicted scores."""


class Reader(ABC):
    """The records of a split, or of the items that a split is scored by, as HTML.

    Parameters
    ----------
    records
        As the task's shape reads them.
    encoded_alone
        Whether the model reads each record as it is, so that its word pieces can be shown.
    """

    def __init__(self, records: Dataset, encoded_alone: bool = True):
        self.records = records
        self.encoded_alone = encoded_alone

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self.records)

    @cached_property
    def texts(self) -> list[str]:
        """What a search looks through: each record's text, in lower case."""
        return [text.lower() for text in self._texts()]

    @abstractmethod
    def _texts(self) -> list[str]: ...

    @abstractmethod
    def passages(self, item: int) -> tuple[Passage, ...]:
        """Return a record's one text or its two."""

    @abstractmethod
    def facts(self, item: int) -> str:
        """Return the gold answer as HTML, empty where the passages show it."""

    @abstractmethod
    def divide(self, predictions: np.ndarray) -> list[np.ndarray]:
        """Divide predictions ``[runs, ...]`` into those of each record, ``[runs, answers]``."""

    def amount(self, predictions: np.ndarray) -> float:
        """Return how far runs disagree on one record, in bits summed over its answers."""
        return float(dispute(predictions).sum())

    @abstractmethod
    def verdict(self, predictions: np.ndarray) -> str:
        """Say how far runs disagree on one record."""

    def answered(self, item: int, predictions: np.ndarray, seeds: Sequence[str]) -> str:
        """Return what each seed answered to a record, as an HTML table."""
        rows = [
            (_seeds([seeds[run] for run in runs]), self._answer(item, answer))
            for runs, answer in answers(list(predictions))
        ]
        cells = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td class="wb-text">{answer}</td></tr>'
            for name, answer in rows
        )
        return f'<table aria-label="answers by seed">{cells}</table>'

    @abstractmethod
    def _answer(self, item: int, prediction: np.ndarray) -> str: ...

    def _differing(self, predictions: np.ndarray) -> int:
        return int((predictions != predictions[0]).any(axis=0).sum())


class Texts(Reader):
    """Single texts or pairs side by side, in the columns named."""

    def __init__(self, records: Dataset, columns: Sequence[str], encoded_alone: bool = True):
        super().__init__(records, encoded_alone)
        self.columns = columns

    def _texts(self) -> list[str]:
        columns = (self.records[name][:] for name in self.columns)
        return ["\n".join(texts) for texts in zip(*columns, strict=True)]

    def passages(self, item: int) -> tuple[Passage, ...]:
        record = self.records[item]
        return tuple(marked(record[name]) for name in self.columns)


class Scored(Texts):
    """Texts with their score, between the lowest and the highest where these are known."""

    def __init__(
        self,
        records: Dataset,
        columns: Sequence[str],
        bounds: tuple[float, float] | None = None,
    ):
        super().__init__(records, columns)
        self.bounds = bounds

    def facts(self, item: int) -> str:
        scale = " ({:g} to {:g})".format(*self.bounds) if self.bounds else ""
        return f"<p>score <b>{self._gold(item):g}</b>{scale}</p>"

    def divide(self, predictions: np.ndarray) -> list[np.ndarray]:
        return _one_answer_each(predictions)

    def amount(self, predictions: np.ndarray) -> float:
        return float(spread(predictions)[0])

    def verdict(self, predictions: np.ndarray) -> str:
        return f"standard deviation {self.amount(predictions):.2f}"

    def answered(self, item: int, predictions: np.ndarray, seeds: Sequence[str]) -> str:
        values = predictions[:, 0].astype(float).tolist()
        drawing = strip(values, self._gold(item), self.bounds)
        return drawing + super().answered(item, predictions, seeds)

    def _answer(self, item: int, prediction: np.ndarray) -> str:
        return f"{prediction[0]:.2f}"

    def _gold(self, item: int) -> float:
        return self.records[item]["score"]


class Classified(Texts):
    """Texts with the name of their class."""

    def __init__(self, records: Dataset, columns: Sequence[str], labels: Sequence[str]):
        super().__init__(records, columns)
        self.labels = labels

    def facts(self, item: int) -> str:
        return self._answer(item, np.array([self.records[item]["label"]]))

    def divide(self, predictions: np.ndarray) -> list[np.ndarray]:
        return _one_answer_each(predictions)

    def verdict(self, predictions: np.ndarray) -> str:
        return f"seeds give {counted(len(np.unique(predictions)), 'answer')}"

    def _answer(self, item: int, prediction: np.ndarray) -> str:
        return listed([self.labels[int(prediction[0])]])


class Documents(Texts):
    """Texts with the names of their labels."""

    def __init__(
        self,
        records: Dataset,
        columns: Sequence[str],
        labels: Sequence[str],
        encoded_alone: bool = True,
    ):
        super().__init__(records, columns, encoded_alone)
        self.labels = labels

    def facts(self, item: int) -> str:
        return self._answer(item, np.asarray(self.records[item]["labels"]))

    def divide(self, predictions: np.ndarray) -> list[np.ndarray]:
        return list(np.asarray(predictions).transpose(1, 0, 2))

    def verdict(self, predictions: np.ndarray) -> str:
        return f"seeds differ on {counted(self._differing(predictions), 'label')}"

    def _answer(self, item: int, prediction: np.ndarray) -> str:
        return listed(
            [label for label, given in zip(self.labels, prediction, strict=True) if given]
        )


class Sentences(Reader):
    """Sentences of words with their mentions."""

    def __init__(self, records: Dataset, shape: Tagging):
        super().__init__(records)
        self.shape = shape

    def _texts(self) -> list[str]:
        return [" ".join(words) for words in self.records["words"][:]]

    def passages(self, item: int) -> tuple[Passage, ...]:
        record = self.records[item]
        return (tagged(record["words"], record["tags"], self.shape),)

    def facts(self, item: int) -> str:
        return ""

    def divide(self, predictions: np.ndarray) -> list[np.ndarray]:
        ends = np.cumsum([len(words) for words in self.records["words"][:]])
        return np.split(np.asarray(predictions), ends[:-1], axis=1)

    def verdict(self, predictions: np.ndarray) -> str:
        return f"seeds differ on {counted(self._differing(predictions), 'word')}"

    def _answer(self, item: int, prediction: np.ndarray) -> str:
        return highlighted(tagged(self.records[item]["words"], prediction, self.shape))


READERS: dict[str, Callable[[Any, Dataset], Reader]] = {
    "regression": lambda shape, records: Scored(records, shape.texts, shape.bounds),
    "single-label": lambda shape, records: Classified(records, shape.texts, shape.labels),
    "multi-label": lambda shape, records: Documents(records, shape.texts, shape.labels),
    "token": lambda shape, records: Sentences(records, shape),
}
"""How records are read, by the objective of their task's shape."""


def read(loaded: LoadedTask, split: str) -> Reader:
    """Return what shows a split as the model reads it."""
    return READERS[loaded.shape.objective](loaded.shape, loaded.splits[split])


def read_scored(loaded: LoadedTask) -> Reader:
    """Return what shows the test set as it is scored: whole documents, where there are any."""
    shape: Any = loaded.shape
    if shape.objective != "multi-label":
        return read(loaded, "test")
    records = loaded.splits["test"]
    documents = shape.join(records)
    alone = len(documents) == len(records)
    return Documents(documents, shape.texts, shape.labels, encoded_alone=alone)


def strip(values: Sequence[float], gold: float, bounds: tuple[float, float] | None = None) -> str:
    """Draw predicted scores as dots on a line with the gold score as a bar, as SVG."""
    reached = (gold, *values, *(bounds or ()))
    low, high = min(reached), max(reached)
    middle, length = STRIP_HEIGHT / 2, STRIP_WIDTH - 2 * STRIP_MARGIN

    def place(value: float) -> float:
        # Without bounds all may be equal: they then stand on the left.
        return STRIP_MARGIN + (value - low) / ((high - low) or 1.0) * length

    dots = "".join(
        f'<circle cx="{place(value):.1f}" cy="{middle}" r="4" fill="{COLOURS[0]}" '
        'fill-opacity="0.6"/>'
        for value in values
    )
    text = f"predicted {min(values):.2f} to {max(values):.2f}, gold {gold:g}"
    return (
        f'<svg role="img" aria-label="{text}" width="{STRIP_WIDTH}" height="{STRIP_HEIGHT}" '
        f'viewBox="0 0 {STRIP_WIDTH} {STRIP_HEIGHT}"><title>{text}</title>'
        f'<path d="M{STRIP_MARGIN} {middle}h{length}" stroke="currentColor" opacity="0.3"/>'
        f'<path d="M{place(gold):.1f} 3V{STRIP_HEIGHT - 3}" stroke="{COLOURS[1]}" '
        f'stroke-width="3"/>{dots}</svg>'
    )


def _one_answer_each(predictions: np.ndarray) -> list[np.ndarray]:
    return list(np.asarray(predictions)[:, :, None].transpose(1, 0, 2))


def _seeds(seeds: Sequence[str]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
