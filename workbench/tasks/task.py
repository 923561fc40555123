"""What a task is: the facts of the catalogue, its loaded data, and what the engine asks of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from datasets import Dataset

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SPLITS = ("train", "dev", "test")
TABLES = tuple(f"{split}.tsv" for split in SPLITS)
"""The files of most tasks, one a split."""

IGNORED = -100
"""The label of a token that carries none."""


@dataclass(frozen=True)
class Recipe:
    """The published starting point for a task at one model size."""

    batch_size: int
    learning_rate: float
    epochs: int


@dataclass(frozen=True)
class Task:
    """The facts of one task, as the catalogue holds them; no data is touched."""

    name: str
    """What users type."""
    title: str
    """How the literature writes it."""
    folder: str
    """The folder in the BLURB layout; empty for generated tasks."""
    shape: str
    """similarity, document, relation, mention, pico or question."""
    type: str
    """The BLURB type it is averaged in, such as ``"NER"``."""
    metric: str
    """Primary metric, a key of what `Shape.score` returns."""
    unit: str
    """What the counts count."""
    counts: tuple[int, int, int]
    """Units in train, dev and test, as published; zeros for generated tasks."""
    max_length: int
    """Word pieces an input is cut to."""
    recipes: dict[str, Recipe]
    """By model size: ``small``, ``base`` and ``large``."""
    labels: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    """Labels that F1 leaves out, such as "no relation"."""
    options: tuple[str, ...] = ()
    """Options that may follow the name after a colon; the first is the default."""
    files: tuple[str, ...] = TABLES
    """What is read from the folder."""
    spared: tuple[str, ...] = ()
    """Those of its files that a user's folder may lack."""
    synthetic: bool = False
    own: Path | None = None
    """The task file of a user's own task; None for those of the catalogue."""
    typed: str = ""
    """What users type for it where that is not its name: the path of its task file."""


@dataclass(frozen=True)
class Encoded:
    """A split as word pieces: every example's pieces on one line, nothing padded.

    Attributes
    ----------
    token_ids
        ``int32 [tokens]``, special tokens included.
    segments
        ``int8 [tokens]``, 0 or 1.
    offsets
        ``int64 [examples + 1]``: example ``i`` is ``token_ids[offsets[i]:offsets[i + 1]]``.
    labels
        For one output per example: ``float32 [examples]`` (regression), ``int64 [examples]``
        (single-label) or ``float32 [examples, classes]`` (multi-label). For one output per token:
        ``int64 [tokens]`` with `IGNORED` where a piece carries no label.
    """

    token_ids: np.ndarray
    segments: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Word pieces of each example, ``int64 [examples]``."""
        return np.diff(self.offsets)


class Shape(Protocol):
    """What the engine needs to know about a kind of task.

    Records are rows of a `datasets.Dataset`; outputs are what the model gives for an `Encoded`
    split, in its order: ``[examples, outputs]`` or, for `objective` ``"token"``,
    ``[tokens, outputs]``. Predictions are plain arrays that `score` reads against the records and
    that are stored with the run.
    """

    objective: str
    """``regression``, ``single-label`` or ``multi-label`` (a row per example), or ``token``."""
    outputs: int
    """Width of the model's output."""
    keep_first: bool
    """Whether a pair that is too long is cut in its second text alone."""

    def encode(
        self, records: Dataset, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> Encoded:
        """Turn records into word pieces and labels."""
        ...

    def predict(self, records: Dataset, encoded: Encoded, outputs: np.ndarray) -> np.ndarray:
        """Turn model outputs into predictions, one entry for every scored item of the records."""
        ...

    def score(self, records: Dataset, predictions: np.ndarray) -> dict[str, float | None]:
        """Score predictions; an undefined metric is None. The scale is 0 to 1 (Pearson -1 to 1)."""
        ...

    def on_draws(
        self, records: Dataset, predictions: np.ndarray, draws: np.ndarray
    ) -> np.ndarray | None:
        """Return the primary metric on draws with replacement, ``float64 [draws]``.

        Parameters
        ----------
        records, predictions
            As for `score`.
        draws
            How often each draw holds each of the `workbench.tasks.units.clusters`,
            ``float64 [draws, clusters]``.

        Returns
        -------
        numpy.ndarray or None
            NaN where the metric is undefined; None for a metric that cannot be drawn.
        """
        ...

    def best_constant_score(self, records: Dataset) -> float | None:
        """Return the primary metric of the best constant prediction on these records."""
        ...

    def best_constant_loss(self, encoded: Encoded) -> float:
        """Return the lowest mean training loss that a constant output can reach."""
        ...

    def units(self, records: Dataset) -> np.ndarray:
        """Return the unit (document, else example) that each record belongs to, ``int64``."""
        ...

    def strata(self, records: Dataset) -> np.ndarray | None:
        """Return the stratum of each unit, ``int64 [units]``; None where nothing divides them.

        Units come in the order of their first record. A stratum is a class: the one of a single
        label, the rarest of several, or whether a word is labelled at all.
        """
        ...

    def inputs(self, records: Dataset) -> list[tuple[str, ...]]:
        """Return what each record is read from: its one or two texts, or its words."""
        ...

    def gold(self, records: Dataset) -> np.ndarray:
        """Return what is to be predicted, one entry for every scored item of the records.

        Numbers ``float64 [records]``, classes ``[records]``, 0 or 1 ``uint8 [units, labels]``, or
        labels ``[words]``, by `objective`.
        """
        ...

    def count(self, records: Dataset) -> int:
        """Count what benchmark tables count for this shape (pairs, mentions, documents)."""
        ...
