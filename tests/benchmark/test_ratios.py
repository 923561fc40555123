"""Ratios and shares, against numbers worked out by hand from fixed measurements."""

import pytest

from tests.benchmark.sample import COHORT, comparison
from workbench.benchmark import ratios


def test_the_share_of_several_seeds_counts_all_of_them():
    compared = comparison([COHORT])
    # 10 x 6e10 / (2 x 1e11) = 3, / (4 x 2e11) = 0.75; the median of both.
    assert ratios.share(compared, COHORT, seeds=10) == pytest.approx(1.875)
