"""Means and spreads over the size of the training set."""

import pandas as pd
import pytest

from workbench.protocol.learning_curves import COLUMNS, learning_curves
from workbench.protocol.sections import Data, Tuning


@pytest.fixture
def curves(declare):
    """Return a function that summarises runs of one arm on HoC."""

    def make(rows, whole, **data):
        declaration = declare(tasks={"hoc": Data(**data)}, tuning=Tuning())
        names = ["train_size", "subset_seed", "seed", "test"]
        runs = pd.DataFrame(rows, columns=names).assign(task="hoc", arm="plain")
        return learning_curves(runs, declaration, whole)

    return make


ROWS = [
    (64, 0, 0, 0.1),
    (64, 0, 1, 0.3),
    (64, 1, 0, 0.5),
    (64, 1, 1, 0.7),
    (0, 0, 0, 0.8),
    (0, 0, 1, 0.9),
]


def test_subsets_are_averaged_and_all_data_are_over_seeds(curves):
    found = curves(ROWS, {"hoc": 1295}, train_size=(0, 64), subset_seeds=(0, 1))
    assert list(found.columns) == list(COLUMNS)
    small, whole = found.to_dict("records")
    # Subset means 0.2 and 0.6; seeds 0.8 and 0.9.
    assert (small["examples"], small["count"], small["unit"]) == (64, 2, "subsets")
    assert (small["mean"], small["sd"]) == pytest.approx((0.4, 0.4 / 2**0.5))
    assert (whole["examples"], whole["count"], whole["unit"]) == (1295, 2, "seeds")
    assert (whole["mean"], whole["sd"]) == pytest.approx((0.85, 0.1 / 2**0.5))


@pytest.mark.parametrize("sizes", [(64,), (0, 64)])
def test_one_size_makes_no_curve(curves, sizes):
    """All of the data has no place where nobody knows how many there are."""
    assert curves(ROWS, {}, train_size=sizes).empty


def test_undefined_scores_are_left_out(curves):
    found = curves([(8, 0, 0, None), (8, 0, 1, 0.5), (9, 0, 0, 0.4)], {}, train_size=(8, 9))
    assert found[["mean", "count"]].to_numpy().tolist() == [[0.5, 1], [0.4, 1]]
    assert found["sd"].isna().all()
