import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workbench.analysis import spread
from workbench.analysis.intervals import (
    Limits,
    cautious,
    sign_flip,
    sign_flips,
    student,
    subsets,
    widened,
)

series = st.lists(st.integers(-100, 100), min_size=6, max_size=9).map(
    lambda values: np.array(values) / 100
)


@pytest.mark.parametrize(
    ("level", "low", "high"),
    [
        # The 31 subset means of 1, 2, 4, 8, 16 start 1, 1.5, 2, 2.33, 2.5, and end 16, 12, 10.
        (2 / 32, 1, 16),
        (4 / 32, 1.5, 12),
        (6 / 32, 2, 10),
        (0.06, -np.inf, np.inf),
    ],
)
def test_sign_flip_limits_are_subset_means(level, low, high):
    assert sign_flip(np.array([1.0, 2, 4, 8, 16]), level) == (low, high)


@given(series, st.integers(1, 8))
@settings(max_examples=50, deadline=None)
def test_a_centre_is_outside_where_the_test_rejects_it(values, rank):
    level = 2 * rank / 2 ** len(values)
    low, _ = sign_flip(values, level)
    for centre in (low - 0.001, low + 0.001):
        p = stats.permutation_test(
            (values - centre,), np.mean, permutation_type="samples", alternative="greater"
        ).pvalue
        assert (p <= level / 2 + 1e-12) == (centre < low)


def test_all_subsets_of_few_pairs():
    assert sorted(map(tuple, subsets(3))) == sorted(itertools.product((0, 1), repeat=3))[1:]


@pytest.mark.parametrize("pairs", [7, 12, 70])
def test_two_flips_after_each_other_are_a_flip(pairs):
    flips = {tuple(row) for row in subsets(pairs, bits=6)}
    assert len(flips) == 2**6 - 1 and (0,) * pairs not in flips
    for one, other in itertools.combinations(list(flips)[:12], 2):
        assert tuple(np.logical_xor(one, other).astype(float)) in flips


def test_the_level_is_exact_for_a_group_of_flips(monkeypatch):
    # Every pattern of signs is equally likely, whatever the sizes: 3 of 64 lie on one side of 0.
    monkeypatch.setattr("workbench.analysis.intervals.BITS", 6)
    monkeypatch.setattr(
        "workbench.analysis.intervals.subsets", lambda pairs: subsets(pairs, bits=6)
    )
    sizes = np.sqrt([2, 3, 5, 7, 11, 1300, 1700, 1900, 2300, 2900])  # No sums tie.
    patterns = np.array(list(itertools.product((-1, 1), repeat=10)))
    low, high = sign_flip(patterns * sizes, 2 * 3 / sign_flips(10))
    assert (low > 0).mean() == (high < 0).mean() == 3 / 64


@given(series, st.floats(0.02, 0.5))
def test_limits_turn_with_the_sign_and_shift_with_the_values(values, level):
    for limits in (student, sign_flip, cautious):
        low, high = limits(values, level)
        assert limits(-values, level) == pytest.approx((-high, -low))
        if abs(np.ptp(values)) > 0:
            assert limits(values + 3, level) == pytest.approx((low + 3, high + 3))


@given(series, st.floats(0.02, 0.4))
def test_a_higher_level_is_narrower(values, level):
    for limits in (student, sign_flip, cautious):
        wide, narrow = limits(values, level), limits(values, level + 0.1)
        assert wide.low <= narrow.low and narrow.high <= wide.high


@given(series)
def test_student_is_what_the_table_shows_and_cautious_contains_it(values):
    table = spread.interval(values, 0.95)
    assert table is not None
    wide = cautious(values, 0.05)
    assert wide.low <= table.low + 1e-12 and table.high <= wide.high + 1e-12
    if np.ptp(values):
        assert student(values, 0.05) == pytest.approx(table)


def test_many_series_are_what_each_is_alone():
    drawn = np.random.default_rng(0).standard_normal((300, 2, 8))
    together = cautious(drawn, 0.05)
    assert together.low.shape == (300, 2)
    for index in [(0, 0), (255, 1), (299, 1)]:
        alone = cautious(drawn[index], 0.05)
        assert (together.low[index], together.high[index]) == pytest.approx(alone)


@pytest.mark.parametrize("limits", [student, sign_flip, cautious])
@pytest.mark.parametrize("values", [[], [0.1]])
def test_too_few_pairs_exclude_nothing(limits, values):
    assert limits(np.array(values), 0.05) == (-np.inf, np.inf)


@pytest.mark.parametrize(("value", "half"), [(0.02, np.inf), (0.0, 0.0)])
def test_equal_differences_have_an_unknown_spread_unless_they_are_zero(value, half):
    assert student(np.full(10, value), 0.05) == (value - half, value + half)


def test_errors_add_up_as_squares():
    # 3-4-5 below, 5-12-13 above.
    assert widened(Limits(np.array(-2.0), np.array(6.0)), np.array(1.0), 4) == pytest.approx(
        (1 - 5, 1 + 41**0.5)
    )
    assert widened(Limits(np.array(-11.0), np.array(6.0)), np.array(1.0), 5).low == 1 - 13
