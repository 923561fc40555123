"""Parts of a training set: nested, in proportion, the same everywhere."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.tasks.subset import drawn, proportional

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("sizes", "order"),
    [
        # By hand: each stratum once, largest first; then 0 is behind (5 x 0.75 = 3.75 places).
        ([6, 1, 1], [0, 1, 2, 0, 0, 0, 0, 0]),
        # Places of 0 are due at 1, 3, 5; those of 1 at 2, 4 and 6.
        ([3, 3], [0, 1, 0, 1, 0, 1]),
        # Stratum 1 has a third: once in every three places.
        ([4, 2], [0, 1, 0, 0, 1, 0]),
        ([3], [0, 0, 0]),
    ],
)
def test_orders_made_by_hand(sizes, order):
    assert list(proportional(sizes, sum(sizes))) == order


@given(SIZES)
def test_every_beginning_has_the_shares(sizes):
    total, had = sum(sizes), [0] * len(sizes)
    for place, stratum in enumerate(proportional(sizes, total), start=1):
        had[stratum] += 1
        shares = [Fraction(place * size, total) for size in sizes]
        early = sum(max(1 - share, 0) for share in shares)
        assert all(-1 - early < count - share < 1 for count, share in zip(had, shares, strict=True))
        assert place > len(sizes) or max(had) == 1
    assert had == sizes


@given(SIZES, st.data())
def test_a_smaller_part_lies_inside_a_larger_one(sizes, data):
    strata = np.repeat(np.arange(len(sizes)), sizes)
    strata = data.draw(st.permutations(list(strata)))
    small, large = sorted(data.draw(st.integers(0, len(strata))) for _ in range(2))
    parts = [drawn(size, 3, len(strata), np.array(strata)) for size in (small, large)]
    assert parts[1][:small] == parts[0]
    assert len(set(parts[1])) == large


def test_strata_may_have_any_numbers():
    strata = np.array([7, -2, 7, 7, -2, 7])
    renumbered = np.array([1, 0, 1, 1, 0, 1])
    assert drawn(4, 0, 6, strata) == drawn(4, 0, 6, renumbered)
    assert sorted(strata[drawn(3, 0, 6, strata)]) == [-2, 7, 7]


def test_one_of_each_class_as_soon_as_there_is_room():
    strata = np.array([0] * 97 + [1, 2, 3])
    for seed in range(5):
        assert set(strata[drawn(4, seed, 100, strata)]) == {0, 1, 2, 3}


def test_seeds_draw_others_and_each_machine_the_same():
    # As SHA-256 of "seed:unit" orders them.
    assert drawn(4, 0, 64) == [46, 15, 44, 36]
    assert drawn(4, 1, 64) != drawn(4, 0, 64)
    assert drawn(64, 1, 64) != list(range(64)) == sorted(drawn(64, 1, 64))
    halves = np.arange(64) % 2
    assert drawn(64, 0, 64, halves) != drawn(64, 0, 64)


def test_every_unit_is_as_likely_as_its_stratum():
    strata = np.array([0] * 8 + [1] * 4)
    counts = np.zeros(12)
    for seed in range(600):
        counts[drawn(3, seed, 12, strata)] += 1
    # Two of eight, one of four: each a quarter, with a standard deviation of 10.6.
    assert np.abs(counts - 150).max() < 45
