"""One class for a text or a pair: encoding, predicting and scoring."""

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, log_loss, precision_recall_fscore_support

from workbench.tasks.classification import Classification

LABELS = ("none", "up", "down")
RELATION = Classification(LABELS, negative=("none",))
QUESTION = Classification(LABELS, ("question", "context"), metric="accuracy", keep_first=True)
CLASSES = st.lists(st.tuples(st.sampled_from(range(3)), st.sampled_from(range(3))), min_size=1)


def records_of(gold):
    return Dataset.from_dict({"text": ["a"] * len(gold), "label": list(gold)})


def pairs(question, context):
    return Dataset.from_dict({"question": [question], "context": [context], "label": [0]})


def test_encode_a_text(tokenizer):
    records = Dataset.from_dict({"text": ["@GENE$ .", "cancer"], "label": [2, 0]})
    encoded = RELATION.encode(records, tokenizer, 64)
    assert encoded.labels.tolist() == [2, 0] and encoded.labels.dtype == np.int64
    assert encoded.token_ids[: encoded.offsets[1]].tolist() == tokenizer("@GENE$ .")["input_ids"]


def test_encode_a_pair(tokenizer):
    encoded = QUESTION.encode(pairs("why", "cells in cells"), tokenizer, 64)
    assert encoded.token_ids.tolist() == tokenizer("why", "cells in cells")["input_ids"]


def test_the_context_is_cut_and_not_the_question(tokenizer):
    question, context = "in cells " * 4, "TP53 cancer " * 9
    asked = tokenizer(question, add_special_tokens=False)["input_ids"]
    special = tokenizer.num_special_tokens_to_add(pair=True)
    encoded = QUESTION.encode(pairs(question, context), tokenizer, len(asked) + special + 2)
    whole = tokenizer(question, context)["input_ids"]
    assert len(encoded.token_ids) == len(asked) + special + 2
    assert encoded.token_ids[:-1].tolist() == whole[: len(encoded.token_ids) - 1]


def test_predict():
    predictions = RELATION.predict(None, None, np.array([[0, 1, 2], [3, 1, 2.0]]))
    assert predictions.tolist() == [2, 0] and predictions.dtype == np.int8


def test_many_classes_have_room():
    shape = Classification([str(number) for number in range(300)])
    assert shape.predict(None, None, np.eye(300)[[299]]).tolist() == [299]


def test_score_by_hand():
    # Of two predicted and two gold positives one is right; "down" is never predicted.
    scores = RELATION.score(records_of([0, 1, 2, 0]), np.array([1, 1, 0, 0]))
    assert scores == pytest.approx(
        {"micro_f1": 0.5, "macro_f1": 1 / 3, "accuracy": 0.5, "precision": 0.5, "recall": 0.5}
    )
    assert next(iter(scores)) == "micro_f1"
    assert next(iter(QUESTION.score(records_of([0]), np.array([0])))) == "accuracy"


@settings(max_examples=40)
@given(CLASSES)
def test_scores_agree_with_scikit_learn(items):
    gold, predicted = map(np.array, zip(*items, strict=True))
    scores = RELATION.score(records_of(gold), predicted)
    options = {"labels": [1, 2], "zero_division": 0}
    micro = precision_recall_fscore_support(gold, predicted, average="micro", **options)
    assert scores == pytest.approx(
        {
            "precision": micro[0],
            "recall": micro[1],
            "micro_f1": micro[2],
            "macro_f1": f1_score(gold, predicted, average="macro", **options),
            "accuracy": accuracy_score(gold, predicted),
        }
    )


@settings(max_examples=40)
@given(st.lists(st.sampled_from(range(2)), min_size=1), st.data())
def test_one_positive_class_is_scored_by_its_f1(gold, data):
    predicted = data.draw(st.lists(st.sampled_from(range(2)), min_size=len(gold)))[: len(gold)]
    scores = Classification(("0", "1"), negative=("0",)).score(records_of(gold), predicted)
    assert scores["micro_f1"] == pytest.approx(f1_score(gold, predicted, zero_division=0))


@pytest.mark.parametrize(
    ("shape", "gold", "expected"),
    [
        # All "up": 2 right, 4 predicted, 3 gold.
        (RELATION, [0, 1, 1, 2], 4 / 7),
        (RELATION, [0, 0], 0.0),
        (QUESTION, [0, 1, 1, 2], 0.5),
        # All "up" again: 2/3 for it, and 0 for the two others.
        (Classification(LABELS, metric="macro_f1"), [0, 1, 1, 2], 2 / 9),
    ],
)
def test_best_constant_score_by_hand(shape, gold, expected):
    assert shape.best_constant_score(records_of(gold)) == pytest.approx(expected)


def test_best_constant_loss_is_the_log_loss_of_the_shares(bert):
    encoded = RELATION.encode(records_of([0, 0, 1, 2]), bert, 8)
    expected = log_loss([0, 0, 1, 2], [[0.5, 0.25, 0.25]] * 4)
    assert RELATION.best_constant_loss(encoded) == pytest.approx(expected)


def test_units_strata_and_counts():
    records = records_of([2, 0, 2])
    assert RELATION.units(records).tolist() == [0, 1, 2] and RELATION.count(records) == 3
    assert RELATION.strata(records).tolist() == [2, 0, 2]
    # Class 0 is the rarer one of the document's two.
    joined = records.add_column("document", ["a", "a", "b"])
    assert RELATION.strata(joined).tolist() == [0, 2]
