"""The points behind a contrast."""

import pandas as pd
import pytest

from workbench.protocol.differences import differences
from workbench.protocol.sections import Arm, Data, Tuning


def table(*rows, size=0):
    names = ["arm", "subset_seed", "seed", "test", "collapsed"]
    return pd.DataFrame(rows, columns=names).assign(task="biosses", train_size=size)


@pytest.fixture
def small(declare):
    return lambda **changes: declare(tasks={"biosses": Data()}, tuning=Tuning(), **changes)


def points(runs, declaration):
    found = differences(runs, declaration)
    columns = ["unit", "difference", "collapsed"]
    return [(a, pytest.approx(b), c) for a, b, c in found[columns].itertuples(index=False)]


def test_seeds_are_paired_and_a_collapsed_side_is_told(small):
    runs = table(
        ("plain", 0, 0, 0.1, False),
        ("plain", 0, 1, 0.2, True),
        ("plain", 0, 2, None, False),
        ("frozen", 0, 0, 0.4, False),
        ("frozen", 0, 1, 0.1, False),
        ("frozen", 0, 2, 0.5, False),
        ("frozen", 0, 3, 0.9, False),
    )
    assert points(runs, small()) == [("seed 0", 0.3, False), ("seed 1", -0.1, True)]


def test_the_seeds_of_a_subset_are_averaged(declare):
    data = {"biosses": Data(train_size=(8,), subset_seeds=(4, 5))}
    runs = table(
        ("plain", 4, 0, 0.1, False),
        ("plain", 4, 1, 0.3, False),
        ("frozen", 4, 0, 0.6, False),
        ("frozen", 4, 1, 0.4, True),
        ("plain", 5, 0, 0.1, False),
        ("frozen", 5, 0, 0.2, False),
        size=8,
    )
    expected = [("subset 4", 0.3, True), ("subset 5", 0.1, False)]
    assert points(runs, declare(tasks=data, tuning=Tuning())) == expected


def test_runs_of_another_model_are_compared_with_the_mean(small):
    runs = table(
        ("plain", 0, 0, 0.1, True), ("plain", 0, 1, 0.3, False), ("other", 0, 7, 0.9, False)
    )
    declaration = small(arms={"plain": Arm(), "other": Arm(model="bert")})
    assert points(runs, declaration) == [("seed 7", 0.7, False)]
