"""From a task file to records: its files read, split and checked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset

from workbench.tasks.own import conll, stored, tables
from workbench.tasks.own.description import (
    CLASSIFICATION,
    MULTI_LABEL,
    REGRESSION,
    TOKENS,
    Description,
)
from workbench.tasks.own.examples import Example, examples, mention_type
from workbench.tasks.own.schemes import OUTSIDE
from workbench.tasks.own.splits import made_splits
from workbench.tasks.own.tables import Row
from workbench.tasks.task import SPLITS

MOST_LABELS, LONGEST_LABEL = 200, 100
"""More labels than these, or longer ones, are taken for text where the task file lists none."""

Examples = dict[str, list[Example]]
"""By split."""

_READERS: dict[str, Callable[[Path, Description], Iterator[Row]]] = {
    "csv": tables.read_csv,
    "tsv": tables.read_tsv,
    "jsonl": tables.read_json_lines,
    "conll": conll.read_conll,
}


@dataclass(frozen=True, eq=False)
class OwnData:
    """What a task file stands for.

    Attributes
    ----------
    description
        What the task file says.
    labels
        Names of the model's outputs: classes, or IOB2 tags; empty for a regression.
    splits
        Records of train, dev and test, as the shapes of tasks read them.
    notes
        What a result must say of the data.
    """

    description: Description
    labels: tuple[str, ...]
    splits: dict[str, Dataset]
    notes: tuple[str, ...]


def read(description: Description) -> OwnData:
    """Read, split and check the data of a task.

    Raises
    ------
    WorkbenchError
        For data that cannot be trained on or scored; the sentence names what to mend and never
        quotes a text.
    """
    given = _given(description)
    _check_ids(given)
    labels = _labels(description, given["train"])
    splits = _completed(description, given)
    for split, found in splits.items():
        _check_labels(description, labels, split, found)
    records = {split: _records(description, labels, splits[split]) for split in SPLITS}
    outputs = tags_of(labels) if description.kind == TOKENS else labels
    return OwnData(description, outputs, records, _notes(description, given, splits))


def texts_of(description: Description) -> tuple[str, ...]:
    """Return the columns of the records that hold the text, or both texts of a pair."""
    return ("sentence1", "sentence2") if description.columns.second else ("text",)


def _given(description: Description) -> Examples:
    """Read the splits that the data has."""
    rows = {
        split: found
        for source in description.splits
        for split, found in _rows(description, source).items()
    }
    given = {split: list(examples(rows[split], description)) for split in SPLITS if split in rows}
    for split, found in given.items():
        if not found:
            raise description.wrong(
                f"{split} has no row: put rows into it, or leave it out of data"
            )
    return given


def _rows(description: Description, split: str) -> dict[str, Iterator[Row]]:
    """Return the rows of a source by split: a dataset that is given as train may hold all three."""
    source, form = description.source(split), description.format_of(split)
    if form in _READERS:
        return {split: _READERS[form](Path(source), description)}
    found = stored.open_dataset(source)
    if len(description.splits) > 1:
        found = {split: found["train"]}
    return {name: stored.rows(source, name, records) for name, records in found.items()}


def _check_ids(given: Examples) -> None:
    """Refuse an id that occurs twice, in one split or in two."""
    seen: dict[str, Example] = {}
    for found in given.values():
        for example in found:
            if example.id and example.id in seen:
                raise example.place.damaged(
                    f"the id is that of {seen[example.id].place}", "give each row an id of its own"
                )
            seen[example.id] = example


def _labels(description: Description, train: Sequence[Example]) -> tuple[str, ...]:
    """Return the task's labels: those the task file lists, else those of train, sorted."""
    if description.kind == REGRESSION or description.labels:
        return description.labels
    labels = tuple(sorted({label for example in train for label in _named(description, example)}))
    if len(labels) > MOST_LABELS or any(len(label) > LONGEST_LABEL for label in labels):
        raise description.wrong(
            f"the labels of train, {len(labels)} different ones, look like texts: name the column "
            "of the labels under columns, or list all labels under labels"
        )
    if not set(description.negative) <= set(labels):
        raise description.wrong("negative names a label that train does not have: correct it")
    return labels


def _named(description: Description, example: Example) -> tuple[str, ...]:
    """Return the labels that an example names, or the types of its mentions."""
    if description.kind == REGRESSION:
        return ()
    if description.kind == CLASSIFICATION:
        return (example.label,)
    if description.kind == MULTI_LABEL:
        return example.label
    return tuple(mention_type(tag) for tag in example.label if tag != OUTSIDE)


def _completed(description: Description, given: Examples) -> Examples:
    """Make the splits that are missing, from train."""
    split = description.split
    shares = {name: getattr(split, name) for name in ("test", "dev") if name not in given}
    if not shares:
        return given
    train = given["train"]
    groups = [example.group or str(place) for place, example in enumerate(train)]
    labels = [_named(description, example) for example in train] if split.stratify else None
    chosen = made_splits(shares, split.seed, groups, labels)
    made: Examples = {name: [] for name in ("train", *shares)}
    for name, example in zip(chosen, train, strict=True):
        made[name].append(example)
    for name, found in made.items():
        if not found:
            raise description.wrong(
                f"nothing is left for {name} where dev and test are drawn from {len(train)} rows "
                f"in {len(set(groups))} groups: add rows, or give each split a file"
            )
    return given | made


def _check_labels(
    description: Description, labels: Sequence[str], split: str, found: Sequence[Example]
) -> None:
    """Refuse labels that are unknown, and a split in which all rows have the same."""
    known = set(labels)
    for example in found:
        if not known.issuperset(_named(description, example)):
            raise example.place.damaged(
                "the label is listed nowhere under labels in the task file"
                if description.labels
                else "the label occurs in no row of train",
                "correct it, or list every label under labels in the task file",
            )
    if description.kind in (CLASSIFICATION, REGRESSION) and len({one.label for one in found}) == 1:
        what = "score" if description.kind == REGRESSION else "label"
        raise description.wrong(f"every row of {split} has the same {what}: add rows with another")
    if description.kind in (MULTI_LABEL, TOKENS) and not any(
        _named(description, example) for example in found
    ):
        raise description.wrong(f"no row of {split} has a label: add rows that have one")


def _records(description: Description, labels: Sequence[str], found: Sequence[Example]) -> Dataset:
    columns = _COLUMNS[description.kind](description, labels, found)
    if description.columns.document:
        columns["document"] = [example.document for example in found]
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


def _notes(description: Description, given: Examples, splits: Examples) -> tuple[str, ...]:
    made = [name for name in ("dev", "test") if name not in given]
    if not made:
        return _torn(description, splits)
    counts = " / ".join(str(len(splits[name])) for name in SPLITS)
    group = f", rows of one {description.group!r} kept together" if description.group else ""
    return (
        f"{' and '.join(made)} of {description.name} were drawn from its training rows with seed "
        f"{description.split.seed}{group}: {counts} rows in train, dev and test.",
    )


def _torn(description: Description, splits: Examples) -> tuple[str, ...]:
    """Say how many groups the splits that were given divide."""
    held = [{example.group for example in found if example.group} for found in splits.values()]
    torn = sum(map(len, held)) - len(set().union(*held))
    if not torn:
        return ()
    return (
        f"{torn} of the splits' values of {description.group!r} in {description.name} occur in "
        "another split too, so test scores may be too high.",
    )
