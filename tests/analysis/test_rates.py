from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import gammaln
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from workbench.analysis import rates
from workbench.analysis.rates import Frequency
from workbench.errors import WorkbenchError

counts = st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_clopper_pearson_by_hand():
    # None of n: the upper limit u solves (1 - u)^n = 0.025.
    assert rates.clopper_pearson(0, 10) == pytest.approx((0, 1 - 0.025**0.1))
    assert rates.clopper_pearson(10, 10) == pytest.approx((0.025**0.1, 1))
    assert rates.clopper_pearson(0, 0) == (0, 1)


@given(counts, st.floats(0.5, 0.999))
def test_clopper_pearson_is_that_of_scipy_and_statsmodels(count, confidence):
    found = rates.clopper_pearson(*count, confidence)
    exact = stats.binomtest(*count).proportion_ci(confidence, method="exact")
    assert found == pytest.approx(tuple(exact), abs=1e-9)
    beta = proportion_confint(*count, alpha=1 - confidence, method="beta")
    assert found == pytest.approx(tuple(map(float, beta)), abs=1e-9)


@pytest.mark.parametrize("count", [-1, 6, float("nan")])
def test_a_count_that_is_none_is_refused(count):
    with pytest.raises(WorkbenchError, match="count from 0 to 5"):
        rates.clopper_pearson(count, 5)


def compared(only: int, other: int, n: int, error: float = 0.05) -> rates.RateDifference:
    rest = n - only - other
    first = [True] * only + [False] * other + [True, False] * rest
    second = [False] * only + [True] * other + [True, False] * rest
    return rates.rate_difference(first[:n], second[:n], error)


@pytest.mark.parametrize(
    ("counted", "verdict"),
    [
        ((0, 6, 10), Frequency.LESS),
        ((6, 0, 10), Frequency.MORE),
        ((3, 1, 10), Frequency.UNDECIDED),
        ((0, 0, 10), Frequency.UNDECIDED),
        ((0, 5, 5), Frequency.FEW),
        ((0, 0, 0), Frequency.FEW),
    ],
)
def test_verdicts(counted, verdict):
    assert compared(*counted).verdict == verdict


def test_p_by_hand():
    # Only 5 of 5 is as extreme, in either sense: 2 / 2^5, where all pairs disagree.
    assert compared(5, 0, 5).p == pytest.approx(1 / 16)
    # Of 6 pairs, 5 that disagree in one sense (|z| = 5 / sqrt 5) are exceeded by 6 of 6 alone:
    # p(d) = 6 d^5 (1 - d) / 16 + d^6 / 32, largest at d = 10 / 11.
    largest = 6 * (10 / 11) ** 5 / 11 / 16 + (10 / 11) ** 6 / 32
    assert compared(5, 0, 6).p == pytest.approx(largest, rel=1e-4)


def test_without_disagreement_the_interval_is_by_hand():
    # The score is -n d / sqrt(n d (1 - d)), so d = z^2 / (n + z^2).
    z = stats.norm.ppf(0.975)
    assert compared(0, 0, 10)[:3] == pytest.approx((0, -(z**2) / (10 + z**2), z**2 / (10 + z**2)))


def test_where_all_pairs_disagree_the_interval_is_wilson_s():
    wilson = np.array(proportion_confint(13, 20, method="wilson"))
    assert rates.tango_interval(13, 7, 20) == pytest.approx(2 * wilson - 1)


def test_no_pair_says_nothing():
    found = rates.rate_difference([], [])
    assert np.isnan(found.difference)
    assert (found.low, found.high, found.p, found.pairs) == (-1, 1, 1, 0)


@cache
def outcomes(n: int) -> list[tuple[int, int, rates.RateDifference]]:
    return [(b, c, compared(b, c, n)) for b in range(n + 1) for c in range(n + 1 - b)]


@pytest.mark.parametrize("n", [5, 10, 20])
def test_interval_and_test_never_contradict_each_other(n):
    for only, other, found in outcomes(n):
        assert (found.p <= 0.05) == (not found.low <= 0 <= found.high)
        assert found.low <= found.difference <= found.high
        assert compared(other, only, n)[:3] == pytest.approx(
            (-found.difference, -found.high, -found.low)
        )


@pytest.mark.parametrize(("n", "least"), [(5, 0.0), (10, 0.04), (20, 0.045)])
def test_it_rejects_equal_rates_at_most_as_often_as_it_says(n, least):
    half = np.linspace(0, 0.5, 101)
    rejected = [found.p <= 0.05 for *_, found in outcomes(n)]
    assert least <= (chances(n, half, half) @ rejected).max() <= 0.05 + 1e-12


@pytest.mark.parametrize(("n", "worst"), [(5, 0.88), (10, 0.91), (20, 0.91)])
def test_the_interval_covers_what_its_notes_say(n, worst):
    first, second = np.array([(b, c) for b in range(41) for c in range(41 - b)]).T / 40
    ends = np.array([found[1:3] for *_, found in outcomes(n)])
    truth = (first - second)[:, None]
    held = (ends[:, 0] <= truth + 1e-9) & (truth - 1e-9 <= ends[:, 1])
    covered = (chances(n, first, second) * held).sum(axis=1)
    assert np.quantile(covered, 0.05) >= 0.944 - 1e-3
    assert covered.min() == pytest.approx(worst, abs=0.01)


def chances(n: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the probability of each outcome at some rates of both kinds of disagreement."""
    table = np.array([(b, c, n - b - c) for b, c, _ in outcomes(n)])
    rest = np.clip(1 - first - second, 0, 1)
    at = np.column_stack([first, second, rest])[:, None]
    return np.exp(gammaln(n + 1) - gammaln(table + 1).sum(axis=1)) * (at**table).prod(axis=-1)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_p_is_no_smaller_than_mcnemar_s(only, other, same):
    n = only + other + same
    if not n:
        return
    table = [[same, only], [other, 0]]
    p = compared(only, other, n).p
    if only + other:
        assert p >= mcnemar(table, exact=False, correction=False).pvalue - 1e-9
    assert p <= 1
