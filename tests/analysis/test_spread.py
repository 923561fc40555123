import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.analysis import spread

scores = st.lists(st.floats(-1, 1), min_size=2, max_size=12)


def test_mean_and_sd_by_hand():
    assert spread.mean([1, 2, 3]) == 2
    assert spread.sd([1, 2, 3]) == 1
    assert spread.sd([2, 4, 4, 4, 5, 5, 7, 9]) == pytest.approx((32 / 7) ** 0.5)


def test_interval_by_hand():
    # t(0.975, 2) = 4.3027 in Student's table; 4.3027 / sqrt(3) = 2.4842
    assert spread.interval([1, 2, 3]) == pytest.approx((2 - 2.4842, 2 + 2.4842), abs=1e-4)


@pytest.mark.parametrize("values", [[], [0.7], [None, 0.7], [float("nan")]])
def test_below_two_scores_there_is_no_spread(values):
    assert spread.sd(values) is None
    assert spread.interval(values) is None


@pytest.mark.parametrize(
    ("values", "mean", "undefined"),
    [
        ([None, 0.5, float("nan"), 0.7], 0.6, 2),
        ([None, None], None, 2),
        ([0.0, -0.5], -0.25, 0),
        ([float("inf"), 1.0], 1.0, 1),
        ([], None, 0),
    ],
)
def test_undefined_scores_are_counted_and_never_zero(values, mean, undefined):
    assert spread.mean(values) == (mean if mean is None else pytest.approx(mean))
    assert spread.undefined(values) == undefined


@given(scores, st.floats(0.5, 0.999))
def test_interval_agrees_with_scipy(values, confidence):
    if np.std(values) < 1e-6:
        return
    found = stats.ttest_1samp(values, 0).confidence_interval(confidence)
    assert spread.interval(values, confidence) == pytest.approx(tuple(found), abs=1e-9)


def test_sd_interval_by_hand():
    # The 2.5% and 97.5% points of chi-square with 4 degrees of freedom are 0.484419 and 11.14329
    # in its tables, and 1, 2, 3, 4, 5 have a sum of squares of 10.
    expected = ((10 / 11.14329) ** 0.5, (10 / 0.484419) ** 0.5)
    assert spread.sd_interval([5, None, 1, 2, 3, 4]) == pytest.approx(expected, rel=1e-6)


@given(scores, st.floats(0.5, 0.999))
def test_sd_interval_is_made_of_chi_square_quantiles(values, confidence):
    if np.std(values) < 1e-6:
        return
    freedom = len(values) - 1
    ends = stats.chi2.interval(confidence, freedom)
    low, high = ((freedom * np.var(values, ddof=1) / end) ** 0.5 for end in reversed(ends))
    assert spread.sd_interval(values, confidence) == pytest.approx((low, high))


@pytest.mark.parametrize("values", [[], [0.7], [None, 0.7], [0.5, 0.5, 0.5]])
def test_without_spread_there_is_no_interval_of_it(values):
    assert spread.sd_interval(values) is None


def test_sd_interval_covers_normal_scores_and_not_those_of_runs_that_collapse():
    draw = np.random.default_rng(0)
    normal = draw.normal(size=(2000, 10))
    mixed = np.where(draw.random(normal.shape) < 0.1, -10.0, normal)
    sd = (0.9 * 1 + 0.1 * 100 - 1) ** 0.5  # The mean square, less the square of the mean.
    for sample, truth, least, most in ((normal, 1, 0.94, 0.96), (mixed, sd, 0, 0.6)):
        ends = [spread.sd_interval(row) for row in sample]
        assert least < np.mean([low <= truth <= high for low, high in ends]) < most


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([3], 3),
        ([1, 2, 6], 3),
        ([100, 1, None, 2, 3], 2.5),
        ([0, 0, 1, 2, 3, 4, 50, 60], 2.5),
    ],
)
def test_interquartile_mean_by_hand(values, expected):
    assert spread.interquartile_mean(values) == expected


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_interquartile_mean_is_that_of_scipy(values):
    found = stats.trim_mean(values, 0.25)
    assert spread.interquartile_mean(values) == pytest.approx(found, abs=1e-12)


@given(scores)
def test_higher_confidence_is_wider(values):
    narrow, wide = spread.interval(values, 0.9), spread.interval(values, 0.99)
    assert wide.low <= narrow.low <= narrow.high <= wide.high


def test_paired_by_hand():
    difference = spread.paired({0: 0.5, 1: 0.7, 2: 0.9}, {0: 0.4, 1: 0.5, 2: 0.6})
    assert difference.mean == pytest.approx(0.2)
    assert difference.sd == pytest.approx(0.1)
    assert difference.pairs == 3
    assert difference.interval() == pytest.approx((0.2 - 0.24842, 0.2 + 0.24842), abs=1e-5)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=8))
def test_paired_agrees_with_scipy(pairs):
    left, right = np.array(pairs).T
    if np.std(left - right) < 1e-6:
        return
    difference = spread.paired(dict(enumerate(left)), dict(enumerate(right)))
    found = stats.ttest_rel(left, right).confidence_interval()
    assert difference.interval() == pytest.approx(tuple(found), abs=1e-9)


@pytest.mark.parametrize(
    ("scores", "baseline", "pairs", "mean"),
    [
        ({0: 0.5, 1: None}, {0: 0.4, 1: 0.4}, 1, 0.1),
        ({0: 0.5, 1: 0.6}, {0: float("nan"), 1: 0.4}, 1, 0.2),
        ({0: 0.5}, {1: 0.4}, 0, None),
        ({}, {}, 0, None),
    ],
)
def test_only_complete_pairs_count(scores, baseline, pairs, mean):
    difference = spread.paired(scores, baseline)
    assert difference.pairs == pairs
    assert difference.mean == (mean if mean is None else pytest.approx(mean))
    assert difference.interval() is None


def test_welch_by_hand():
    found = spread.independent([1, 2, 3], [2, 6])
    # Variances 1 and 8: v is 1/3 and 4, so df is (13/3)^2 / ((1/9)/2 + 16/1) = 1.169550.
    assert found.mean == -2
    assert found.error == pytest.approx((13 / 3) ** 0.5)
    assert found.freedom == pytest.approx(1.169550, abs=1e-6)


@given(scores, scores)
def test_welch_is_that_of_scipy(first, second):
    if np.var(first) < 1e-6 or np.var(second) < 1e-6:
        return
    expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.9)
    assert spread.independent(first, second).interval(0.9) == pytest.approx(tuple(expected))


def test_welch_without_spread():
    assert spread.independent([], [1, 2]) == spread.Unpaired(None, None, None)
    alone = spread.independent([1, None], [2, 2])
    assert (alone.mean, alone.interval()) == (-1, None)
    assert spread.independent([1, 1], [2, 2, 2]).interval() == (-1, -1)


def test_differences_of_two_checkpoints_are_compared_as_independent_ones():
    first, second = [0.01, 0.03, 0.02, 0.06], [0.0, 0.05, -0.02]
    sides = [
        spread.Difference(spread.mean(each), spread.sd(each), len(each)) for each in (first, second)
    ]
    found = spread.difference_of_differences(*sides)
    expected = stats.ttest_ind(first, second, equal_var=False)
    assert found.mean == pytest.approx(0.02)
    assert found.interval(0.9) == pytest.approx(tuple(expected.confidence_interval(0.9)))


def test_a_difference_of_one_pair_has_no_error():
    alone = spread.difference_of_differences(
        spread.Difference(0.1, None, 1), spread.Difference(0.2, 0.1, 5)
    )
    assert alone == spread.Unpaired(-0.1, None, None)
    none = spread.difference_of_differences(
        spread.Difference(None, None, 0), spread.Difference(0.2, 0.1, 5)
    )
    assert none == spread.Unpaired(None, None, None)
