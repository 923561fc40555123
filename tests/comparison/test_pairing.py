import numpy as np

from tests.comparison.runs import group
from workbench.comparison.pairing import paired

ARM = group("freeze:6", [0.9, 0.7, np.nan, 0.4], seeds=[3, 1, 2, 9], collapsed=[9])
BASE = group("baseline", [0.5, 0.6, 0.8, 0.1], seeds=[1, 2, 3, 4], collapsed=[1])


def test_runs_pair_by_seed_in_the_order_of_the_seeds():
    found = paired(ARM, BASE, "test")
    assert found.arm["seed"].tolist() == found.baseline["seed"].tolist() == [1, 2, 3]
    assert np.allclose(found.differences, [0.2, 0.1])
    assert found.runs == ([[ARM["run"][1]], [ARM["run"][0]]], [[BASE["run"][0]], [BASE["run"][2]]])
    assert [side.tolist() for side in found.collapsed] == [[False] * 3, [True, False, False]]


def test_all_three_seeds_must_be_the_same():
    assert len(paired(ARM, BASE.assign(order_seed=1), "test").differences) == 1
    assert len(paired(ARM, BASE.assign(dropout_seed=7), "test").differences) == 0


def test_where_nobody_said_what_collapsed_nothing_is_known():
    found = paired(ARM.assign(collapsed=None), BASE, "test")
    assert [side.tolist() for side in found.collapsed] == [[], []]
    assert len(found.differences) == 2
