"""Examples as the records that the shapes of tasks read."""

from collections.abc import Callable, Sequence
from typing import Any

from datasets import Dataset

from workbench.tasks.own.description import (
    CLASSIFICATION,
    MULTI_LABEL,
    REGRESSION,
    TOKENS,
    Description,
)
from workbench.tasks.own.examples import Example
from workbench.tasks.own.schemes import OUTSIDE
from workbench.tasks.units import DOCUMENT


def texts_of(description: Description) -> tuple[str, ...]:
    """Return the columns of the records that hold the text, or both texts of a pair."""
    return ("sentence1", "sentence2") if description.columns.second else ("text",)


def records_of(
    description: Description, labels: Sequence[str], found: Sequence[Example]
) -> Dataset:
    """Return the records of a split.

    Parameters
    ----------
    description
        Of the task.
    labels
        From `labels.labels_of`; every label of the examples is one of them.
    found
        The split's examples.
    """
    columns = _COLUMNS[description.kind](description, labels, found)
    if description.columns.document:
        columns[DOCUMENT] = [example.document for example in found]
    return Dataset.from_dict(columns)


def _texts(description: Description, found: Sequence[Example]) -> dict[str, list[Any]]:
    texts = zip(*(example.texts for example in found), strict=True)
    return dict(zip(texts_of(description), map(list, texts), strict=True))


def _classes(
    description: Description, labels: Sequence[str], found: Sequence[Example]
) -> dict[str, list[Any]]:
    numbers = {label: number for number, label in enumerate(labels)}
    return _texts(description, found) | {"label": [numbers[one.label] for one in found]}


def _label_sets(
    description: Description, labels: Sequence[str], found: Sequence[Example]
) -> dict[str, list[Any]]:
    rows = [[int(label in example.label) for label in labels] for example in found]
    return _texts(description, found) | {"labels": rows}


def _scores(
    description: Description, labels: Sequence[str], found: Sequence[Example]
) -> dict[str, list[Any]]:
    return _texts(description, found) | {"score": [example.label for example in found]}


def _sentences(
    description: Description, labels: Sequence[str], found: Sequence[Example]
) -> dict[str, list[Any]]:
    numbers = {tag: number for number, tag in enumerate(tags_of(labels))}
    return {
        "words": [list(example.texts) for example in found],
        "tags": [[numbers[tag] for tag in example.label] for example in found],
    }


_COLUMNS: dict[str, Callable[[Description, Sequence[str], Sequence[Example]], dict[str, Any]]] = {
    CLASSIFICATION: _classes,
    MULTI_LABEL: _label_sets,
    REGRESSION: _scores,
    TOKENS: _sentences,
}
"""How the records of each kind are laid out, the document apart."""


def tags_of(types: Sequence[str]) -> tuple[str, ...]:
    """Return the IOB2 tags of types of mentions, in the order of the model's outputs.

    Examples
    --------
    >>> tags_of(["", "Drug"])
    ('B', 'I', 'B-Drug', 'I-Drug', 'O')
    """
    named = [f"-{one}" if one else "" for one in types]
    return (*(prefix + name for name in named for prefix in "BI"), OUTSIDE)
