import numpy as np
import pytest

from workbench.training.outcome import Record, above_trivial, collapsed, outcome

SPREAD = np.array([0.1, 0.2])


@pytest.mark.parametrize(
    ("loss", "constant", "predictions", "expected"),
    [
        (0.5, 1.0, SPREAD, False),
        (1.0, 1.0, SPREAD, True),
        (1.5, 1.0, SPREAD, True),
        (float("nan"), 1.0, SPREAD, True),
        (0.5, 1.0, np.array([0.3, 0.3]), True),
        (0.5, 1.0, np.array([[0, 1], [0, 1]]), True),
        (0.5, 1.0, np.array([[0, 1], [1, 1]]), False),
    ],
)
def test_collapsed(loss, constant, predictions, expected):
    assert collapsed(loss, constant, predictions) is expected


@pytest.mark.parametrize(
    ("score", "trivial", "expected"),
    [
        (0.6, 0.5, True),
        (0.5, 0.5, False),
        (0.1, None, True),
        (-0.1, None, False),
        (None, 0.5, False),
    ],
)
def test_above_trivial(score, trivial, expected):
    assert above_trivial(score, trivial) is expected


def outputs_like(prepared, value):
    return {
        split: np.full((len(prepared.encoded[split]), 1), value, np.float32)
        for split in ("dev", "test")
    }


def test_a_constant_regression_has_no_score_and_has_collapsed(make_prepared, make_spec):
    prepared = make_prepared()
    record = Record([], final_loss=0.1, reported_step=3)
    found = outcome(make_spec(), prepared, record, outputs_like(prepared, 2.0)).result
    assert found["test"]["pearson"] is None
    assert found["collapsed"] and not found["above_trivial"]


def test_perfect_outputs_score_one(make_prepared, make_spec):
    prepared = make_prepared()
    record = Record([{"epoch": 1, "step": 3, "dev": 1.0}], final_loss=0.1, reported_step=3)
    outputs = {split: prepared.encoded[split].labels[:, None] for split in ("dev", "test")}
    found = outcome(make_spec(), prepared, record, outputs)
    assert found.result["test"]["pearson"] == pytest.approx(1)
    assert not found.result["collapsed"] and found.result["above_trivial"]
    assert found.result["constant_loss"] == pytest.approx(prepared.encoded["train"].labels.var())
    np.testing.assert_array_equal(found.predictions["test"], outputs["test"][:, 0])
    assert "head.classifier.weight" in found.result["new_parameters"]
