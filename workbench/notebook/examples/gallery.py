"""A split page by page: what a search finds, and the HTML of one page of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from workbench.notebook.examples.disagreement import most_disputed
from workbench.notebook.examples.highlighting import Passage, Segmentation, highlighted
from workbench.notebook.examples.reading import Reader, read, read_scored
from workbench.notebook.examples.votes import Votes
from workbench.tasks.loading import LoadedTask

PER_PAGE = 10
"""Records on a page; no more are ever in the browser."""

Segment = Callable[[tuple[Passage, ...]], tuple[tuple[Segmentation, ...], str]]
"""Returns the word pieces of a record's passages, and a sentence on their number."""


@dataclass(frozen=True)
class Card:
    """One record on the page.

    Attributes
    ----------
    title
        Which one it is.
    passages, segmentations
        Its texts, and their word pieces where these are shown.
    facts, answers
        HTML: the gold answer, and what runs answered.
    """

    title: str
    passages: tuple[Passage, ...]
    facts: str = ""
    segmentations: tuple[Segmentation, ...] = ()
    answers: str = ""

    @property
    def html(self) -> str:
        """The record as an HTML article."""
        pieces = self.segmentations or (None,) * len(self.passages)
        texts = "".join(
            f'<p class="wb-text">{highlighted(passage, segmentation)}</p>'
            for passage, segmentation in zip(self.passages, pieces, strict=True)
        )
        if len(self.passages) > 1:
            texts = f'<div class="wb-sides">{texts}</div>'
        return f"<article><h4>{escape(self.title)}</h4>{texts}{self.facts}{self.answers}</article>"


@dataclass(frozen=True)
class Gallery:
    """Records in the order in which they are shown.

    Attributes
    ----------
    name
        What the records are, such as ``"test"``.
    reader
        The records.
    order
        Which of them are shown, first to last.
    seeds, predictions
        Where runs answered to the records: their seeds, and each record's ``[runs, answers]``.
    note
        A sentence above the page.
    """

    name: str
    reader: Reader
    order: Sequence[int]
    seeds: tuple[str, ...] = ()
    predictions: Sequence[np.ndarray] = ()
    note: str = ""

    def found(self, query: str) -> list[int]:
        """Return the records whose text holds the query, upper and lower case alike."""
        wanted = " ".join(query.lower().split())
        if not wanted:
            return list(self.order)
        return [item for item in self.order if wanted in self.reader.texts[item]]

    def page(self, found: Sequence[int], number: int, segment: Segment | None = None) -> str:
        """Return a page as HTML.

        Parameters
        ----------
        found
            The records that are paged through.
        number
            Which page, from 1.
        segment
            Cuts texts into word pieces; None shows none.
        """
        first = (number - 1) * PER_PAGE
        shown = found[first : first + PER_PAGE]
        place = f"{first + 1} to {first + len(shown)} of {len(found)}" if shown else "none found"
        lines = [f'<p class="wb-quiet" role="status">{escape(f"{self.name}: {place}")}</p>']
        lines += [f"<p>{escape(self.note)}</p>"] if self.note else []
        lines += [self._card(item, segment).html for item in shown]
        return f'<section class="wb-examples" aria-label="Examples">{"".join(lines)}</section>'

    def _card(self, item: int, segment: Segment | None) -> Card:
        passages, title = self.reader.passages(item), [f"{self.name} {item + 1}"]
        segmentations: tuple[Segmentation, ...] = ()
        answers = ""
        if self.seeds:
            predictions = self.predictions[item]
            title.append(self.reader.verdict(predictions))
            answers = self.reader.answered(item, predictions, self.seeds)
        if segment and self.reader.encoded_alone:
            segmentations, sentence = segment(passages)
            title.append(sentence)
        facts = self.reader.facts(item)
        return Card(", ".join(title), passages, facts, segmentations, answers)


def gallery_of(loaded: LoadedTask, split: str) -> Gallery:
    """Return a split in the order of its file."""
    reader = read(loaded, split)
    return Gallery(split, reader, range(len(reader)))


def disputed(loaded: LoadedTask, cast: Votes) -> Gallery:
    """Return the test items that runs disagree on, the most disputed first."""
    reader = read_scored(loaded)
    divided = reader.divide(cast.predictions)
    order = most_disputed([reader.amount(each) for each in divided]).tolist()
    note = f"{len(cast.seeds)} seeds disagree on {len(order)} of {len(reader)} items"
    if cast.left_out:
        gone = ", ".join(map(str, cast.left_out))
        note += f"; left out, since what they predicted are no numbers: seeds {gone}"
    return Gallery("test", reader, order, cast.seeds, divided, f"{note}.")
