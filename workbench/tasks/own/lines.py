"""Reading a file line by line: no line is read whole before it is known to be of a sane size."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.errors import WorkbenchError

LONGEST = 10_000_000
"""Bytes of a line; longer ones are no text of a document but a damaged file."""

MARK = b"\xef\xbb\xbf"
"""What some editors put in front of UTF-8."""


@dataclass(frozen=True)
class Place:
    """Where something was read, for the sentence of an error."""

    source: str
    """A file, or a dataset and its split."""
    kind: str
    """``line`` or ``row``, counted from 1."""
    number: int
    word_a_line: bool = False
    """Whether the words of a sentence stand on lines of their own from here on."""

    def word(self, position: int) -> "Place":
        """Return the place of a word of the sentence that stands here."""
        return replace(self, number=self.number + position) if self.word_a_line else self

    def damaged(self, problem: str, mend: str = "mend it") -> WorkbenchError:
        """Build the one-sentence error for what stands here; it must not quote what stands here."""
        return WorkbenchError(f"{self}: {problem}; {mend}")

    def __str__(self) -> str:
        return f"{self.source}, {self.kind} {self.number}"


def lines(path: Path, encoding: str) -> Iterator[tuple[Place, str]]:
    """Yield the lines of a file with their places, line ends left out.

    Raises
    ------
    WorkbenchError
        When there is no such file, it cannot be read or is empty, or a line is longer than
        `LONGEST` or not of the encoding.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LONGEST + 1):
                number += 1
                place = Place(str(path), "line", number)
                yield (
                    place,
                    _decoded(line.removeprefix(MARK) if number == 1 else line, encoding, place),
                )
    except OSError as problem:
        raise WorkbenchError(
            f"the data file {path} cannot be read ({problem.strerror}): correct its path or its "
            "rights"
        ) from None
    if not number:
        raise WorkbenchError(f"the data file {path} is empty: put the rows into it")


def _decoded(line: bytes, encoding: str, place: Place) -> str:
    if len(line) > LONGEST:
        raise place.damaged(
            f"the line is longer than {LONGEST // 10**6} MB", "divide it, or mend the line ends"
        )
    try:
        return line.decode(encoding).removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise place.damaged(
            f"the text is not {encoding}",
            "save the file as UTF-8, or set encoding in the task file",
        ) from None
