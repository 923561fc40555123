import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from workbench.analysis.decision import Decision, Verdict, decide, fewest_pairs, holm_levels
from workbench.analysis.intervals import cautious_p, sign_flip_p, student_p
from workbench.errors import WorkbenchError

LARGER = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08]
BETTER_ALONE = [-1, 1, -0.5, 1, 1, 2, 2, 3, 4]  # p = 20 / 512
MIXED = [0.03, -0.04, 0.01, -0.02, 0.02, 0.04, -0.03, 0.01]

series = st.lists(st.integers(-40, 100), min_size=0, max_size=10).map(
    lambda values: np.array(values, float) / 100
)
families = st.lists(series, min_size=1, max_size=6).map(lambda rows: dict(enumerate(rows)))


def alone(differences, error=0.05):
    return decide({"arm": differences}, error)["arm"]


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        (LARGER, "better"),
        ([-value for value in LARGER], "worse"),
        (MIXED, "undecided"),
        ([0.0] * 8, "identical"),
        ([0.3 - 0.1 - 0.2] * 8, "identical"),
        ([0.1] * 8, "undecided"),
        ([0.10, 0.11, 0.10, 0.09, 0.10], "too few"),
        ([0.0] * 5, "identical"),
        ([0.0], "too few"),
        ([0.1], "too few"),
        ([], "too few"),
        ([None, np.nan, *LARGER], "better"),
    ],
)
def test_verdict(differences, expected):
    assert alone(differences).verdict == expected


def test_a_decision_by_hand():
    # All six signs agree: 2 of 64 flips are as extreme; the limits are the ends of subset means,
    # wider than Student's 3.5 -+ 2.571 * 1.871 / 6 ** 0.5 = 3.5 -+ 1.963.
    found = alone([1.0, 2, 3, 4, 5, 6])
    assert found == Decision(
        3.5, pytest.approx(3.5**0.5), 6, 1.0, 6.0, 0.05, 2 / 64, Verdict.BETTER
    )


def test_without_a_pair_nothing_is_known():
    found = alone([])
    assert np.isnan([found.difference, found.sd]).all()
    assert (found.pairs, found.low, found.high, found.p) == (0, -np.inf, np.inf, 1.0)


@given(families, st.sampled_from([0.01, 0.05, 0.1, 0.3]))
@settings(max_examples=60, deadline=None)
def test_interval_verdict_and_holm_never_contradict_each_other(differences, error):
    found = decide(differences, error)
    rejected, *_ = multipletests([each.p for each in found.values()], error, method="holm")
    for each, reject in zip(found.values(), rejected, strict=True):
        claimed = each.verdict in (Verdict.BETTER, Verdict.WORSE)
        excluded = max(each.low, -each.high) > 1e-12
        assert claimed == reject == excluded == (each.p <= each.level)
        assert (each.verdict == Verdict.BETTER) == (excluded and each.difference > 0)
        assert error / len(found) <= each.level <= error


@given(families)
def test_those_after_the_first_that_is_not_rejected_keep_its_level(differences):
    found = sorted(decide(differences).values(), key=lambda each: each.p)
    steps = [0.05 / (len(found) - place) for place in range(len(found))]
    stopped = [each.level for each in found if each.p > each.level]
    rejected = len(found) - len(stopped)
    assert [each.level for each in found[:rejected]] == steps[:rejected]
    assert stopped == [steps[rejected]] * len(stopped) if stopped else True


@given(st.dictionaries(st.integers(), st.sampled_from([0.001, 0.01, 0.02, 0.04, 0.2, 1.0])))
def test_levels_reject_what_statsmodels_rejects(ps):
    levels = holm_levels(ps)
    rejected = multipletests([*ps.values()], 0.05, method="holm")[0] if ps else []
    assert [ps[name] <= levels[name] for name in ps] == list(rejected)
    assert list(levels) == sorted(ps, key=ps.__getitem__)


def test_levels_by_hand():
    # 0.05 / 3 rejects the first, 0.05 / 2 does not reject the second.
    assert holm_levels({"a": 0.04, "b": 0.01, "c": 0.03}) == {
        "a": 0.025,
        "b": pytest.approx(0.05 / 3),
        "c": 0.025,
    }


@given(series)
def test_a_lone_comparison_is_not_adjusted(differences):
    assert alone(differences).level == 0.05
    together = decide({"arm": differences, "other": [], "more": [0.1]})["arm"]
    assert together.p == alone(differences).p
    assert together.low <= alone(differences).low


def test_a_claim_of_one_can_fall_among_many():
    other = np.resize([1.0, -1.0], 9)
    assert alone(BETTER_ALONE).verdict == "better"
    assert alone(BETTER_ALONE).p == 20 / 512
    assert decide({"arm": BETTER_ALONE, "other": other})["arm"].verdict == "undecided"


def test_a_clear_comparison_makes_room_for_the_next():
    found = decide({"next": BETTER_ALONE, "clear": range(1, 10)})
    assert list(found) == ["next", "clear"]
    assert [each.level for each in found.values()] == [0.05, 0.025]
    assert [each.verdict for each in found.values()] == ["better", "better"]


@given(series.filter(lambda values: len(values) > 1 and np.ptp(values) > 0))
def test_p_of_the_t_test_is_that_of_scipy(differences):
    assert student_p(differences) == pytest.approx(
        stats.ttest_rel(differences, np.zeros(len(differences))).pvalue
    )


@given(series.filter(lambda values: len(values) > 1))
@settings(max_examples=40, deadline=None)
def test_p_of_the_sign_flip_test_is_that_of_scipy(differences):
    # Multiples of a power of two: sums are exact, and so are ties.
    differences = np.round(differences * 100) / 128
    found = stats.permutation_test((differences,), np.mean, permutation_type="samples")
    assert sign_flip_p(differences) == pytest.approx(found.pvalue)


def test_many_series_are_what_each_is_alone():
    drawn = np.random.default_rng(0).standard_normal((300, 2, 8))
    together = cautious_p(drawn)
    assert together.shape == (300, 2)
    for index in [(0, 0), (255, 1), (299, 1)]:
        assert together[index] == pytest.approx(cautious_p(drawn[index]))


@pytest.mark.parametrize(
    ("error", "comparisons", "pairs"),
    # 2 / 2 ** 5 = 0.0625, 2 / 2 ** 6 = 0.03125, 2 / 2 ** 7 = 0.015625, 2 / 2 ** 13 = 0.00024.
    [(0.0625, 1, 5), (0.05, 1, 6), (0.05, 2, 7), (0.05, 3, 7), (0.05, 204, 13), (0.05, 205, None)],
)
def test_fewest_pairs_that_can_decide(error, comparisons, pairs):
    assert fewest_pairs(error, comparisons) == pairs


@pytest.mark.parametrize(("comparisons", "error"), [(1, 0.05), (1, 0.1), (4, 0.05), (9, 0.02)])
def test_with_the_fewest_pairs_the_clearest_differences_are_decided(comparisons, error):
    needed = fewest_pairs(error, comparisons)
    clear = {place: np.arange(1.0, needed + 1) for place in range(comparisons)}
    assert {each.verdict for each in decide(clear, error).values()} == {"better"}
    short = {place: each[1:] for place, each in clear.items()}
    assert {each.verdict for each in decide(short, error).values()} == {"too few"}


@pytest.mark.parametrize("error", [0, 1, -0.1, np.nan])
def test_an_error_must_be_a_share(error):
    for decision in (lambda: decide({}, error), lambda: fewest_pairs(error)):
        with pytest.raises(WorkbenchError, match="is no share: choose one between 0 and 1"):
            decision()


def test_nothing_to_decide():
    assert decide({}) == {}
