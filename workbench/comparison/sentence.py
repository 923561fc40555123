"""What a sentence about a table of comparisons is: a question, its answer, and the words for both.

Every question that is ever answered is registered here, so that a test can hold each of them to
three cases: one where it must say yes, one where it must say no, and one where it must say
undecided.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from numbers import Real
from typing import Any

from workbench.analysis.intervals import ROUNDING

Row = Mapping[str, Any]
"""A row of the table of comparisons."""


class Answer(StrEnum):
    """What is said to a question."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Sentence:
    """An answer in words."""

    question: str
    """Its key in `QUESTIONS`."""
    answer: Answer
    text: str
    group: str = ""
    """The group it is about; empty where it is about several."""

    @property
    def expected(self) -> bool:
        """Whether it says what readers take for granted, so that it may stay unsaid."""
        return QUESTIONS[self.question].expected is self.answer


@dataclass(frozen=True)
class Question:
    """What can be asked."""

    text: str
    expected: Answer | None = None
    """The answer that readers take for granted."""


QUESTIONS: dict[str, Question] = {}
"""Every question by its key."""


def ask(key: str, text: str, expected: Answer | None = None) -> str:
    """Register a question and return its key."""
    QUESTIONS[key] = Question(text, expected)
    return key


def known(value: Any) -> bool:
    """Tell whether a cell holds a finite number."""
    return isinstance(value, Real) and isfinite(value)


def either(yes: bool, no: bool) -> Answer:
    """Return the answer that holds; undecided where none does, or where both would."""
    if yes == no:
        return Answer.UNDECIDED
    return Answer.YES if yes else Answer.NO


def above(number: float, border: float = 0.0) -> bool:
    """Tell whether a limit lies above a border by more than rounding."""
    return number - border > ROUNDING


def below(number: float, border: float = 0.0) -> bool:
    """Tell whether a limit lies below a border by more than rounding."""
    return border - number > ROUNDING


def in_points(value: float, low: float, high: float) -> str:
    """Write a raw difference and its limits times 100, such as ``"+2.3 [+0.4, +4.2] points"``.

    One decimal, or as many as it takes to show on which side of 0 an interval lies.
    """
    decimals = places(100 * low, 100 * high, 0, 1)
    written, *ends = (f"{100 * number:+.{decimals}f}" for number in (value, low, high))
    return f"{written} [{', '.join(ends)}] points" if isfinite(low + high) else f"{written} points"


def places(low: float, high: float, border: float, fewest: int) -> int:
    """Return how many decimals show on which side of a border an interval lies.

    Parameters
    ----------
    low, high
        The interval.
    border
        What it includes or excludes.
    fewest
        Decimals that are written in any case, and where the border lies inside.
    """
    if not (above(low, border) or below(high, border)):
        return fewest
    end = min(low, high, key=lambda limit: abs(limit - border))
    return next((n for n in range(fewest, 14) if round(end, n) != border), 14)


def listed(names: Iterable[str]) -> str:
    """Write names as a list in a sentence: ``"a, b and c"``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def in_words(sentences: Iterable[Sentence]) -> str:
    """Return sentences as a Markdown list, without those that only say what is expected."""
    return "\n".join(f"- {each.text}" for each in sentences if not each.expected)
