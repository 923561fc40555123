"""Reading the benchmark's tab-separated files, and refusing damaged ones with a line number.

The files are UTF-8 with quoting off: a bare ``"`` is text.
"""

from collections.abc import Iterator
from pathlib import Path

from workbench.errors import WorkbenchError

MEND = "mend the line or replace the file with the original"


def damaged(path: Path, number: int, problem: str) -> WorkbenchError:
    """Build the one-sentence error for a line of a file, counted from 1."""
    return WorkbenchError(f"{path}, line {number}: {problem}; {MEND}")


def lines(path: Path) -> list[str]:
    """Return the lines of a file without their ends.

    Raises
    ------
    WorkbenchError
        When the file is empty, not UTF-8, or ends in the middle of a line.
    """
    content = Path(path).read_bytes()
    try:
        # Some editors put a mark in front; Windows tools end lines with two characters.
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise damaged(path, number, "the text is not UTF-8") from error
    # Not splitlines(): it also splits at characters that occur inside fields.
    *found, last = text.split("\n")
    if not text:
        raise damaged(path, 1, "the file is empty")
    if last:
        raise damaged(path, len(found) + 1, "the file ends in the middle of this line")
    return found


def rows(
    path: Path, columns: tuple[str, ...], header: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and fields of every row of a file.

    Parameters
    ----------
    path
        Of the file.
    columns
        Names of its columns.
    header
        Whether the first line is these names.

    Raises
    ------
    WorkbenchError
        When the header is missing, a row has another number of fields, or there is no row.
    """
    found = lines(path)
    if header and tuple(found.pop(0).split("\t")) != columns:
        raise damaged(path, 1, f"the header {' '.join(columns)!r}, tabs between, is missing")
    if not found:
        raise damaged(path, 2, "there is no row under the header")
    for number, line in enumerate(found, start=1 + header):
        fields = line.split("\t")
        if len(fields) != len(columns):
            raise damaged(path, number, f"{len(fields)} fields stand where {len(columns)} belong")
        yield number, fields
