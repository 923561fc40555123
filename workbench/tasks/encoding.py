"""Turning texts into word pieces in one call of the fast tokenizer, nothing padded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from transformers import BatchEncoding, PreTrainedTokenizerBase


def encode_texts(
    tokenizer: PreTrainedTokenizerBase,
    texts: list[str],
    max_length: int,
    pairs: list[str] | None = None,
) -> BatchEncoding:
    """Encode texts, or pairs of texts, cut to a length.

    A pair that is too long loses pieces from whichever text is longer at that moment.

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
    """
    return tokenizer(texts, pairs, truncation="longest_first", max_length=max_length)


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
