import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.analysis.pairing import correlation, improvement
from workbench.analysis.rates import clopper_pearson


@pytest.mark.parametrize(
    ("differences", "probability", "pairs"),
    [
        ([1, 2, -1, 3], 0.75, 4),
        ([1, 0, -1], 0.5, 3),
        ([0.1, 0, 0, None, float("nan")], 2 / 3, 3),
        ([0.3 - 0.1 - 0.2], 0.5, 1),  # Equal but for rounding.
    ],
)
def test_improvement_by_hand(differences, probability, pairs):
    found = improvement(differences)
    assert found.probability == pytest.approx(probability)
    assert found.pairs == pairs
    assert found.low <= probability <= found.high


def test_ten_of_ten_is_not_certain():
    assert improvement([1.0] * 10)[:3] == pytest.approx((1, 0.025**0.1, 1))


def test_no_pair_has_no_probability():
    assert improvement([]) is None
    assert improvement([None, float("nan")]) is None


@pytest.mark.parametrize("n", [5, 10, 20])
def test_its_interval_covers_with_and_without_ties(n):
    grid = np.linspace(0, 1, 21)
    outcomes = np.array([(w, l, n - w - l) for w in range(n + 1) for l in range(n + 1 - w)])  # noqa: E741
    ends = np.array([clopper_pearson(w + t / 2, n) for w, _, t in outcomes])
    for win in grid:
        for loss in grid[grid + win <= 1 + 1e-9]:
            tie = max(0.0, 1 - win - loss)
            chance = stats.multinomial.pmf(outcomes, n, [win, loss, tie])
            held = (ends[:, 0] <= win + tie / 2 + 1e-9) & (ends[:, 1] >= win + tie / 2 - 1e-9)
            assert chance[held].sum() >= 0.95 - 1e-9


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=3, max_size=9))
def test_correlation_is_that_of_scipy(pairs):
    first, second = np.array(pairs).T
    if min(np.std(first), np.std(second)) < 1e-6:
        return
    assert correlation(first, second) == pytest.approx(stats.pearsonr(first, second)[0], abs=1e-9)


@pytest.mark.parametrize(
    ("scores", "baseline"),
    [
        ([], []),
        ([0.1, 0.2], [0.3, 0.5]),
        ([0.1, 0.2, None], [0.3, 0.5, 0.6]),
        ([0.1, 0.2, 0.4], [0.3, 0.3, 0.3]),
    ],
)
def test_correlation_that_is_undefined(scores, baseline):
    assert correlation(scores, baseline) is None


def test_a_correlation_leaves_incomplete_pairs_out():
    assert correlation([1, 2, None, 3], [1, 2, 9, 3]) == pytest.approx(1)
