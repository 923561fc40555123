import pytest
import torch

from workbench.benchmark.scaling import Scaling, growth


@pytest.fixture
def scaling(checkpoints):
    return Scaling(checkpoints["bert"], "float32", torch.device("cpu"), 1)


def test_cohorts_are_measured_by_run(scaling):
    told = []
    found = scaling.cohorts((1, 2), told.append)
    assert [each["runs"] for each in found] == [1, 2]
    assert told == ["cohort of 1", "cohort of 2"]
    for each in found:
        assert each["seconds_per_run"] == each["seconds_per_step"] / each["runs"]
        assert each["problem"] == "" and each["memory"] > 0


def test_training_sets_are_measured_by_epoch(scaling):
    found = scaling.examples((32, 64))
    assert [each["steps_per_epoch"] for each in found] == [4, 8]
    assert found[0]["growth"] is None and isinstance(found[1]["growth"], float)
    for each in found:
        assert each["seconds_per_epoch"] == each["seconds_per_step"] * each["steps_per_epoch"]
        assert each["prepare_seconds"] > 0


def test_what_is_foretold_is_one_number_for_each_size(scaling):
    small, large, examples = scaling.foretell((1, 20), (32,), rate=1e9)
    assert large > small == examples > 0


@pytest.mark.parametrize(
    ("seconds", "expected"), [(4.0, 1.0), (2.0, 0.5), (16.0, 2.0), (None, None)]
)
def test_growth_is_an_exponent(seconds, expected):
    before = {"examples": 10, "prepare_seconds": 0.0, "seconds_per_epoch": 1.0}
    after = {"examples": 40, "prepare_seconds": 0.0, "seconds_per_epoch": seconds}
    found = growth(before, after)
    assert found == (None if expected is None else pytest.approx(expected))
