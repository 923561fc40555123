"""Turning texts into word pieces in one call of the fast tokenizer, nothing padded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import BatchEncoding, PreTrainedTokenizerBase


UNCUT = 1 << 30
"""More word pieces than any text has."""


def encode_texts(
    tokenizer: PreTrainedTokenizerBase,
    texts: list[str],
    max_length: int,
    pairs: list[str] | None = None,
    keep_first: bool = False,
) -> BatchEncoding:
    """Encode texts, or pairs of texts, cut to a length.

    A pair that is too long loses pieces from whichever text is longer at that moment, or from the
    second alone.

    Parameters
    ----------
    tokenizer
        A fast tokenizer.
    texts
        One text an example.
    max_length
        Word pieces an example may have, special ones included.
    pairs
        The second text of each example.
    keep_first
        Whether a pair is cut in its second text alone. Where the first leaves no room for the
        second, both are cut, since something must be.
    """
    if pairs is None or not keep_first:
        return tokenizer(texts, pairs, truncation="longest_first", max_length=max_length)
    found: list[Any] = [None] * len(texts)
    room = _room_of_second(tokenizer, texts, max_length)
    for strategy, chosen in (("only_second", room > 0), ("longest_first", room <= 0)):
        places = np.flatnonzero(chosen).tolist()
        first, second = ([side[place] for place in places] for side in (texts, pairs))
        if places:
            part = tokenizer(first, second, truncation=strategy, max_length=max_length)
            for place, encoding in zip(places, part.encodings, strict=True):
                found[place] = encoding
    return _batch(tokenizer, found)


def columns(records: Dataset, names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the texts of each record that stand in the one or two columns named."""
    # A slice of a column is read at once, its items one by one.
    return list(zip(*(records[name][:] for name in names), strict=True))


def encode_columns(
    tokenizer: PreTrainedTokenizerBase,
    records: Dataset,
    columns: tuple[str, ...],
    max_length: int,
    keep_first: bool = False,
) -> BatchEncoding:
    """Encode the one or two columns of records that hold texts: see `encode_texts`."""
    texts = [records[column][:] for column in columns]
    second = texts[1] if len(texts) > 1 else None
    return encode_texts(tokenizer, texts[0], max_length, second, keep_first)


def encode_words(
    tokenizer: PreTrainedTokenizerBase, sentences: list[list[str]], max_length: int
) -> BatchEncoding:
    """Encode sentences that are split into words already.

    Parameters
    ----------
    tokenizer
        A fast tokenizer.
    sentences
        The words of each sentence.
    max_length
        Word pieces a sentence may have, special ones included.

    Notes
    -----
    A word of which the tokenizer leaves nothing (a lone control character) is encoded as its
    unknown token, so that the words that have pieces are always the first ones of a sentence.
    """
    encoding = _encode_split(tokenizer, sentences, max_length)
    silent = _words_without_pieces(encoding)
    if not any(silent):
        return encoding
    return _encode_split(tokenizer, _with_unknown(tokenizer, sentences, silent), max_length)


def first_pieces(encoding: BatchEncoding) -> np.ndarray:
    """Mark the first piece of each word, ``bool [tokens]``, from what `encode_words` returned.

    Within a sentence the marked pieces belong to its first, second, third word and so on.
    """
    words = [encoding.word_ids(sentence) for sentence in range(len(encoding["input_ids"]))]
    marks = [
        word is not None and (place == 0 or ids[place - 1] != word)
        for ids in words
        for place, word in enumerate(ids)
    ]
    return np.asarray(marks, bool)


def flatten(encoding: BatchEncoding) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Put every example's pieces on one line.

    Returns
    -------
    tuple of numpy.ndarray
        ``token_ids`` ``int32 [tokens]``, ``segments`` ``int8 [tokens]`` (zeros where the
        tokenizer knows none) and ``offsets`` ``int64 [examples + 1]``, as in `task.Encoded`.
    """
    token_ids = encoding["input_ids"]
    offsets = np.concatenate([[0], np.cumsum([len(ids) for ids in token_ids])])
    line = np.concatenate([np.asarray(ids, np.int32) for ids in token_ids])
    if "token_type_ids" not in encoding:
        return line, np.zeros(len(line), np.int8), offsets.astype(np.int64)
    segments = np.concatenate([np.asarray(ids, np.int8) for ids in encoding["token_type_ids"]])
    return line, segments, offsets.astype(np.int64)


def _room_of_second(
    tokenizer: PreTrainedTokenizerBase, texts: list[str], max_length: int
) -> np.ndarray:
    """Return the pieces that each first text leaves to its second, ``int64 [examples]``."""
    alone = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    special = tokenizer.num_special_tokens_to_add(pair=True)
    return max_length - special - np.array([len(ids) for ids in alone])


def _batch(tokenizer: PreTrainedTokenizerBase, encodings: list[Any]) -> BatchEncoding:
    """Put encodings of single examples together as the tokenizer does."""
    from transformers import BatchEncoding

    data = {"input_ids": [encoding.ids for encoding in encodings]}
    if "token_type_ids" in tokenizer.model_input_names:
        data["token_type_ids"] = [encoding.type_ids for encoding in encodings]
    return BatchEncoding(data, encodings)


def _encode_split(
    tokenizer: PreTrainedTokenizerBase, sentences: list[list[str]], max_length: int
) -> BatchEncoding:
    # Byte-level tokenizers (RoBERTa) tell a new word by the space before it, and would glue the
    # words of a sentence together without one; BERT's drop the space.
    spaced = [[f" {word}" for word in words] for words in sentences]
    return tokenizer(spaced, is_split_into_words=True, truncation=True, max_length=max_length)


def _words_without_pieces(encoding: BatchEncoding) -> list[set[int]]:
    """Return, for each sentence, the words that have no piece although a later word has one."""
    silent = []
    for sentence in range(len(encoding["input_ids"])):
        seen = {word for word in encoding.word_ids(sentence) if word is not None}
        silent.append(set(range(max(seen, default=0))) - seen)
    return silent


def _with_unknown(
    tokenizer: PreTrainedTokenizerBase, sentences: list[list[str]], silent: list[set[int]]
) -> list[list[str]]:
    return [
        [tokenizer.unk_token if place in gone else word for place, word in enumerate(words)]
        for words, gone in zip(sentences, silent, strict=True)
    ]
