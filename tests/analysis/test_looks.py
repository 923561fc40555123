import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis.intervals import sign_flips
from workbench.analysis.looks import LOOKS, levels, rounds
from workbench.errors import WorkbenchError


@pytest.mark.parametrize(
    ("start", "most", "step", "expected"),
    [
        (5, 40, 0, (5, 10, 20, 40)),
        (5, 39, 0, (5, 10, 20, 39)),
        (5, 20, 5, (5, 10, 15, 20)),
        (5, 5, 0, (5,)),
    ],
)
def test_rounds(start, most, step, expected):
    assert rounds(start, most, step) == expected


@pytest.mark.parametrize("wrong", [(0, 5, 0), (6, 5, 0), (5, 10, -1)])
def test_rounds_that_make_no_sense(wrong):
    with pytest.raises(WorkbenchError, match="make no sense"):
        rounds(*wrong)


def test_levels_by_hand():
    # At 10 of 40 pairs an eighth of 5% may be spent, 6.4 of 1024 flips: 6 two-sided. At 40 the
    # rest, 361.6 of 8192: 360, since 5% are 409.6 and 6 of 1024 are 48 of 8192.
    assert levels((5, 10, 40), 0.05) == (0, 6 / 1024, 360 / 8192)


def test_five_pairs_cannot_decide_and_six_can_just():
    assert levels((5,), 0.05) == (0,)
    assert levels((6,), 0.05) == (2 / 64,)


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=8, unique=True).map(sorted),
    st.floats(0.001, 0.2),
)
def test_levels_are_rejections_of_the_test_and_never_exceed_the_error_rate(looks, error_rate):
    found = levels(looks, error_rate)
    assert all(level >= 0 for level in found)
    assert sum(found) <= error_rate + 1e-12
    flips = [level * sign_flips(pairs) / 2 for level, pairs in zip(found, looks, strict=True)]
    assert flips == pytest.approx([round(count) for count in flips])


def test_hardly_anything_of_the_error_rate_is_left_over():
    assert sum(levels(LOOKS, 0.05 / 3)) > 0.99 * 0.05 / 3
