import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.analysis.power import power, seeds_needed, smallest_detectable
from workbench.errors import WorkbenchError

designs = {
    "n": st.integers(2, 60),
    "sd": st.floats(0.001, 10),
    "alpha": st.sampled_from([0.05, 0.05 / 3, 0.01]),
}


# Cohen's textbook case: d = 0.5, two-sided 0.05, n = 34 pairs for a power of 0.8.
def test_a_half_standard_deviation_needs_34_pairs():
    assert seeds_needed(0.5, 1, 0.05, 0.8) == 34
    assert smallest_detectable(33, 1) > 0.5 >= smallest_detectable(34, 1)


@pytest.mark.parametrize(
    ("n", "alpha", "wanted", "expected"),
    # Found by halving on scipy.stats.nct.sf, in standard deviations.
    [(5, 0.05, 0.8, 1.6820), (10, 0.05, 0.8, 0.9960), (20, 0.05 / 3, 0.9, 0.8907)],
)
def test_smallest_detectable_by_hand(n, alpha, wanted, expected):
    assert smallest_detectable(n, 1, alpha, wanted) == pytest.approx(expected, abs=1e-4)
    critical = stats.t.isf(alpha / 2, n - 1)
    found = stats.nct.sf(critical, n - 1, expected * n**0.5)
    assert found == pytest.approx(wanted, abs=1e-3)


@given(**designs, wanted=st.floats(0.1, 0.99))
def test_the_smallest_detectable_difference_has_the_power(n, sd, alpha, wanted):
    assert power(smallest_detectable(n, sd, alpha, wanted), n, sd, alpha) == pytest.approx(wanted)


@given(**designs)
def test_more_seeds_find_less_and_it_scales_with_the_spread(n, sd, alpha):
    found = smallest_detectable(n, sd, alpha)
    assert smallest_detectable(n + 1, sd, alpha) < found
    assert smallest_detectable(n, 2 * sd, alpha) == pytest.approx(2 * found)


def test_without_a_difference_one_side_is_found_at_half_the_level():
    assert power(0, 10, 1, 0.05) == pytest.approx(0.025)
    assert power(-0.5, 34, 1) == power(0.5, 34, 1)


@pytest.mark.parametrize(("difference", "most"), [(0, 10_000), (0.01, 100)])
def test_what_too_many_seeds_would_be_needed_for_is_none(difference, most):
    assert seeds_needed(difference, 1, most=most) is None


def test_two_seeds_are_the_fewest():
    assert seeds_needed(1000, 1) == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n": 1}, "1 pairs of seeds have no spread"),
        ({"sd": 0}, "a standard deviation of 0 tells nothing"),
        ({"alpha": 1}, "an error rate of 1 is no share"),
        ({"power": 1}, "a power of 1 cannot be had"),
        ({"power": 0.01}, "a power of 0.01 cannot be had"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, message):
    with pytest.raises(WorkbenchError, match=message):
        smallest_detectable(**{"n": 5, "sd": 1.0} | wrong)
