"""Tagged words: reading, encoding and scoring over every word."""

from itertools import chain

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score

from workbench.tasks.blurb.words import read_mentions
from workbench.tasks.mention import BEGIN, INSIDE, OUTSIDE, TAGS, Mention
from workbench.tasks.task import IGNORED

SHAPE = Mention()
WORDS = [["cancer", "of", "acetylsalicylic", "cells"], ["TP53", "."]]
GOLD = [[BEGIN, OUTSIDE, BEGIN, INSIDE], [BEGIN, OUTSIDE]]


@pytest.fixture
def records():
    return Dataset.from_dict({"words": WORDS, "tags": GOLD})


def outputs_for(encoded, tags):
    """Give every labelled piece an output that says its tag, and the others nonsense."""
    outputs = np.full((len(encoded.labels), len(TAGS)), np.nan)
    outputs[encoded.labels != IGNORED] = np.eye(len(TAGS))[tags]
    return outputs


def test_first_pieces_carry_the_labels(records, bert):
    encoded = SHAPE.encode(records, bert, 64)
    pieces = np.array(bert.convert_ids_to_tokens(encoded.token_ids.tolist()))
    labelled = encoded.labels != IGNORED
    assert pieces[labelled].tolist() == ["cancer", "of", "ace", "cells", "t", "."]
    assert encoded.labels[labelled].tolist() == GOLD[0] + GOLD[1]
    assert encoded.labels.dtype == np.int64


def test_every_word_has_a_prediction(records, tokenizer):
    encoded = SHAPE.encode(records, tokenizer, 64)
    predictions = SHAPE.predict(records, encoded, outputs_for(encoded, GOLD[0] + GOLD[1]))
    assert predictions.tolist() == GOLD[0] + GOLD[1] and predictions.dtype == np.int8
    expected = {"entity_f1": 1, "precision": 1, "recall": 1}
    assert SHAPE.score(records, predictions) == pytest.approx(expected)


def test_words_that_are_cut_off_are_predicted_outside(records, bert):
    encoded = SHAPE.encode(records, bert, 4)
    assert (encoded.labels != IGNORED).sum() == 2 + 1
    predictions = SHAPE.predict(records, encoded, outputs_for(encoded, [BEGIN, OUTSIDE, BEGIN]))
    assert predictions.tolist() == [BEGIN, OUTSIDE, OUTSIDE, OUTSIDE, BEGIN, OUTSIDE]
    # Two of the three gold mentions remain; the third is missed, not dropped.
    assert SHAPE.score(records, predictions)["recall"] == pytest.approx(2 / 3)


def test_a_word_without_pieces_does_not_shift_the_others(bert):
    records = Dataset.from_dict({"words": [["\u200b", "cancer"]], "tags": [[OUTSIDE, BEGIN]]})
    encoded = SHAPE.encode(records, bert, 64)
    predictions = SHAPE.predict(records, encoded, outputs_for(encoded, [OUTSIDE, BEGIN]))
    assert predictions.tolist() == [OUTSIDE, BEGIN]


@given(st.lists(st.lists(st.sampled_from(range(3)), min_size=1, max_size=9), min_size=1), st.data())
def test_predict_undoes_encode_at_any_length(bert, sentences, data):
    words = [["acetylsalicylic"] * len(tags) for tags in sentences]
    records = Dataset.from_dict({"words": words, "tags": sentences})
    limit = data.draw(st.integers(4, 40))
    encoded = SHAPE.encode(records, bert, limit)
    labelled = encoded.labels[encoded.labels != IGNORED]
    # The word has pieces of its own number; two places go to [CLS] and [SEP].
    size = len(bert.tokenize("acetylsalicylic"))
    seen = -(-(limit - 2) // size)
    expected = [tags[:seen] + [OUTSIDE] * (len(tags) - seen) for tags in sentences]
    predictions = SHAPE.predict(records, encoded, outputs_for(encoded, labelled))
    assert predictions.tolist() == list(chain(*expected))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        # All B: one of 4 words is a whole mention; F1 = 2 * 1 / (4 + 2).
        ([[BEGIN, OUTSIDE, BEGIN, INSIDE]], 1 / 3),
        # All I: each sentence is one mention, which one sentence is; F1 = 2 * 1 / (2 + 1).
        ([[BEGIN, INSIDE, INSIDE], [OUTSIDE]], 2 / 3),
        ([[OUTSIDE, OUTSIDE]], 0.0),
    ],
)
def test_best_constant_score_by_hand(tags, expected):
    records = Dataset.from_dict({"words": [["a"] * len(line) for line in tags], "tags": tags})
    assert SHAPE.best_constant_score(records) == pytest.approx(expected)


def test_best_constant_loss_is_the_entropy_of_the_tags(records, bert):
    shares = np.array([3, 1, 2]) / 6
    expected = -(shares * np.log(shares)).sum()
    assert SHAPE.best_constant_loss(SHAPE.encode(records, bert, 64)) == pytest.approx(expected)


def test_units_are_sentences_and_counts_are_mentions(records):
    assert SHAPE.units(records).tolist() == [0, 1] and SHAPE.count(records) == 3


def test_real_sentences_lose_no_word(corpora, bert):
    records = read_mentions(corpora / "NCBI-disease" / "dev.tsv")
    encoded = SHAPE.encode(records, bert, 512)
    assert (encoded.labels != IGNORED).sum() == sum(map(len, records["tags"]))


TYPED = Mention(("B-G", "I-G", "B-D", "I-D", "O"))
NAMES = np.array(TYPED.labels)
TAGGED = st.lists(
    st.lists(st.tuples(*[st.sampled_from(range(5))] * 2), min_size=1), min_size=1, max_size=6
)


@given(TAGGED)
def test_typed_mentions_agree_with_seqeval(sentences):
    sides = [[[word[side] for word in words] for words in sentences] for side in (0, 1)]
    records = Dataset.from_dict({"words": [["a"] * len(x) for x in sentences], "tags": sides[0]})
    scores = TYPED.score(records, np.array(list(chain(*sides[1])), np.int8))
    named = [[NAMES[tags].tolist() for tags in side] for side in sides]
    scorers = {"entity_f1": f1_score, "precision": precision_score, "recall": recall_score}
    expected = {name: scorer(*named, zero_division=0) for name, scorer in scorers.items()}
    assert scores == pytest.approx(expected)


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        ([0, 1, 4, 2], 1.0),
        # The right words and the wrong type.
        ([2, 3, 4, 2], 0.5),
        # An I of another type opens a mention: three are predicted, of which one is right.
        ([0, 3, 4, 2], 2 / 5),
        ([4, 4, 4, 4], 0.0),
        ([0, 0, 0, 0], 0.0),
    ],
    ids=["perfect", "wrong type", "mixed types", "all O", "one label"],
)
def test_typed_mentions_by_hand(predicted, expected):
    records = Dataset.from_dict({"words": [["a"] * 4], "tags": [[0, 1, 4, 2]]})
    scores = TYPED.score(records, np.array(predicted, np.int8))
    assert scores["entity_f1"] == pytest.approx(expected)


def test_types_are_named():
    firsts, ends, kinds = TYPED.spans(np.array([0, 1, 2]), np.array([True, False, False]))
    assert [firsts.tolist(), ends.tolist()] == [[0, 2], [2, 3]]
    assert [TYPED.kinds[kind] for kind in kinds] == ["G", "D"]
    assert SHAPE.kinds == ("",)


def test_strata_tell_sentences_with_mentions(records):
    assert SHAPE.strata(records).tolist() == [1, 1]
    empty = Dataset.from_dict({"words": [["a"], ["b"]], "tags": [[OUTSIDE], [BEGIN]]})
    assert SHAPE.strata(empty).tolist() == [0, 1]
