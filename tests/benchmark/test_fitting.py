import pytest

from workbench.benchmark.fitting import (
    Footprint,
    crowded,
    evenly,
    footprint,
    largest_cohort,
    together,
)
from workbench.benchmark.job import ENGINE, PUBLISHED, TUNED

SMALL, LARGE = Footprint(resting=1, peak=3), Footprint(resting=2, peak=9)


# All wait and the largest is at its peak: 1 + 2 + 1 + 9 - 2 = 11, of 0.9 of what is free.
@pytest.mark.parametrize(("free", "expected"), [(12.3, True), (12.2, False)])
def test_all_stay_in_memory_or_none(free, expected):
    assert together([SMALL, LARGE, SMALL], free) is expected


def test_memory_is_given_back_where_the_peaks_fill_it():
    # 3 + 9 + 3 = 15 of 25 is 0.6.
    assert not crowded([SMALL, LARGE, SMALL], 25)
    assert crowded([SMALL, LARGE, SMALL], 24.9)


def test_processes_side_by_side_need_their_sum():
    both = 2 * LARGE
    assert (both.resting, both.peak) == (4, 18)


@pytest.mark.parametrize(
    ("runs", "most", "size"), [(1, 16, 1), (10, 16, 10), (20, 16, 10), (5, 4, 3), (10, 4, 4)]
)
def test_cohorts_are_even(runs, most, size):
    assert evenly(runs, most) == size


def test_padding_and_whole_tables_cost_memory(make_comparison):
    comparison = make_comparison("miniature-document:size=64")
    found = {
        name: footprint(comparison.job(name), comparison.sizes)
        for name in (PUBLISHED, TUNED, ENGINE)
    }
    assert found[PUBLISHED].peak > found[TUNED].peak > found[ENGINE].peak
    # The engine leaves out the word pieces that do not occur: 16 bytes of each of 32 values.
    left_out = 30522 - len(comparison.work.used)
    assert found[TUNED].resting - found[ENGINE].resting == 16 * 32 * left_out
    ten = footprint(comparison.job(ENGINE, 10), comparison.sizes)
    base = 0.4e9
    assert ten.resting - base == 10 * (found[ENGINE].resting - base)


def test_a_cohort_is_as_large_as_the_memory_beside_waiting_peers(make_comparison):
    comparison = make_comparison()
    job, sizes = comparison.job(ENGINE), comparison.sizes
    lone, pair = (footprint(comparison.job(ENGINE, runs), sizes) for runs in (1, 2))
    # Two peers wait, the engine's process is there; 85% of what is left holds three runs.
    run, base = pair.peak - lone.peak, 0.4e9
    free = 2 * lone.resting + base + 3.5 * run / 0.85
    assert largest_cohort(job, sizes, free) in (3, 4)
    assert largest_cohort(job, sizes, free + 2 * run) > largest_cohort(job, sizes, free)
    assert (largest_cohort(job, sizes, 0), largest_cohort(job, sizes, 1e12)) == (1, 16)
