"""The sentences of a comparison as lists: those about one contrast stand below its first one."""

import html
import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from workbench.comparison.sentence import Sentence
from workbench.notebook.results.report import TERMINAL_WIDTH
from workbench.wording import counted

HEADING = "What it says"
"""Above the sentences, in a report."""

MOST_TOLD = 20
"""Contrasts that sentences are written about."""


class Point(NamedTuple):
    """A point of a list, and those below it."""

    text: str
    below: tuple[str, ...] = ()


def points(notes: Iterable[str], sentences: Iterable[Sentence]) -> list[Point]:
    """Return notes and sentences as a list, without those that only say what is expected.

    Of many contrasts the first are told of.
    """
    told = [each for each in sentences if not each.expected]
    about_all = [Point(each.text) for each in told if not each.group]
    contrasts = [
        Point(first.text, tuple(each.text for each in below))
        for _, (first, *below) in groupby((e for e in told if e.group), lambda each: each.group)
    ]
    left_out = len(contrasts) - MOST_TOLD
    more = []
    if left_out > 0:
        verb = "stands" if left_out == 1 else "stand"
        text = f"{counted(left_out, 'more contrast')} {verb} in the table alone"
        more = [Point(f"{text}: filter to read of them in sentences.")]
    return [*map(Point, notes), *about_all, *contrasts[:MOST_TOLD], *more]


def markdown(found: Sequence[Point]) -> str:
    """Write a list as Markdown."""
    lines = [[f"- {each.text}", *(f"  - {text}" for text in each.below)] for each in found]
    return "\n".join(line for part in lines for line in part)


def terminal(found: Sequence[Point]) -> str:
    """Write a list for a terminal, its lines broken."""
    return "\n".join(
        textwrap.fill(line, TERMINAL_WIDTH, subsequent_indent=" " * (line.index("-") + 2))
        for line in markdown(found).splitlines()
    )


def as_html(found: Sequence[Point]) -> str:
    """Write a list as HTML, every text escaped."""
    return f"<ul>{''.join(f'<li>{_item(each)}</li>' for each in found)}</ul>"


def _item(point: Point) -> str:
    below = "".join(f"<li>{html.escape(text)}</li>" for text in point.below)
    return html.escape(point.text) + (f"<ul>{below}</ul>" if below else "")
