import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workbench.analysis.intervals import ROUNDING
from workbench.analysis.steadiness import (
    Steadier,
    _centre,
    ratio_limits,
    ratio_p,
    steadier,
    steadier_together,
)

WIDE = np.array([-8.0, 7, -6, 5, 4, -3, 2, -9]) / 100
NARROW = WIDE / 10 + [0, 0.001, -0.001, 0, 0.001, 0, 0, -0.001]
ZIGZAG = np.array([1.0, -1, 2, -2, 3, -3, 1, -1])

pairs = st.integers(6, 10).flatmap(
    lambda n: st.tuples(*2 * [st.lists(st.integers(-50, 50), min_size=n, max_size=n)])
)


@pytest.mark.parametrize(
    ("scores", "baseline", "verdict"),
    [
        (NARROW, WIDE, "steadier"),
        (WIDE, NARROW, "less steady"),
        (ZIGZAG, np.roll(ZIGZAG, 3), "undecided"),
        (NARROW[:5], WIDE[:5], "too few"),
        (NARROW[:1], WIDE[:1], "too few"),
        ([], [], "too few"),
        (WIDE, WIDE, "undecided"),
        ([0.5] * 8, [0.5] * 8, "undecided"),
        ([0.1 + 0.2] * 8, [0.3] * 8, "undecided"),
        ([0.5] * 8, WIDE, "steadier"),
        ([None, *NARROW], [0.9, *WIDE], "steadier"),
    ],
)
def test_verdict(scores, baseline, verdict):
    assert steadier(scores, baseline).verdict == verdict


def test_ratio_and_limits_by_hand():
    """Every deviation is a half: all subset ratios are, and two flips in 64 are as extreme."""
    others = np.array([-5.0, -3, -1, 1, 3, 5])  # Their centre is 0.
    found = steadier(3 + others / 2, others)
    assert found == (0.5, 0.5, 0.5, 0.05, 2 / 64, 6, Steadier.STEADIER)


@pytest.mark.parametrize(
    ("scores", "centre"),
    [
        # The median is 0, the median absolute deviation 1.5; of ten, two are cut on either side.
        ([-4, -2, -1, -1, 0, 0, 1, 2, 3, 9], 1 / 6),
        # 10 is far out, so that of nine, two are cut on either side.
        ([-4, -2, -1, -1, 0, 0, 1, 2, 3, 10], -1 / 5),
        ([7, 7, 7, 7, 7, 1], 7),
        ([1, 3], 2),
    ],
)
def test_few_runs_cannot_move_the_centre(scores, centre):
    assert _centre(np.array([scores], float)) == pytest.approx([centre])


def test_the_limits_are_those_ratios_that_the_test_does_not_reject():
    """Brute force over all swaps of squared deviations, at several ratios."""
    mine, others = np.array([-4.0, -2, 0, 0, 3, 3]), np.array([6.0, 0, -5, 0, 4, -7])
    squares = mine**2, others**2
    low, high = ratio_limits(mine, others, 8 / 64)
    signs = np.array(list(itertools.product((-1, 1), repeat=6)))
    for ratio in np.linspace(0.1, 3, 117):
        sums = signs @ (squares[0] - ratio**2 * squares[1])
        extreme = min((sums >= sums[-1] - 1e-9).sum(), (sums <= sums[-1] + 1e-9).sum())
        assert (2 * extreme / 64 <= 8 / 64) == (ratio < low or ratio > high)


@given(pairs, st.sampled_from([0.05, 0.1, 0.3]))
@settings(deadline=None)
def test_interval_p_and_verdict_never_contradict_each_other(drawn, error):
    found = steadier(*np.array(drawn) / 100, error)
    claimed = found.verdict in (Steadier.STEADIER, Steadier.LESS)
    excluded = found.high < 1 - 1e-9 or found.low > 1 + 1e-9
    assert claimed == excluded == (found.p <= error)
    if not np.isnan(found.ratio):
        assert found.low <= found.ratio <= found.high


@given(pairs)
@settings(deadline=None)
def test_the_other_way_round_it_is_the_inverse(drawn):
    found, other = steadier(*drawn), steadier(*drawn[::-1])
    assert found.p == pytest.approx(other.p)
    with np.errstate(divide="ignore"):
        assert found.low == pytest.approx(1 / np.float64(other.high))
        assert found.high == pytest.approx(1 / np.float64(other.low))


@given(pairs, st.integers(-5, 5), st.sampled_from([0.5, 2, 8]))
@settings(deadline=None)
def test_a_shift_changes_nothing_and_a_factor_is_the_ratio(drawn, shift, factor):
    mine, others = np.array(drawn, float)
    before, after = (
        ratio_limits(mine, others, 0.2),
        ratio_limits(mine * factor + shift, others, 0.2),
    )
    assert after.low == pytest.approx(before.low * factor)
    assert after.high == pytest.approx(before.high * factor)
    assert ratio_p(mine + shift, others) == pytest.approx(ratio_p(mine, others))


def test_several_techniques_share_their_error():
    # Alone the narrow one has p = 2 / 64, which is more than 0.05 / 2; beside itself it stays so.
    others = np.array([-5.0, -3, -1, 1, 3, 5])
    assert steadier(others / 2, others).verdict == "steadier"
    found = steadier_together({"a": (others / 2, others), "b": (WIDE, np.roll(WIDE, 3))})
    assert [each.level for each in found.values()] == [0.025, 0.025]
    assert [each.verdict for each in found.values()] == ["too few", "undecided"]
    clear = steadier_together({"a": (NARROW, WIDE), "b": (WIDE, WIDE)})
    assert clear["a"].verdict == "steadier" and clear["b"].level == 0.05


def test_many_series_are_what_each_is_alone():
    drawn = np.random.default_rng(0).standard_normal((2, 70, 2, 8))
    limits, p = ratio_limits(*drawn, 0.05), ratio_p(*drawn)
    assert limits.low.shape == p.shape == (70, 2)
    for index in [(0, 0), (63, 1), (69, 1)]:
        alone = steadier(drawn[0][index], drawn[1][index])
        values = limits.low[index], limits.high[index], p[index]
        assert values == pytest.approx((alone.low, alone.high, alone.p))


def test_the_ratio_is_that_of_the_standard_deviations():
    found = steadier(NARROW, WIDE)
    assert found.ratio == pytest.approx(np.std(NARROW, ddof=1) / np.std(WIDE, ddof=1))
    assert np.std([0.3] * 8) < ROUNDING and np.isnan(steadier([0.3] * 8, [0.3] * 8).ratio)


@pytest.mark.parametrize("collapse", [0.0, 0.1])
@pytest.mark.parametrize("heavy", [False, True])
def test_exchangeable_runs_are_seldom_told_apart(heavy, collapse):
    generator = np.random.default_rng(0)
    shape = 2, 300, 10
    drawn = generator.standard_t(3, shape) if heavy else generator.standard_normal(shape)
    drawn -= 25 * (generator.random(shape) < collapse)
    # At a true rate of 5%, more than 24 of 300 come once in a hundred times.
    assert (ratio_p(*drawn) <= 0.05).sum() <= stats.binom.isf(0.01, 300, 0.05)


def test_half_the_spread_is_found_more_often_with_more_seeds():
    drawn = np.random.default_rng(0).standard_normal((2, 200, 20))
    found = [(ratio_p(drawn[0, :, :n] / 2, drawn[1, :, :n]) <= 0.05).mean() for n in (10, 20)]
    assert 0.2 < found[0] < 0.45 and 0.6 < found[1] < 0.9
