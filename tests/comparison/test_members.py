import numpy as np
import pytest

from tests.comparison.runs import group, together
from workbench.comparison.describing import described
from workbench.comparison.groups import sort_runs
from workbench.comparison.members import Members, members, paired
from workbench.errors import WorkbenchError

ARM = group("freeze:6", [0.9, 0.7, None, 0.4], seeds=[3, 1, 2, 9], collapsed=[9])
BASE = group("baseline", [0.5, 0.6, 0.8, 0.1], seeds=[1, 2, 3, 4], collapsed=[1])


def both(arm=ARM, baseline=BASE):
    runs = together(arm, baseline)
    return paired(*members(runs, sort_runs(runs).of_run, "test").values())


def test_the_runs_of_a_group_come_in_the_order_of_their_seeds():
    (found,) = members(ARM, sort_runs(ARM).of_run, "test").values()
    assert found.seeds == [(seed, seed, seed) for seed in (1, 2, 3, 9)]
    assert found.runs.tolist() == ARM["run"][[1, 2, 0, 3]].tolist()
    assert np.array_equal(found.scores, [0.7, np.nan, 0.9, 0.4], equal_nan=True)
    assert found.collapsed.tolist() == [0, 0, 0, 1]


def test_runs_pair_by_seed():
    found = both()
    assert found.arm.seeds == found.baseline.seeds == [(seed, seed, seed) for seed in (1, 2, 3)]
    assert found.differences.tolist() == pytest.approx([0.2, 0.1])
    assert found.runs == ([[ARM["run"][1]], [ARM["run"][0]]], [[BASE["run"][0]], [BASE["run"][2]]])
    assert [side.tolist() for side in found.collapsed] == [[False] * 3, [True, False, False]]


def test_all_three_seeds_must_be_the_same():
    assert len(both(baseline=BASE.assign(order_seed=1)).differences) == 1
    assert len(both(baseline=BASE.assign(dropout_seed=7)).differences) == 0


def test_where_nobody_said_what_collapsed_nothing_is_known():
    found = both(ARM.assign(collapsed=None))
    assert [side.tolist() for side in found.collapsed] == [[], []]
    assert len(found.differences) == 2


def test_a_seed_that_occurs_twice_is_refused():
    runs = together(BASE, BASE[3:4])
    with pytest.raises(
        WorkbenchError, match="seed 4 of baseline with tiny on biosses occurs twice"
    ):
        members(runs, sort_runs(runs).of_run, "test")


def test_of_crossed_runs_those_pair_that_share_no_seed():
    triples = [(i, j, (i + j) % 3) for i in range(3) for j in range(3)]
    side = Members(triples, np.arange(9).astype(object), np.arange(9.0), np.zeros(9))
    found = paired(side, side)
    assert found.arm.seeds == [(0, 0, 0), (1, 1, 2), (2, 2, 1)]
    assert np.isnan(described(side)["low"]) and np.isnan(described(side)["sd_low"])
    assert np.isfinite(described(found.arm)["low"])
