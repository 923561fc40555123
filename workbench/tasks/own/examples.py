"""From rows to examples: the columns that the task file names, checked one by one."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workbench.tasks.own.description import (
    CLASSIFICATION,
    MULTI_LABEL,
    REGRESSION,
    TOKENS,
    Description,
)
from workbench.tasks.own.lines import Place
from workbench.tasks.own.schemes import OUTSIDE, BadTag, to_iob2
from workbench.tasks.own.tables import Cells, Row, column


@dataclass(frozen=True, slots=True)
class Example:
    """One row as a task reads it."""

    place: Place
    texts: tuple[str, ...] = field(repr=False)
    """The text, both texts of a pair, or the words of a sentence."""
    label: Any = field(repr=False)
    """A name, a tuple of names, a score, or an IOB2 tag for each word."""
    document: str = field(repr=False)
    """Empty where the task file names no column for it."""
    group: str = field(repr=False)
    """What must not be torn apart; empty where the task file names no column for it."""
    id: str = field(repr=False)
    """Empty where the task file names no column for it."""


def examples(rows: Iterable[Row], description: Description) -> Iterator[Example]:
    """Read the rows of one file.

    Raises
    ------
    WorkbenchError
        For a missing column, an empty text, a missing or malformed label, or a score that is no
        finite number; the sentence names file and line, and never quotes the row.
    """
    of_row = (description.columns.document, description.group, description.columns.id)
    for place, row in rows:
        texts = _texts(place, row, description)
        label = _LABELS[description.kind](place, row, description)
        if description.kind == TOKENS and len(label) != len(texts):
            raise place.damaged(f"{len(label)} tags stand beside {len(texts)} words")
        yield Example(place, texts, label, *(_name(place, row, name) for name in of_row))


def mention_type(tag: str) -> str:
    """Return the type of an IOB2 tag; empty where it has none."""
    return tag[2:] if tag != OUTSIDE else ""


def _texts(place: Place, row: Cells, description: Description) -> tuple[str, ...]:
    columns = description.columns
    if description.kind == TOKENS:
        return _words(place, row, columns.words)
    return tuple(
        _text(place, column(place, row, name), name)
        for name in (columns.text, columns.second)
        if name
    )


def _text(place: Place, value: Any, name: str | int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise place.damaged(
            f"there is no text in column {name!r}", "write one, or leave the row out"
        )
    return _encodable(place, value, name)


def _encodable(place: Place, text: str, name: str | int) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise place.damaged(f"column {name!r} holds half a character (a surrogate)") from None
    return text


def _words(place: Place, row: Cells, name: str | int) -> tuple[str, ...]:
    words = _list(place, row, name)
    for number, word in enumerate(words):
        _text(place.word(number), word, name)
    return words


def _list(place: Place, row: Cells, name: str | int) -> tuple[Any, ...]:
    """Return a list that is written as one, or with spaces between."""
    value = column(place, row, name)
    values = value.split(" ") if isinstance(value, str) else value
    if not isinstance(values, list) or not values:
        raise place.damaged(
            f"column {name!r} is no list with one entry for each word",
            "write a list, or the words with a space between",
        )
    return tuple(values)


def _one_label(place: Place, row: Cells, description: Description) -> str:
    label = _cell(place, row, description.label)
    if not label:
        raise place.damaged("there is no label", "every row of every split must have one")
    return label


def _several_labels(place: Place, row: Cells, description: Description) -> tuple[str, ...]:
    if isinstance(description.columns.label, tuple):
        ticked = (name for name in description.columns.label if _ticked(place, row, name))
        return tuple(sorted(ticked))
    value = column(place, row, description.label)
    if value is None:
        raise place.damaged(
            "there is no label", "every row of every split must have some, or an empty text"
        )
    values = value if isinstance(value, list) else _written(value).split(description.separator)
    labels = {_encodable(place, _written(label), description.label) for label in values}
    return tuple(sorted(labels - {""}))


def _ticked(place: Place, row: Cells, name: str) -> bool:
    """Tell whether a column says that its label is there."""
    value = _cell(place, row, name)
    if value not in ("0", "1", "false", "true"):
        raise place.damaged(f"column {name!r} holds neither 0 nor 1")
    return value in ("1", "true")


def _score(place: Place, row: Cells, description: Description) -> float:
    value = column(place, row, description.label)
    try:
        score = float(value)
    except (TypeError, ValueError, OverflowError):
        # Python's own message would quote what stands there.
        raise place.damaged(
            "the score is missing or no number", "every row of every split must have one"
        ) from None
    if not math.isfinite(score) or isinstance(value, bool):
        raise place.damaged("the score is not a finite number (NaN or infinite)")
    return score


def _tags(place: Place, row: Cells, description: Description) -> tuple[str, ...]:
    name = description.columns.tags
    tags = [_encodable(place, _written(tag), name) for tag in _list(place, row, name)]
    try:
        return tuple(to_iob2(tags, description.scheme))
    except BadTag as problem:
        raise place.word(problem.word).damaged(
            str(problem), f"mend it, or set scheme in the task file (it is {description.scheme})"
        ) from None


_LABELS: dict[str, Callable[[Place, Cells, Description], Any]] = {
    CLASSIFICATION: _one_label,
    MULTI_LABEL: _several_labels,
    REGRESSION: _score,
    TOKENS: _tags,
}


def _name(place: Place, row: Cells, name: str) -> str:
    """Return the value of a column that names something; empty where no column is given."""
    if not name:
        return ""
    text = _cell(place, row, name)
    if not text:
        raise place.damaged(f"column {name!r} is empty", "write something, or leave the row out")
    return text


def _cell(place: Place, row: Cells, name: str) -> str:
    """Return the one value of a column as text, empty where there is none."""
    value = column(place, row, name)
    if isinstance(value, list | dict):
        raise place.damaged(f"column {name!r} holds several values where one belongs", "write one")
    return _encodable(place, _written(value), name)


def _written(value: Any) -> str:
    """Write a value as a CSV file would; a whole number is the same as 1 and as 1.0."""
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
