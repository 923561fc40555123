import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.special import comb

from workbench.analysis.best_of import best_curve, expected_best
from workbench.errors import WorkbenchError


def test_by_hand():
    # Of 1 and 3: two draws are 1, 1 in one of four cases.
    assert expected_best([3, None, 1], 1) == 2
    assert expected_best([3, None, 1], 2) == pytest.approx((1 + 3 + 3 + 3) / 4)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=5))
def test_it_is_the_mean_over_all_draws_with_replacement(scores):
    for n in range(1, len(scores) + 1):
        brute = np.mean([max(draw) for draw in itertools.product(scores, repeat=n)])
        assert expected_best(scores, n) == pytest.approx(brute, abs=1e-12)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=12))
def test_the_curve_rises_from_the_mean_and_stays_below_the_best(scores):
    curve = best_curve(scores)
    assert curve[0] == pytest.approx(np.mean(scores), abs=1e-12)
    assert (np.diff(curve) >= -1e-12).all()
    assert curve[-1] <= max(scores) + 1e-12


@pytest.mark.parametrize(("scores", "n"), [([1, 2], 3), ([1, 2], 0), ([], 2)])
def test_more_than_there_are_is_refused(scores, n):
    with pytest.raises(WorkbenchError, match="the best of"):
        expected_best(scores, n)


def test_no_score_has_no_best():
    assert expected_best([None], 1) is None
    assert len(best_curve([])) == 0


@pytest.mark.parametrize(
    ("n", "times", "bias"),
    [(5, 1, 0.26), (5, 2, 0.13), (5, 3, 0.09), (10, 1, 0.23), (10, 2, 0.12)],
)
def test_it_is_too_low_by_what_its_notes_say(n, times, bias):
    count = n * times
    expected = np.array([order_mean(rank, count) for rank in range(1, count + 1)])
    assert order_mean(n, n) - expected_best(expected, n) == pytest.approx(bias, abs=0.005)


def order_mean(rank: int, count: int) -> float:
    """Return the mean of the rank-th lowest of some standard normal values."""
    normal = stats.norm

    def density(x: float) -> float:
        below, above = normal.cdf(x) ** (rank - 1), normal.sf(x) ** (count - rank)
        return x * normal.pdf(x) * count * comb(count - 1, rank - 1) * below * above

    return integrate.quad(density, -9, 9)[0]
