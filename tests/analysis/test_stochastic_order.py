import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from workbench.analysis.stochastic_order import stochastic_order, violation_ratio

samples = st.lists(st.integers(-20, 20), min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("scores", "baseline", "expected"),
    [
        ([1, 4], [0, 2], 0),
        ([0, 2], [1, 4], 1),
        ([0, 5], [1, 2], 1 / 10),  # Gaps of 1 against and 3 for.
        ([0, 3], [1, 1, 1], 1 / 5),
        # Over thirds: a gap of 1, of 0 and of -1.
        ([0, 1, 2], [1, 1], 1 / 2),
        # The quantiles over sixths: 0 0 0 6 6 6 and 1 1 2 2 3 3, gaps 1 1 2 -4 -3 -3.
        ([0, 6], [1, 2, 3], 6 / (6 + 34)),
    ],
)
def test_ratio_by_hand(scores, baseline, expected):
    assert violation_ratio(np.array(scores), np.array(baseline)) == pytest.approx(expected)
    assert stochastic_order(scores, baseline).violation == pytest.approx(expected)


@given(samples, samples)
def test_what_speaks_against_the_one_speaks_for_the_other(scores, baseline):
    there, back = (stochastic_order(*sides) for sides in [(scores, baseline), (baseline, scores)])
    if there is None:
        assert back is None
    else:
        assert there.violation + back.violation == pytest.approx(1)


@given(samples, samples)
def test_ratio_is_that_of_a_fine_grid(scores, baseline):
    # 840 is a multiple of all sizes up to 8, so a step of the grid lies in one step of each side.
    levels = (np.arange(840) + 0.5) / 840
    sides = (
        np.quantile(side, levels, method="inverted_cdf") for side in (np.array(baseline), scores)
    )
    gap = np.subtract(*sides)
    found = violation_ratio(np.array(scores), np.array(baseline))
    if not gap.any():
        assert np.isnan(found)
    else:
        expected = (np.maximum(gap, 0) ** 2).sum() / (gap**2).sum()
        assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scores", "baseline"), [([], [1, 2]), ([1, None], [1, 2]), ([1, 2], [2, 1])]
)
def test_where_there_is_nothing_to_describe(scores, baseline):
    assert stochastic_order(scores, baseline) is None


def of_normals(shift: float, sd: float, other: float) -> float:
    """Return the violation ratio of a normal distribution against another one, in closed form.

    The quantile functions differ by a line in the normal quantile, ``shift + (sd - other) z``, so
    with ``r = shift / |sd - other|`` the ratio is ``E max(-(z + r), 0)^2 / (1 + r^2)``.
    """
    r = shift / abs(sd - other)
    return stats.norm.sf(r) - r * stats.norm.pdf(r) / (1 + r**2)


@pytest.mark.parametrize(("shift", "sd", "other"), [(0.5, 1, 2), (0.3, 0.5, 0.2), (-1, 1, 1.5)])
def test_ratio_of_normals_by_quadrature_and_from_samples(shift, sd, other):
    def gap(level: float) -> float:
        return stats.norm.ppf(level, 0, other) - stats.norm.ppf(level, shift, sd)

    against = integrate.quad(lambda level: max(gap(level), 0) ** 2, 0, 1, limit=200)[0]
    expected = against / integrate.quad(lambda level: gap(level) ** 2, 0, 1, limit=200)[0]
    assert of_normals(shift, sd, other) == pytest.approx(expected, abs=1e-4)
    levels = (np.arange(20_000) + 0.5) / 20_000
    found = violation_ratio(stats.norm.ppf(levels, shift, sd), stats.norm.ppf(levels, 0, other))
    assert found == pytest.approx(expected, abs=1e-3)


def test_the_cases_that_deep_significance_checks_itself_by():
    # https://github.com/Kaleidophon/deep-significance, deepsig/tests/test_aso.py: a shift by 1e-8
    # leaves all against the one below; and N(5, 0.1) against N(0, 1) leaves nothing against it.
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=1000), rng.normal(5, 0.1, size=1000)
    assert stochastic_order(first, first + 1e-8).bound == pytest.approx(1, abs=1e-3)
    assert stochastic_order(second, first).bound == pytest.approx(0, abs=0.01)


def test_the_worked_example_of_deep_significance():
    # https://github.com/Kaleidophon/deep-significance, README, scenario 1, by the authors of Ulmer,
    # Hardmeier and Frellsen (2022), arXiv:2204.06815: five scores a side from this seed, and a 95%
    # bound of 0.225 over 1,000 resamples. Every quantile of the first is the higher one here.
    random = np.random.RandomState(1234)
    scores, baseline = random.normal(0.9, 0.8, 5), random.normal(0, 1, 5)
    found = stochastic_order(scores, baseline)
    assert found.violation == 0
    # Both bounds are 1.645 times an sd over 1,000 resamples: they differ by some 3% of themselves.
    assert found.bound == pytest.approx(0.225, abs=0.01)


def test_the_error_is_the_spread_of_the_ratio_and_the_bound_holds_less_often_than_it_says():
    rng = np.random.default_rng(1)
    truth = of_normals(0.5, 1, 2)
    drawn = [(rng.normal(0.5, 1, 60), rng.normal(0, 2, 60)) for _ in range(150)]
    found = [stochastic_order(*sides) for sides in drawn]
    spread = np.std([each.violation for each in found])
    assert np.mean([each.error for each in found]) == pytest.approx(spread, rel=0.2)
    assert 0.8 < np.mean([truth <= each.bound for each in found]) < 0.95


def test_it_repeats_and_more_confidence_is_wider():
    scores, baseline = [1, 2, 3, 4, 9], [0, 2, 3, 5, 6]
    found = stochastic_order(scores, baseline)
    assert found == stochastic_order(scores, baseline)
    assert found.violation < found.bound < stochastic_order(scores, baseline, 0.99).bound
