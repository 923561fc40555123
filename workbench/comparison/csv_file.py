"""Reading a CSV file that some other script wrote, and writing one that a spreadsheet may open."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError

LARGEST = 1 << 28
"""Bytes of such a file; what is larger is something else."""

_LONGEST = 200
"""Characters of a name or a value; longer ones are text."""

_FORMULAS = ("=", "+", "-", "@")
"""What makes a spreadsheet take a text for a formula."""


@dataclass(frozen=True)
class Row:
    """A line of a file; no sentence about it quotes what stands there."""

    path: Path
    number: int
    """Of the line, the header's being 1."""
    cells: dict[str, str]

    def wrong(self, problem: str, column: str = "") -> WorkbenchError:
        """Build the sentence for something in this line."""
        where = f", column {column}" if column else ""
        return WorkbenchError(f"{self.path}, line {self.number}{where}: {problem}")

    def text(self, column: str) -> str:
        """Return a name.

        Raises
        ------
        WorkbenchError
            When it is empty, or no name but a text.
        """
        value = self.optional(column)
        if not value:
            raise self.wrong("it is empty: write a name there", column)
        return value

    def optional(self, column: str) -> str:
        """Return a name or value, empty where there is none.

        Raises
        ------
        WorkbenchError
            When it is a text.
        """
        value = self.cells.get(column, "").strip()
        if len(value) > _LONGEST or not value.isprintable():
            raise self.wrong(f"write one line of at most {_LONGEST} printable characters", column)
        return value[1:] if value[:1] == "'" and value[1:].startswith(_FORMULAS) else value

    def number_at(self, column: str) -> float | None:
        """Return a number, None where there is none.

        Raises
        ------
        WorkbenchError
            When it is none, or not finite.
        """
        value = self.optional(column)
        number = as_number(value)
        if value and number is None:
            raise self.wrong("it is no number: write one with a decimal point", column)
        return number

    def seed(self, column: str) -> int:
        """Return a seed.

        Raises
        ------
        WorkbenchError
            When it is no whole number of at least 0.
        """
        value = self.optional(column)
        if not (value.isascii() and value.isdigit()):
            raise self.wrong("it must be a whole number of at least 0", column)
        return int(value)


def as_number(text: str) -> float | None:
    """Return the finite number that a text is, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    # Python also reads 1_000.
    return value if abs(value) < float("inf") and "_" not in text else None


def read_csv(path: Path, required: Sequence[str]) -> tuple[list[str], list[Row]]:
    """Read a file of UTF-8 whose first line names its columns, with commas between (RFC 4180).

    Parameters
    ----------
    path
        Of the file.
    required
        Columns that must be there.

    Returns
    -------
    tuple
        The names of the columns, and the lines below; empty lines are passed over.

    Raises
    ------
    WorkbenchError
        When it cannot be read, holds no line below the header, lacks a column (with the nearest
        name that is there) or names one twice, or a line has more or fewer fields.
    """
    rows = _rows(path, _decoded(path))
    _, header = next(rows, (0, []))
    names = [name.strip() for name in header]
    _check(path, names, required)
    found = [Row(path, number, _cells(path, number, names, fields)) for number, fields in rows]
    if not found:
        raise WorkbenchError(f"{path} names columns and has no line below them: add one a run")
    return names, found


def _decoded(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise WorkbenchError(f"{path} is larger than {LARGEST >> 20} MB: divide it")
        content = path.read_bytes()
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no path"
        raise WorkbenchError(
            f"there is no CSV file {path} that can be read ({reason}): correct its path or rights"
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise WorkbenchError(
            f"{path}, line {line}: it is not UTF-8; save the file as UTF-8"
        ) from None


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each line that has some, and its number."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error:
            raise WorkbenchError(
                f"{path}, line {number}: it is no CSV; double each quote inside a quoted field, "
                "and close it"
            ) from None
        if fields is None:
            return
        if fields:
            yield number, fields


def _check(path: Path, names: list[str], required: Sequence[str]) -> None:
    if not names:
        raise WorkbenchError(f"{path} is empty: name the columns {', '.join(required)} in line 1")
    if len(names) == 1 and any(mark in names[0] for mark in ";\t"):
        raise WorkbenchError(f"{path}, line 1: put commas between the columns, no ; and no tabs")
    for name in required:
        if name not in names:
            near = get_close_matches(name, [each for each in names if each not in required], n=1)
            mend = f"rename {near[0]!r}" if near else "add it"
            raise WorkbenchError(f"{path}, line 1: the column {name!r} is missing: {mend}")
    if "" in names or len(set(names)) < len(names):
        raise WorkbenchError(f"{path}, line 1: give every column a name, and none to two of them")


def _cells(path: Path, number: int, names: list[str], fields: list[str]) -> dict[str, str]:
    if len(fields) != len(names):
        raise WorkbenchError(
            f"{path}, line {number}: its fields are {len(fields)} and the columns {len(names)}: "
            "put quotes around a field that holds a comma"
        )
    return dict(zip(names, fields, strict=True))


def write_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write CSV with Unix line ends, numbers in full, empty for None.

    A text that a spreadsheet would take for a formula begins with an apostrophe, which `Row` takes
    off again.
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(map(_harmless, columns))
    writer.writerows(map(_harmless, row) for row in rows)
    return target.getvalue()


def _harmless(value: Any) -> Any:
    is_formula = isinstance(value, str) and value.startswith(_FORMULAS) and as_number(value) is None
    return f"'{value}" if is_formula else value
