"""Numbers for texts and pairs: encoding and scoring."""

import numpy as np
import pytest
from datasets import Dataset

from workbench.tasks.regression import Regression

SHAPE = Regression()


@pytest.fixture
def records():
    sentences = ["aspirin .", "cancer cells", "TP53"]
    return Dataset.from_dict(
        {"sentence1": sentences, "sentence2": sentences[::-1], "score": [0.0, 1.0, 2.0]}
    )


def test_encode(records, tokenizer):
    encoded = SHAPE.encode(records, tokenizer, 64)
    assert len(encoded) == 3 and encoded.labels.dtype == np.float32
    first = encoded.token_ids[: encoded.offsets[1]].tolist()
    assert first == tokenizer("aspirin .", "TP53")["input_ids"]


def test_predict_and_score(records):
    outputs = np.array([[0.5], [1.5], [2.5]])
    predictions = SHAPE.predict(records, None, outputs)
    assert predictions.dtype == np.float32 and predictions.shape == (3,)
    assert SHAPE.score(records, predictions) == pytest.approx({"pearson": 1, "spearman": 1})


def test_a_constant_has_no_score(records):
    assert SHAPE.score(records, np.ones(3)) == {"pearson": None, "spearman": None}
    assert SHAPE.best_constant_score(records) is None


def test_best_constant_loss_is_the_variance(records, bert):
    assert SHAPE.best_constant_loss(SHAPE.encode(records, bert, 64)) == pytest.approx(2 / 3)


def test_every_pair_is_a_unit(records):
    assert SHAPE.units(records).tolist() == [0, 1, 2] and SHAPE.count(records) == 3


def test_a_number_for_one_text(bert):
    records = Dataset.from_dict({"text": ["aspirin", "TP53"], "score": [-3.0, 40.0]})
    shape = Regression(("text",), metric="spearman")
    encoded = shape.encode(records, bert, 64)
    assert encoded.token_ids[: encoded.offsets[1]].tolist() == bert("aspirin")["input_ids"]
    assert list(shape.score(records, np.array([0.0, 1.0]))) == ["spearman", "pearson"]


def test_numbers_have_no_strata(records):
    assert SHAPE.strata(records) is None
