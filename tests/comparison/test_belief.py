import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.comparison.belief import PRIOR, UNKNOWN, Belief, Prior, joined


def test_two_sources_weigh_by_the_inverse_of_their_variance():
    # Weights 1 and 3: (1 * 4 + 3 * 8) / 4, and variance 1 / 4.
    assert joined([Belief(4, 1), Belief(8, 1 / 3)]) == pytest.approx((7, 1 / 4))
    assert joined([Belief(4, 1), UNKNOWN]) == (4, 1)
    assert joined([]) == joined([UNKNOWN]) == UNKNOWN


BELIEFS = st.builds(Belief, st.floats(-1, 1), st.floats(1e-6, 1))


@given(st.lists(BELIEFS, min_size=1, max_size=5))
def test_joined_sources_lie_between_them_and_are_surer_than_each(beliefs):
    found = joined(beliefs)
    means = [each.mean for each in beliefs]
    assert min(means) - 1e-9 <= found.mean <= max(means) + 1e-9
    assert found.variance <= min(each.variance for each in beliefs) * (1 + 1e-9)


def test_chance_and_limits_are_those_of_a_normal_distribution():
    belief = Belief(0.02, 0.03**2)
    assert belief.chance == pytest.approx(stats.norm.sf(0, 0.02, 0.03))
    assert belief.limits() == pytest.approx(stats.norm.interval(0.95, 0.02, 0.03))


def test_a_claim_shifts_the_prior_and_leaves_its_spread():
    claimed, other = PRIOR.belief(True), PRIOR.belief(False)
    assert (claimed.mean, other.mean) == (PRIOR.claimed, 0.0)
    assert claimed.variance == other.variance == PRIOR.spread**2
    # The mean gain of the four tasks of Zhang et al. that the docstring names, in points.
    assert 100 * PRIOR.claimed == pytest.approx((3.1 + 0.6 + 0.4 + 0.9) / 4)


def test_other_priors_have_every_number_at_half_and_at_twice_itself():
    varied = PRIOR.varied()
    assert len(set(varied)) == 27 and PRIOR in varied
    assert Prior(PRIOR.claimed / 2, PRIOR.spread * 2, PRIOR.between) in varied
    assert math.isclose(max(each.between for each in varied), 0.1)
