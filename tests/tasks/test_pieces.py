"""Lengths and fragmentation, against pieces counted by hand."""

import numpy as np
import pytest

from workbench.tasks import pieces
from workbench.tasks.loading import load
from workbench.tasks.pieces import fragmentation, length_row, lengths, word_counts


def test_words_of_a_text_are_what_stands_between_spaces():
    inputs = {"train": [("A b, (c) d's -- b.",)], "dev": [("b", "e. ;")], "test": []}
    assert word_counts(inputs, divided=False) == {"A": 1, "b": 3, "c": 1, "d's": 1, "--": 1, "e": 1}


def test_words_that_are_given_stay():
    inputs = {"train": [("A", "b,", "(", "b,")], "dev": [], "test": []}
    assert word_counts(inputs, divided=True) == {"A": 1, "b,": 2, "(": 1}


def test_fragmentation_by_hand(bert, monkeypatch):
    monkeypatch.setattr(pieces, "CHUNK", 2)
    told = []
    # heart; electro-card-io-gram; unknown; heart-'-s: as BERT's vocabulary cuts them.
    words = {"heart": 5, "electrocardiogram": 2, "\N{SNOWMAN}": 1, "heart's": 2}
    assert bert.tokenize("electrocardiogram") == ["electro", "##card", "##io", "##gram"]
    found = fragmentation(words, bert, told.append)
    assert found == {
        "words": 10,
        "distinct": 4,
        "pieces per word": pytest.approx((5 * 1 + 2 * 4 + 1 + 2 * 3) / 10),
        "split": pytest.approx(0.4),
        "unknown": pytest.approx(0.1),
    }
    assert told == [2, 2]


def test_texts_without_a_word_have_no_shares(bert):
    found = fragmentation(word_counts({"train": [("...", "?")]}, divided=False), bert)
    assert found == dict.fromkeys(("words", "distinct", "pieces per word", "split", "unknown"), 0)


def test_words_do_not_stick_together_under_a_byte_level_tokenizer(roberta):
    alone = [len(roberta.tokenize(f" {word}")) for word in ("breast", "cancer")]
    found = fragmentation({"breast": 1, "cancer": 1}, roberta)
    assert found["pieces per word"] == sum(alone) / 2


def test_quantiles_and_what_is_cut():
    row = length_row(np.arange(1, 101), limit=90)
    assert row == {
        "median": 50,
        "90%": 90,
        "99%": 99,
        "longest": 100,
        "limit": 90,
        "cut": 10,
        "share": 0.1,
    }
    assert length_row(np.array([7]), limit=7)["cut"] == 0


@pytest.mark.parametrize("shape", ["similarity", "document", "mention"])
def test_lengths_are_those_of_the_engine(shape, tokenizer, monkeypatch):
    monkeypatch.setattr(pieces, "CHUNK", 7)
    task, told = load(f"miniature-{shape}:size=8"), []
    found = lengths(task, "dev", tokenizer, told.append)
    encoded = task.shape.encode(task.splits["dev"], tokenizer, 512)
    assert found.tolist() == encoded.lengths.tolist()
    assert sum(told) == len(found) and len(told) == -(-len(found) // 7)
