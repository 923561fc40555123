"""The word pieces of passages under a tokenizer, as the engine's own encoding makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.notebook.examples.highlighting import Passage, Piece, Segmentation
from workbench.tasks.encoding import UNCUT, encode_texts, encode_words

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def segment(
    tokenizer: PreTrainedTokenizerBase,
    passages: tuple[Passage, ...],
    max_length: int,
    keep_first: bool = False,
) -> tuple[Segmentation, ...]:
    """Return the pieces of an example's one or two passages, and how many of each are kept.

    Parameters
    ----------
    tokenizer
        A fast tokenizer.
    passages
        A text, words, or a pair of texts.
    max_length
        Pieces an example may have, special ones included.
    keep_first
        Whether a pair is cut in its second text alone.
    """
    whole, kept = (
        _encoded(tokenizer, passages, length, keep_first) for length in (UNCUT, max_length)
    )
    return tuple(
        Segmentation(
            tuple(_piece(whole, place, passage, tokenizer) for place in _places(whole, sequence)),
            len(_places(kept, sequence)),
        )
        for sequence, passage in enumerate(passages)
    )


def count(segmentations: tuple[Segmentation, ...], special: int, limit: int) -> str:
    """Say how many pieces an example has, and what of it is lost.

    Parameters
    ----------
    segmentations
        Of its passages.
    special
        Special pieces that are added.
    limit
        Pieces an example may have, special ones included.

    Examples
    --------
    >>> count((Segmentation((Piece(0, 1), Piece(1, 2, unknown=True)), 1),), 2, 3)
    '4 word pieces, 1 unknown, 1 cut off beyond 3'
    """
    pieces = [piece for each in segmentations for piece in each.pieces]
    unknown = sum(piece.unknown for piece in pieces)
    lost = sum(len(each.pieces) - each.kept for each in segmentations)
    facts = [f"{len(pieces) + special} word pieces"]
    facts += [f"{unknown} unknown"] if unknown else []
    facts += [f"{lost} cut off beyond {limit}"] if lost else []
    return ", ".join(facts)


def _encoded(
    tokenizer: PreTrainedTokenizerBase,
    passages: tuple[Passage, ...],
    max_length: int,
    keep_first: bool,
) -> Any:
    """Return the encoding of one example, with the place of every piece in the text."""
    first = passages[0]
    if first.words:
        words = [first.text[start:end] for start, end in first.words]
        encoding = encode_words(tokenizer, [words], max_length)
    else:
        pair = [passages[1].text] if len(passages) > 1 else None
        encoding = encode_texts(tokenizer, [first.text], max_length, pair, keep_first)
    assert encoding.encodings, "the tokenizer is not a fast one"
    return encoding.encodings[0]


def _places(encoding: Any, sequence: int) -> list[int]:
    """Return where the pieces of the first or second text are."""
    return [place for place, found in enumerate(encoding.sequence_ids) if found == sequence]


def _piece(
    encoding: Any, place: int, passage: Passage, tokenizer: PreTrainedTokenizerBase
) -> Piece:
    start, end = encoding.offsets[place]
    if passage.words:
        # The engine's words begin with a space, which is no character of the passage.
        first, last = passage.words[encoding.word_ids[place]]
        start, end = first + max(start - 1, 0), min(first + end - 1, last)
    elif passage.text[start:end].startswith(" "):
        start += 1
    return Piece(start, max(start, end), encoding.ids[place] == tokenizer.unk_token_id)
