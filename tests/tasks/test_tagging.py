"""Labels scored word by word, and what all tagging shares."""

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_fscore_support

from workbench.tasks.tagging import Words, sentence_starts
from workbench.tasks.task import IGNORED

LABELS = ("I-PAR", "I-INT", "I-OUT", "O")
PAR, INT, OUT, OUTSIDE = range(4)
SHAPE = Words(LABELS)
TAG = st.sampled_from(range(4))


@pytest.fixture
def records():
    return Dataset.from_dict(
        {
            "words": [["aspirin", "in", "cancer"], ["cells", "."], ["."]],
            "tags": [[INT, OUTSIDE, PAR], [OUT, OUTSIDE], [OUTSIDE]],
            "document": ["7", "7", "8"],
        }
    )


def one_sentence(tags):
    return Dataset.from_dict({"words": [["a"] * len(tags)], "tags": [list(tags)]})


def test_score_by_hand(records):
    # Participants are found, the intervention is not, and one of two outcomes is right.
    predictions = np.array([OUT, OUTSIDE, PAR, OUT, OUTSIDE, OUTSIDE])
    expected = {"macro_f1": (1 + 0 + 2 / 3) / 3, "precision": 1.5 / 3, "recall": 2 / 3}
    assert SHAPE.score(records, predictions) == pytest.approx(expected)
    micro = Words(LABELS, metric="micro_f1").score(records, predictions)
    assert micro == pytest.approx({"micro_f1": 2 / 3, "precision": 2 / 3, "recall": 2 / 3})


@given(st.lists(st.tuples(TAG, TAG), min_size=1))
def test_scores_agree_with_scikit_learn(words):
    gold, predicted = map(np.array, zip(*words, strict=True))
    options = {"labels": [PAR, INT, OUT], "average": "macro", "zero_division": 0}
    precision, recall, _, _ = precision_recall_fscore_support(gold, predicted, **options)
    expected = {"macro_f1": f1_score(gold, predicted, **options)}
    expected |= {"precision": precision, "recall": recall}
    assert SHAPE.score(one_sentence(gold), predicted) == pytest.approx(expected)


@pytest.mark.parametrize("tag", [PAR, OUTSIDE])
def test_one_label_for_all_words(records, tag):
    scores = SHAPE.score(records, np.full(6, tag))
    # One of six words is a participant: F1 2/7, a third of which is the mean.
    assert scores["macro_f1"] == pytest.approx(2 / 21 if tag == PAR else 0)
    assert SHAPE.best_constant_score(records) == pytest.approx(2 / 21)


def test_a_word_that_is_cut_off_is_outside_and_not_dropped(records, bert):
    encoded = SHAPE.encode(records, bert, 3)
    labelled = encoded.labels != IGNORED
    assert encoded.labels[labelled].tolist() == [INT, OUT, OUTSIDE]
    outputs = np.zeros((len(encoded.labels), 4))
    outputs[labelled] = np.eye(4)[[PAR] * 3]
    predictions = SHAPE.predict(records, encoded, outputs)
    assert predictions.tolist() == [PAR, OUTSIDE, OUTSIDE, PAR, OUTSIDE, PAR]
    assert SHAPE.score(records, predictions)["recall"] == 0


def test_spans_are_words_of_one_label():
    tags = np.array([PAR, PAR, INT, OUTSIDE, INT, INT])
    firsts, ends, kinds = SHAPE.spans(tags, np.array([1, 0, 0, 0, 0, 1], bool))
    assert list(zip(firsts, ends, kinds, strict=True)) == [
        (0, 2, PAR),
        (2, 3, INT),
        (4, 5, INT),
        (5, 6, INT),
    ]
    assert [SHAPE.kinds[kind] for kind in kinds] == ["PAR", "INT", "INT", "INT"]


def test_documents_are_units_and_words_are_counted(records):
    assert SHAPE.units(records).tolist() == [0, 0, 1] and SHAPE.count(records) == 3
    assert SHAPE.strata(records).tolist() == [1, 0]
    alone = records.remove_columns("document")
    assert SHAPE.strata(alone).tolist() == [1, 1, 0]
    assert sentence_starts(records).tolist() == [True, False, False, True, False, True]


def test_many_labels_have_room(bert):
    shape = Words(("O", *(str(number) for number in range(200))))
    records = one_sentence([200])
    encoded = shape.encode(records, bert, 8)
    outputs = np.zeros((len(encoded.labels), 201))
    outputs[:, 200] = 1
    assert shape.predict(records, encoded, outputs).tolist() == [200]
