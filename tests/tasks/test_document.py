"""Documents with several labels: reading, joining, encoding and scoring."""

import numpy as np
import pytest
from datasets import Dataset
from sklearn.metrics import f1_score, log_loss

from workbench.tasks.document import Document
from workbench.tasks.task import Encoded

SHAPE = Document(("x", "y"))


@pytest.fixture
def records():
    return Dataset.from_dict(
        {
            "text": ["a", "b", "c"],
            "labels": [[1, 0], [0, 0], [0, 1]],
            "document": ["20", "10", "20"],
        }
    )


def test_join(records):
    assert SHAPE.join(records).to_dict() == {
        "text": ["a c", "b"],
        "labels": [[1, 1], [0, 0]],
        "document": ["20", "10"],
    }
    alone = records.remove_columns("document")
    assert SHAPE.join(alone).to_dict() == alone.to_dict()


def test_encode(records, tokenizer):
    encoded = SHAPE.encode(records, tokenizer, 64)
    assert encoded.labels.tolist() == [[1, 0], [0, 0], [0, 1]]
    assert encoded.labels.dtype == np.float32
    assert encoded.token_ids[: encoded.offsets[1]].tolist() == tokenizer("a")["input_ids"]


def test_predictions_are_joined_over_a_document(records):
    outputs = np.array([[0.0, -1.0], [-1.0, 0.1], [0.1, -1.0]])
    predictions = SHAPE.predict(records, None, outputs)
    assert predictions.tolist() == [[1, 0], [0, 1]] and predictions.dtype == np.uint8


def test_score_by_hand(records):
    # Gold: document 20 has both labels, 10 none; one of two predictions is right.
    scores = SHAPE.score(records, np.array([[1, 0], [0, 1]], np.uint8))
    assert scores == pytest.approx({"micro_f1": 0.5, "precision": 0.5, "recall": 0.5})
    assert next(iter(scores)) == "micro_f1"


def test_best_constant_score_by_hand(records):
    # Either label everywhere: 1 right, 2 predicted, 2 gold; both: 2 right, 4 predicted, 2 gold.
    assert SHAPE.best_constant_score(records) == pytest.approx(2 / 3)


def test_best_constant_loss_is_the_log_loss_of_the_marginals(records, bert):
    encoded = SHAPE.encode(records, bert, 64)
    expected = log_loss([1, 0, 0], [1 / 3] * 3)
    assert SHAPE.best_constant_loss(encoded) == pytest.approx(expected)


def test_a_label_nobody_has_costs_nothing():
    encoded = Encoded(*[np.zeros(4)] * 3, labels=np.array([[1, 0], [0, 0], [1, 0]], np.float32))
    assert SHAPE.best_constant_loss(encoded) == pytest.approx(log_loss([1, 0, 1], [2 / 3] * 3) / 2)


def test_units_are_documents(records):
    assert SHAPE.units(records).tolist() == [0, 1, 0] and SHAPE.count(records) == 2


def test_scores_agree_with_scikit_learn():
    draws = np.random.default_rng(0)
    names = [str(name) for name in draws.integers(0, 12, 40)]
    labels = draws.integers(0, 2, (40, 2))
    records = Dataset.from_dict({"text": ["a"] * 40, "labels": labels.tolist(), "document": names})
    outputs = draws.normal(size=(40, 2))
    order = list(dict.fromkeys(names))
    matrices = [
        [np.max(side[np.array(names) == name], axis=0) for name in order]
        for side in (labels, (outputs > 0).astype(int))
    ]
    expected = f1_score(*map(np.array, matrices), average="micro")
    predictions = SHAPE.predict(records, None, outputs)
    assert SHAPE.score(records, predictions)["micro_f1"] == pytest.approx(expected)


@pytest.fixture
def alone(records):
    """Records that are documents of their own."""
    return records.remove_columns("document")


def test_a_record_without_a_document_is_one(alone):
    predictions = SHAPE.predict(alone, None, np.array([[1.0, -1], [-1, -1], [1, 1]]))
    assert predictions.tolist() == [[1, 0], [0, 0], [1, 1]]
    assert SHAPE.units(alone).tolist() == [0, 1, 2] and SHAPE.count(alone) == 3
    # Two of three predicted labels are right, and two are gold.
    assert SHAPE.score(alone, predictions)["micro_f1"] == pytest.approx(4 / 5)


def test_macro_f1_by_hand(alone):
    shape = Document(("x", "y"), metric="macro_f1")
    predictions = np.array([[1, 0], [0, 0], [1, 1]], np.uint8)
    assert shape.score(alone, predictions)["macro_f1"] == pytest.approx((2 / 3 + 1) / 2)
    # Either label for all: F1 2/4 each.
    assert shape.best_constant_score(alone) == pytest.approx(0.5)


def test_strata_are_the_rarest_labels(records, alone):
    assert SHAPE.strata(alone).tolist() == [0, 2, 1]
    assert SHAPE.strata(records).tolist() == [0, 2]
