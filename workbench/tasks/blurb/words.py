"""Files of one word and its tag a line, a blank line after each sentence."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from datasets import Dataset

from workbench.tasks.mention import INSIDE, OUTSIDE, TAGS
from workbench.tasks.table import damaged, lines
from workbench.tasks.units import DOCUMENT

DOCUMENT_START = "-DOCSTART-"

Check = Callable[[int, list[int]], str]
"""Says what is wrong with a tag after the tags before it in its sentence; empty if nothing is."""


@dataclass
class _Sentence:
    document: str
    words: list[str] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)


def read_mentions(path: Path) -> Dataset:
    """Read a file of ``word<TAB>B|I|O`` lines.

    Raises
    ------
    WorkbenchError
        When the file is damaged, a tag is unknown, or an I follows an O.
    """
    return read_words(path, TAGS, _continues)


def read_words(path: Path, labels: tuple[str, ...], check: Check | None = None) -> Dataset:
    """Read a file of ``word<TAB>tag`` lines into records of words and tags.

    ``-DOCSTART-`` lines are no words. Where each sentence stands under one that names a document,
    records have the column ``document``.

    Raises
    ------
    WorkbenchError
        When the file is damaged or a tag is not one of the labels.
    """
    found = [one for one in _sentences(path, labels, check) if one.words]
    if not found:
        raise damaged(path, 1, "the file holds no sentence")
    columns: dict[str, list] = {
        "words": [one.words for one in found],
        "tags": [one.tags for one in found],
    }
    if all(one.document for one in found):
        columns[DOCUMENT] = [one.document for one in found]
    return Dataset.from_dict(columns)


def _sentences(path: Path, labels: tuple[str, ...], check: Check | None) -> Iterator[_Sentence]:
    sentence = _Sentence("")
    for number, line in enumerate(lines(path), start=1):
        if line and not line.startswith(DOCUMENT_START):
            word, tag = _word(path, number, line, labels)
            problem = check(tag, sentence.tags) if check else ""
            if problem:
                raise damaged(path, number, problem)
            sentence.words.append(word)
            sentence.tags.append(tag)
            continue
        yield sentence
        document = line.removeprefix(DOCUMENT_START).strip(" ()\t") if line else sentence.document
        sentence = _Sentence(document)
    yield sentence


def _word(path: Path, number: int, line: str, labels: tuple[str, ...]) -> tuple[str, int]:
    word, *rest = line.split("\t")
    if len(rest) != 1 or not word.strip():
        raise damaged(path, number, f"{line!r} is not a word, a tab and a tag")
    if rest[0] not in labels:
        raise damaged(path, number, f"the tag {rest[0]!r} is not one of {', '.join(labels)}")
    return word, labels.index(rest[0])


def _continues(tag: int, before: list[int]) -> str:
    if tag == INSIDE and (not before or before[-1] == OUTSIDE):
        return "the tag I continues a mention, but no B or I is before it"
    return ""
