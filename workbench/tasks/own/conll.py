"""Sentences of CoNLL files: a word and its tags on each line, a blank line after each sentence."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from workbench.tasks.own.description import Columns, Description
from workbench.tasks.own.lines import Place, lines
from workbench.tasks.own.tables import Row

DOCUMENT_START = "-DOCSTART-"

_UNSET = (Columns().words, Columns().tags)

DOCUMENT = "document"
"""The column that numbers the documents, where the file marks their beginnings."""


def read_conll(path: Path, description: Description) -> Iterator[Row]:
    """Yield the sentences of a file, each with lists of words and tags and its document.

    Fields stand between tabs, or between spaces in a file whose first line has no tab. Which of
    them are word and tag is said by their numbers from 0 under ``columns``; without any they are
    the first and the last. Lines that start with ``-DOCSTART-`` number the documents.

    Raises
    ------
    WorkbenchError
        For a line with another number of fields than the first, columns that are named, or what
        `lines` refuses.
    """
    document = 0
    fields = _Fields(description)
    sentence: list[tuple[Place, str, str]] = []
    for place, line in lines(path, description.encoding):
        opens = line.startswith(DOCUMENT_START)
        if line.strip() and not opens:
            sentence.append((place, *fields.read(place, line)))
            continue
        if sentence:
            yield _row(sentence, document, description.columns)
            sentence = []
        document += opens
    if sentence:
        yield _row(sentence, document, description.columns)


def _row(sentence: list[tuple[Place, str, str]], document: int, columns: Columns) -> Row:
    places, words, tags = zip(*sentence, strict=True)
    content = {columns.words: list(words), columns.tags: list(tags), DOCUMENT: str(document)}
    return replace(places[0], word_a_line=True), content


class _Fields:
    """Takes word and tag from a line; the first line says what stands between, and how often."""

    def __init__(self, description: Description):
        columns = description.columns
        self._word = columns.words if isinstance(columns.words, int) else 0
        self._tag = columns.tags if isinstance(columns.tags, int) else -1
        if any(
            isinstance(name, str) and name not in _UNSET for name in (columns.words, columns.tags)
        ):
            raise description.wrong(
                "the columns of a CoNLL file have no names: set columns.words and columns.tags to "
                "numbers from 0, or leave them out"
            )
        self._separator: str | None = None
        self._expected = 0

    def read(self, place: Place, line: str) -> tuple[str, str]:
        if not self._expected:
            self._separator = "\t" if "\t" in line else " "
        fields = line.split(self._separator)
        if self._separator == " ":
            fields = [field for field in fields if field]
        self._expected = self._expected or len(fields)
        if len(fields) != self._expected or len(fields) < 2:
            raise place.damaged(
                f"{len(fields)} fields stand where {max(self._expected, 2)} belong",
                "write word and tag on each line, with a tab between",
            )
        return self._at(place, fields, self._word), self._at(place, fields, self._tag)

    def _at(self, place: Place, fields: list[str], number: int) -> str:
        if not -len(fields) <= number < len(fields):
            raise place.damaged(
                f"there is no field {number} among {len(fields)}",
                "set columns.words and columns.tags in the task file to numbers from 0",
            )
        return fields[number].strip()
