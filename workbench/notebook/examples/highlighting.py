"""Text as HTML with its mentions and word pieces marked; everything in it is escaped."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from workbench.notebook.figures.palette import COLOURS, translucent
from workbench.tasks.tagging import Tagging


class Piece(NamedTuple):
    """A word piece: the characters ``text[start:end]`` it stands for."""

    start: int
    end: int
    unknown: bool = False
    """Whether the tokenizer has no piece for these characters."""


@dataclass(frozen=True)
class Segmentation:
    """A text's word pieces, without special ones."""

    pieces: tuple[Piece, ...]
    kept: int
    """The first so many reach the model; the others are cut off."""


@dataclass(frozen=True)
class Passage:
    """A text, where its words are, and which of its characters are mentions.

    Positions are those of characters, as in ``text[start:end]``. A text that was not split into
    words has none.
    """

    text: str
    words: tuple[tuple[int, int], ...] = ()
    mentions: tuple[tuple[int, int], ...] = ()
    kinds: tuple[str, ...] = ()
    """The type of each mention, for those that have one."""


class _Stretch(NamedTuple):
    """Characters that are marked alike."""

    text: str
    mention: int
    """Which mention, -1 for none: mentions side by side stay two."""
    cut: bool
    boundary: bool
    """Whether a word piece begins here, inside a word."""
    unknown: bool


def tagged(words: Sequence[str], tags: Sequence[int] | np.ndarray, shape: Tagging) -> Passage:
    """Return words, joined by single spaces, with the mentions that their tags name.

    The spaces are not part of the data; that `( BRCA1 )` is three words stays visible. A mention
    reaches from its first word to its last, the spaces between them included.

    Parameters
    ----------
    words
        Of one sentence.
    tags
        Indices into the labels of the shape, one a word.
    shape
        Tells what the tags mean.
    """
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    places = [(int(end) - len(word), int(end)) for word, end in zip(words, ends, strict=True)]
    found = shape.spans(np.asarray(tags, np.int64), np.arange(len(words)) == 0)
    firsts, lasts, kinds = map(np.ndarray.tolist, found)
    mentions = tuple(
        (places[first][0], places[last - 1][1]) for first, last in zip(firsts, lasts, strict=True)
    )
    named = tuple(shape.kinds[kind] for kind in kinds)
    return Passage(" ".join(words), tuple(places), mentions, named)


def marked(text: str) -> Passage:
    """Return a text with what stands for its entities, such as ``@GENE$``, as mentions."""
    return Passage(text, mentions=tuple(found.span() for found in _ENTITY.finditer(text)))


_ENTITY = re.compile(r"@[A-Z]+(-[A-Z]+)*\$")
"""What BLURB's scripts put in the place of an entity, or of two that overlap."""


def highlighted(passage: Passage, segmentation: Segmentation | None = None) -> str:
    """Return a passage as HTML: mentions in ``<mark>``, what is cut off in ``<del>``.

    Parameters
    ----------
    passage
        What to show.
    segmentation
        Its word pieces; where they are given, a thin line stands where a piece begins inside a
        word, and what the tokenizer does not know is named ``[UNK]``.
    """
    stretches = _stretches(passage, segmentation)
    return "".join(
        _mentioned(number, _rest(group), passage.kinds)
        for number, group in groupby(stretches, key=lambda stretch: stretch.mention)
    )


def _mentioned(number: int, inner: str, kinds: tuple[str, ...]) -> str:
    if number < 0:
        return inner
    kind = kinds[number] if kinds else ""
    return f"<mark>{inner}{f'<sub> {escape(kind)}</sub>' if kind else ''}</mark>"


def _rest(stretches: Iterable[_Stretch]) -> str:
    """Return stretches of one mention, those that are cut off in ``<del>``."""
    return "".join(
        f'<del title="cut off">{inner}</del>' if cut else inner
        for cut, group in groupby(stretches, key=lambda stretch: stretch.cut)
        for inner in ["".join(map(_written, group))]
    )


def _written(stretch: _Stretch) -> str:
    text = escape(stretch.text)
    if stretch.unknown:
        text = f'<span class="wb-unknown">{text}<sub>[UNK]</sub></span>'
    return f'<i aria-hidden="true"></i>{text}' if stretch.boundary else text


def _stretches(passage: Passage, segmentation: Segmentation | None) -> Iterator[_Stretch]:
    """Cut a text wherever its marks change."""
    text, pieces = passage.text, segmentation.pieces if segmentation else ()
    cut = _cut_off(segmentation, len(text)) if segmentation else len(text)
    unknown = {piece.start: piece.end for piece in pieces if piece.unknown}
    inside = {
        piece.start for piece in pieces if piece.start and not text[piece.start - 1].isspace()
    }
    ends = {end for mention in passage.mentions for end in mention}
    places = sorted({0, cut, len(text), *ends, *inside, *unknown, *unknown.values()})
    for start, end in pairwise(places):
        mention = _mention_at(passage, start)
        known = not any(first <= start < last for first, last in unknown.items())
        yield _Stretch(text[start:end], mention, start >= cut, start in inside, not known)


def _cut_off(segmentation: Segmentation, end: int) -> int:
    """Return the first character that is cut off, the text's end where none is."""
    lost = segmentation.pieces[segmentation.kept :]
    return lost[0].start if lost else end


def _mention_at(passage: Passage, place: int) -> int:
    found = (i for i, (start, end) in enumerate(passage.mentions) if start <= place < end)
    return next(found, -1)


def listed(labels: Sequence[str], nothing: str = "no label") -> str:
    """Return labels as an HTML list; without any, what to say instead."""
    if not labels:
        return f'<p class="wb-quiet">{escape(nothing)}</p>'
    items = "".join(f"<li>{escape(label)}</li>" for label in labels)
    return f'<ul class="wb-labels" aria-label="labels">{items}</ul>'


STYLE = f"""
.wb-examples {{ color: var(--jp-ui-font-color1, inherit); line-height: 1.7; max-width: 70em; }}
.wb-examples article {{ border-top: 1px solid var(--jp-border-color2, #8884); padding: 8px 0; }}
.wb-examples h4 {{ margin: 0; font-weight: 600; }}
.wb-examples p, .wb-examples ul, .wb-examples table {{ margin: 2px 0; }}
.wb-examples .wb-quiet, .wb-examples h4, .wb-examples th {{
  color: var(--jp-ui-font-color2, inherit); font-size: var(--jp-ui-font-size1, 13px); }}
.wb-examples .wb-text {{ overflow-wrap: anywhere; }}
.wb-examples .wb-sides {{ display: flex; flex-wrap: wrap; gap: 4px 24px; }}
.wb-examples .wb-sides > p {{ flex: 1 1 18em; }}
.wb-examples mark {{ color: inherit; background: {translucent(COLOURS[0], 0.22)};
  border-bottom: 2px solid {COLOURS[0]}; border-radius: 2px; padding: 1px 0;
  box-decoration-break: clone; -webkit-box-decoration-break: clone; }}
.wb-examples i {{ border-left: 1px solid {COLOURS[2]}; margin: 0 1px; }}
.wb-examples del {{ text-decoration: underline dotted; color: var(--jp-ui-font-color2, inherit);
  background: var(--jp-layout-color2, #8882); }}
.wb-examples .wb-unknown {{ border-bottom: 2px dashed {COLOURS[1]}; }}
.wb-examples .wb-labels {{ display: flex; flex-wrap: wrap; gap: 4px; padding: 0;
  list-style: none; }}
.wb-examples .wb-labels li {{ background: {translucent(COLOURS[0], 0.22)}; border-radius: 3px;
  border-left: 3px solid {COLOURS[0]}; padding: 0 6px; }}
.wb-examples th {{ font-weight: 400; text-align: left; vertical-align: top; white-space: nowrap;
  padding-right: 12px; }}
.wb-examples td {{ text-align: left; }}
.wb-examples svg {{ display: block; max-width: 100%; }}
"""
"""The style sheet of this HTML, which stands in an element of the class ``wb-examples``."""
