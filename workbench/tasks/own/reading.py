"""From a task file to records: its files read, split and checked."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets import Dataset

from workbench.tasks.own import conll, stored, tables
from workbench.tasks.own.description import TOKENS, Description
from workbench.tasks.own.examples import Example, examples
from workbench.tasks.own.labels import check_labels, labels_of, named
from workbench.tasks.own.records import records_of, tags_of
from workbench.tasks.own.splits import made_splits
from workbench.tasks.own.tables import Row
from workbench.tasks.task import SPLITS

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
    labels = labels_of(description, given["train"])
    splits = _completed(description, given)
    for split, found in splits.items():
        check_labels(description, labels, split, found)
    records = {split: records_of(description, labels, splits[split]) for split in SPLITS}
    outputs = tags_of(labels) if description.kind == TOKENS else labels
    return OwnData(description, outputs, records, _notes(description, given, splits))


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
            otherwise = "" if split == "train" else ", or leave it out of data"
            raise description.wrong(f"{split} has no row: put rows into it{otherwise}")
    return given


def _rows(description: Description, split: str) -> dict[str, Iterator[Row]]:
    """Return the rows of a source by split: a dataset that is given as train may hold all three."""
    source, form = description.source(split), description.format_of(split)
    if form == "conll" and description.kind != TOKENS:
        raise description.wrong("a CoNLL file holds tagged words: set kind to tokens")
    if form in _READERS:
        return {split: _READERS[form](Path(source), description)}
    found = stored.open_dataset(source)
    if len(description.splits) > 1:
        found = {split: stored.one_of(source, found, split)}
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


def _completed(description: Description, given: Examples) -> Examples:
    """Make the splits that are missing, from train."""
    split = description.split
    shares = {name: getattr(split, name) for name in ("test", "dev") if name not in given}
    if not shares:
        return given
    train = given["train"]
    groups = [example.group or str(place) for place, example in enumerate(train)]
    labels = [named(description, example) for example in train] if split.stratify else None
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


def _notes(description: Description, given: Examples, splits: Examples) -> tuple[str, ...]:
    return (*_made(description, given, splits), *_torn(description, splits))


def _made(description: Description, given: Examples, splits: Examples) -> Iterator[str]:
    """Say how splits were made."""
    made = [name for name in ("dev", "test") if name not in given]
    if made:
        counts = " / ".join(str(len(splits[name])) for name in SPLITS)
        group = f", rows of one {description.group!r} kept together" if description.group else ""
        yield (
            f"{' and '.join(made)} of {description.name} were drawn from its training rows with "
            f"seed {description.split.seed}{group}: {counts} rows in train, dev and test."
        )


def _torn(description: Description, splits: Examples) -> Iterator[str]:
    """Say how many groups are in more than one split."""
    forms = map(description.format_of, description.splits)
    if description.group == conll.DOCUMENT and "conll" in forms:
        return  # Each file numbers its documents from 1.
    held = Counter(
        group for found in splits.values() for group in {one.group for one in found} if group
    )
    if torn := sum(splits > 1 for splits in held.values()):
        yield (
            f"{torn} values of {description.group!r} in {description.name} occur in more than one "
            "split, so test scores may be too high."
        )
