"""Word pieces of texts, pairs and words, for both families of tokenizers."""

import numpy as np
import pytest

from workbench.tasks.encoding import encode_texts, encode_words, first_pieces, flatten

WORDS = ["aspirin", "inhibits", "TP53", "in", "cells", "."]


def pieces(tokenizer, encoding, example=0):
    return tokenizer.convert_ids_to_tokens(encoding["input_ids"][example])


def test_flatten_keeps_every_piece_and_no_padding(tokenizer):
    texts = ["aspirin", "aspirin inhibits TP53 in breast cancer cells ."]
    token_ids, segments, offsets = flatten(encode_texts(tokenizer, texts, 64))
    for example, text in enumerate(texts):
        line = token_ids[offsets[example] : offsets[example + 1]]
        assert line.tolist() == tokenizer(text)["input_ids"]
    assert offsets.tolist()[0] == 0 and offsets[-1] == len(token_ids) == len(segments)
    assert (token_ids.dtype, segments.dtype, offsets.dtype) == (np.int32, np.int8, np.int64)


def test_only_bert_has_a_second_segment(bert, roberta):
    for tokenizer, segments in ((bert, {0, 1}), (roberta, {0})):
        encoding = encode_texts(tokenizer, ["aspirin"], 64, ["cancer"])
        assert set(flatten(encoding)[1].tolist()) == segments


def test_a_pair_loses_pieces_of_its_longer_text_first(bert):
    encoding = encode_texts(bert, ["cancer"], 8, ["cells in cells in cells in cells in cells"])
    assert pieces(bert, encoding)[:3] == ["[CLS]", "cancer", "[SEP]"]
    assert len(encoding["input_ids"][0]) == 8


def test_words_keep_their_own_pieces(tokenizer):
    encoding = encode_words(tokenizer, [WORDS], 64)
    joined = tokenizer(" " + " ".join(WORDS))
    assert encoding["input_ids"][0] == joined["input_ids"]
    assert first_pieces(encoding).sum() == len(WORDS)


def test_byte_level_words_start_with_a_space(roberta):
    encoding = encode_words(roberta, [WORDS], 64)
    firsts = np.array(pieces(roberta, encoding))[first_pieces(encoding)]
    assert [piece[0] for piece in firsts] == ["\u0120"] * len(WORDS)


def test_a_word_without_pieces_is_encoded_as_unknown(bert):
    encoding = encode_words(bert, [["cancer", "\u200b", "cells"], ["cells"]], 64)
    assert pieces(bert, encoding) == ["[CLS]", "cancer", "[UNK]", "cells", "[SEP]"]
    assert first_pieces(encoding).tolist() == [0, 1, 1, 1, 0, 0, 1, 0]


def test_the_first_piece_of_a_long_word_is_marked(bert):
    encoding = encode_words(bert, [["acetylsalicylic", "cancer"]], 64)
    marked = np.array(pieces(bert, encoding))[first_pieces(encoding)]
    assert marked.tolist() == ["ace", "cancer"]


@pytest.mark.parametrize("limit", range(6, 20))
def test_a_first_text_is_kept_while_it_leaves_room(tokenizer, limit):
    first, second = "in cells in cells .", "cancer cells in cells in cells ."
    alone = tokenizer(first, add_special_tokens=False)["input_ids"]
    whole = tokenizer(first, second)["input_ids"]
    special = tokenizer.num_special_tokens_to_add(pair=True)
    encoding = encode_texts(tokenizer, [first], limit, [second], keep_first=True)
    found = encoding["input_ids"][0]
    assert len(found) == min(limit, len(whole))
    if limit - special > len(alone):
        assert found[:-1] == whole[: len(found) - 1]


def test_one_long_first_text_does_not_disturb_the_others(tokenizer):
    firsts = ["why", "in cells " * 50, "TP53"]
    seconds = ["cancer cells " * 20, "cancer", ""]
    encoding = encode_texts(tokenizer, firsts, 16, seconds, keep_first=True)
    token_ids, segments, offsets = flatten(encoding)
    for example, pair in enumerate(zip(firsts, seconds, strict=True)):
        own = encode_texts(tokenizer, [pair[0]], 16, [pair[1]], keep_first=True)
        own_ids, own_segments, _ = flatten(own)
        part = slice(offsets[example], offsets[example + 1])
        assert token_ids[part].tolist() == own_ids.tolist()
        assert segments[part].tolist() == own_segments.tolist()
    assert np.diff(offsets).tolist()[1] == 16


def test_keeping_the_first_changes_nothing_that_fits(tokenizer):
    plain, kept = (
        flatten(encode_texts(tokenizer, ["why", "TP53"], 64, ["cancer", "cells"], keep_first=keep))
        for keep in (False, True)
    )
    for one, other in zip(plain, kept, strict=True):
        assert one.tolist() == other.tolist() and one.dtype == other.dtype
