"""Rows of CSV, TSV and JSON lines, each with the place it came from."""

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from workbench.tasks.own.description import Description
from workbench.tasks.own.lines import LONGEST, Place, lines

Cells = Mapping[Any, Any]
"""What stands in a row, by column."""

Row = tuple[Place, Cells]

_LONGEST_NAME = 60
"""Characters of a column's name; what is longer is text of a file without a header."""


def read_csv(path: Path, description: Description, comma: str = ",") -> Iterator[Row]:
    """Yield the rows of a file whose first line names the columns (RFC 4180).

    Parameters
    ----------
    path
        Of the file.
    description
        Says the encoding, and whether quotes are markup.
    comma
        What stands between fields.

    Raises
    ------
    WorkbenchError
        For a row with another number of fields than the header, a quote that is not closed, a
        column that is named twice, or what `lines` refuses.
    """
    quotes = comma == "," if description.quotes is None else description.quotes
    source = _Lines(path, description.encoding)
    reader = csv.reader(
        source,
        delimiter=comma,
        quoting=csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE,
        strict=True,
    )
    rows = _rows(source, reader)
    header = _header(rows)
    for place, fields in rows:
        if len(fields) != len(header):
            raise place.damaged(
                f"{_fields_of(len(fields))} where the header has {len(header)}",
                "put quotes around a field that holds the separator, or mend the row",
            )
        yield place, dict(zip(header, fields, strict=True))


def read_tsv(path: Path, description: Description) -> Iterator[Row]:
    """Yield the rows of a file with tabs between fields; see `read_csv`."""
    return read_csv(path, description, "\t")


def read_json_lines(path: Path, description: Description) -> Iterator[Row]:
    """Yield the rows of a file of one JSON object a line; blank lines are passed over.

    Raises
    ------
    WorkbenchError
        For a line that is no JSON object, or what `lines` refuses.
    """
    for place, line in lines(path, description.encoding):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            # JSON's own message does not quote the line, but its traceback would.
            raise place.damaged("the line is no JSON") from None
        if not isinstance(content, dict):
            raise place.damaged("the line is no JSON object", 'write it as {"column": value}')
        yield place, content


def column(place: Place, row: Cells, name: str | int) -> Any:
    """Return a row's value.

    Raises
    ------
    WorkbenchError
        When there is no such column; only a near name of the others is told, because the first
        line of a file without a header is text.
    """
    if name in row:
        return row[name]
    names = [str(one) for one in row if len(str(one)) <= _LONGEST_NAME]
    near = get_close_matches(str(name), names, n=1)
    guess = f", but {near[0]!r}" if near else ""
    raise place.damaged(
        f"there is no column {name!r}{guess}", "name the right one under columns in the task file"
    )


class _Lines:
    """The lines of a file for the CSV reader, which may take several for one row.

    Attributes
    ----------
    place
        Of the first line that was taken since it was None.
    """

    def __init__(self, path: Path, encoding: str):
        self._lines = lines(path, encoding)
        self.place: Place | None = None

    def __iter__(self) -> Iterator[str]:
        for place, line in self._lines:
            self.place = self.place or place
            yield line + "\n"


def _rows(source: _Lines, reader: Iterator[list[str]]) -> Iterator[tuple[Place, list[str]]]:
    """Yield the fields of each row with the place where it begins; blank lines are passed over."""
    while True:
        source.place = None
        try:
            with _long_fields():
                fields = next(reader, None)
        except csv.Error as problem:
            assert source.place
            raise source.place.damaged(*_reason(problem)) from None
        if fields is None:
            return
        if fields and source.place:
            yield source.place, fields


def _reason(problem: csv.Error) -> tuple[str, str]:
    """Say what the CSV reader stumbled on, and how to mend it."""
    if "new-line" in str(problem):
        return (
            "a carriage return stands alone, outside quotes",
            "save the file with the line ends of Unix or Windows, or put quotes around the field",
        )
    return (
        "a quote is not closed, or stands inside a field",
        "double a quote inside a quoted field, or set quotes to no in the task file",
    )


def _header(rows: Iterator[tuple[Place, list[str]]]) -> list[str]:
    place, names = next(rows, (None, []))
    names = [name.strip() for name in names]
    if place and len(set(names)) < len(names):
        raise place.damaged("two columns have one name", "name each column once in the first line")
    return names


@contextmanager
def _long_fields() -> Iterator[None]:
    """Allow fields as long as lines; the limit belongs to the whole process."""
    before = csv.field_size_limit(LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _fields_of(number: int) -> str:
    return f"{number} field stands" if number == 1 else f"{number} fields stand"
