import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from workbench.analysis.adaptive import Outcome, Rule, follow, look, outcomes
from workbench.analysis.decision import decide
from workbench.analysis.intervals import Limits
from workbench.analysis.items import ItemError, draws, item_error
from workbench.errors import WorkbenchError

RULE = Rule(contrasts=1, margin=0.02, looks=(5, 10, 20))
SEEDS = range(20)
# Ten numbers with mean 0 and sample standard deviation 0.01.
NOISE = 0.01 * np.array([-1, 1] * 5) * 0.9**0.5


def by_seed(values, start=0):
    return dict(enumerate(map(float, values), start))


def shifted(difference, seeds=10):
    """Return two techniques' scores whose differences spread by 0.01 around the given one."""
    return by_seed(0.8 + difference + np.resize(NOISE, seeds)), by_seed([0.8] * seeds)


@pytest.mark.parametrize(
    ("low", "high", "floor", "expected"),
    [
        (0.001, 0.05, 0.0, Outcome.BETTER),
        (-0.05, -0.001, 0.0, Outcome.WORSE),
        (-0.019, 0.019, 0.0, Outcome.EQUIVALENT),
        (0.001, 0.019, 0.0, Outcome.BETTER),  # Its sign is known, however small it is.
        (-0.019, 0.021, 0.0, Outcome.OPEN),
        (-0.020, 0.019, 0.0, Outcome.OPEN),
        (-0.001, 0.05, 0.0, Outcome.OPEN),
        (0.0, 0.05, 0.0, Outcome.OPEN),
        (-np.inf, np.inf, 0.5, Outcome.OPEN),
        # At no difference within the limits would +- 0.03 exclude 0, or fit within 0.02.
        (-0.01, 0.03, 0.03, Outcome.ITEMS),
        (-0.01, 0.031, 0.03, Outcome.OPEN),  # 0.031 - 0.03 > 0: may yet be better.
        (-0.031, 0.01, 0.03, Outcome.OPEN),
        (-0.021, 0.021, 0.019, Outcome.OPEN),  # 0 +- 0.019 would be equivalent.
        (-0.021, 0.021, 0.021, Outcome.ITEMS),
    ],
)
def test_outcomes_are_read_off_the_interval(low, high, floor, expected):
    limits = Limits(np.array(low), np.array(high))
    assert outcomes(limits, limits, floor, RULE) == expected


@pytest.mark.parametrize(
    ("low", "high", "floor", "expected"),
    [
        # Between 0.012 and 0.018 +- 0.019 includes 0, and reaches beyond 0.02.
        (0.012, 0.018, 0.019, Outcome.ITEMS),
        (-0.018, -0.012, 0.019, Outcome.ITEMS),
        (0.0009, 0.018, 0.019, Outcome.OPEN),  # 0.0009 +- 0.019 would be equivalent.
        (0.012, 0.0191, 0.019, Outcome.OPEN),
    ],
)
def test_seeds_are_hopeless_by_what_they_can_still_find_on_these_items(low, high, floor, expected):
    on_these = Limits(np.array(low), np.array(high))
    new_items = Limits(np.array(-0.03), np.array(0.03))
    assert outcomes(new_items, on_these, floor, RULE) == expected


@given(
    st.floats(-0.1, 0.1), st.floats(0, 0.1), st.floats(0, 0.05), st.floats(0, 0.05), st.floats(0, 1)
)
def test_a_wider_margin_only_turns_open_contrasts_equivalent(low, width, floor, margin, more):
    limits = Limits(np.array(low), np.array(low + width))
    before = outcomes(limits, limits, floor, Rule(1, margin))
    after = outcomes(limits, limits, floor, Rule(1, margin + more))
    assert before == after or after in (Outcome.EQUIVALENT, Outcome.OPEN)
    if before in (Outcome.BETTER, Outcome.WORSE, Outcome.EQUIVALENT):
        assert before == after


@pytest.mark.parametrize(
    ("difference", "expected"),
    [
        (0.03, Outcome.BETTER),
        (-0.03, Outcome.WORSE),
        (0.0, Outcome.EQUIVALENT),
        (0.011, Outcome.OPEN),
    ],
)
def test_a_look_by_its_difference(difference, expected):
    # Level 4 / 1024 at ten pairs; Student's half width is 3.82 * 0.01 / sqrt(10) = 0.0121.
    rule = Rule(1, 0.02, looks=(10, 20), error_rate=0.0125)
    assert rule.levels[0] == 4 / 1024
    found = look("new", *shifted(difference), rule=rule, index=0)
    assert found.outcome == expected
    assert found.difference.mean == pytest.approx(difference)
    assert found.interval == pytest.approx((difference - 0.0121, difference + 0.0121), abs=2e-4)


def test_sides_that_change_places_change_the_outcome():
    sides = shifted(0.03)
    assert look("new", *sides, rule=RULE, index=1).outcome == Outcome.BETTER
    assert look("new", *sides[::-1], rule=RULE, index=1).outcome == Outcome.WORSE


def test_the_error_of_the_items_widens_and_may_stop():
    sides = shifted(0.03)
    narrow = look("new", *sides, rule=RULE, index=1, items=ItemError(0.001, 100))
    wide = look("new", *sides, rule=RULE, index=1, items=ItemError(0.015, 100))
    hopeless = look("new", *sides, rule=RULE, index=1, items=ItemError(0.05, 100))
    assert [narrow.outcome, wide.outcome, hopeless.outcome] == [
        Outcome.BETTER,
        Outcome.OPEN,
        Outcome.ITEMS,
    ]
    assert narrow.interval.low > wide.interval.low > hopeless.interval.low


def classified(generator, items=60, seeds=10):
    """Return which items each seed of a technique gets right: items, seeds and chance count."""
    hard = generator.standard_normal(items)
    own = 0.3 * generator.standard_normal((seeds, 1))
    return (1 + hard + own + generator.standard_normal((seeds, items)) > 0).astype(int)


def test_the_interval_for_new_items_holds_where_that_for_these_does_not():
    generator, rule = np.random.default_rng(0), Rule(1, looks=(10,))
    drawn = draws(60, 60)
    missed = {"new": 0, "these": 0}
    for _ in range(120):
        new, old = classified(generator), classified(generator)  # Equally good on other items.
        sides = by_seed(new.mean(axis=1)), by_seed(old.mean(axis=1))
        error = item_error(drawn @ new.T / 60, drawn @ old.T / 60, 60)
        for claim, items in (("new", error), ("these", None)):
            low, high = look(claim, *sides, rule=rule, index=0, items=items).interval
            missed[claim] += not low <= 0 <= high
    # At a level of 5%, more than 12 of 120 come once in a hundred times.
    assert missed["new"] <= stats.binom.isf(0.01, 120, 0.05) < missed["these"]


@given(
    st.lists(st.floats(-0.1, 0.1), min_size=10, max_size=10),
    st.integers(1, 5),
    st.floats(0, 0.05),
)
@settings(max_examples=200, deadline=None)
def test_what_the_rule_claims_the_table_does_not_contradict(values, contrasts, item_sd):
    rule = Rule(contrasts, 0.02, looks=(10, 40))
    items = ItemError(item_sd, 50) if item_sd > 0.01 else None
    found = look("new", by_seed(values), by_seed([0.0] * 10), rule=rule, index=0, items=items)
    others = dict.fromkeys(range(1, contrasts), ())
    table = decide({0: values, **others})[0]
    if found.outcome in (Outcome.BETTER, Outcome.WORSE):
        assert table.verdict == found.outcome
    assert found.interval.low <= table.low + 1e-9 and table.high <= found.interval.high + 1e-9


def test_equal_differences_are_undecided_as_in_the_table_unless_they_are_zero():
    same = by_seed([0.8] * 10)
    assert look("new", same, same, rule=RULE, index=1).outcome == Outcome.EQUIVALENT
    assert look("new", by_seed([0.9] * 10), same, rule=RULE, index=1).outcome == Outcome.OPEN


def study(difference, seeds, undefined=()):
    new, old = shifted(difference, seeds)
    return {"baseline": old, "new": new | dict.fromkeys(undefined)}


@pytest.mark.parametrize(
    ("seeds", "difference", "outcome", "missing"),
    [
        (0, 0.03, None, tuple(range(5))),
        (3, 0.03, None, (3, 4)),
        (5, 0.03, Outcome.OPEN, tuple(range(5, 10))),
        (10, 0.03, Outcome.BETTER, ()),
        (10, 0.011, Outcome.OPEN, tuple(range(10, 20))),
        (20, 0.011, Outcome.BETTER, ()),
        (20, 0.0065, Outcome.BETTER, ()),
        (20, 0.001, Outcome.EQUIVALENT, ()),
    ],
)
def test_a_study_goes_on_until_it_is_decided(seeds, difference, outcome, missing):
    rule = Rule(1, 0.015, looks=(5, 10, 20), error_rate=0.02)
    found = follow(study(difference, seeds), rule, SEEDS)
    assert found.missing == ({"new": missing, "baseline": missing} if missing else {})
    assert (found.contrasts["new"].outcome if found.contrasts else None) == outcome


def test_at_the_end_of_the_seeds_it_is_undecided():
    far_apart = {"baseline": by_seed([0.5] * 20), "new": by_seed(np.resize([0.2, 0.9], 20))}
    found = follow(far_apart, RULE, SEEDS)
    assert found.contrasts["new"].outcome == Outcome.UNDECIDED
    assert found.contrasts["new"].seeds == 20
    assert not found.missing


@pytest.mark.parametrize(("runs", "seeds"), [(20, 10), (39, 10), (40, 20), (None, 20)])
def test_a_round_that_the_budget_does_not_pay_for_is_not_begun(runs, seeds):
    far_apart = {"baseline": by_seed([0.5] * 20), "new": by_seed(np.resize([0.2, 0.9], 20))}
    found = follow(far_apart, RULE, SEEDS, runs=runs)
    assert (found.contrasts["new"].outcome, found.contrasts["new"].seeds) == ("undecided", seeds)


def test_what_has_stopped_stays_as_it_was_and_frees_its_budget():
    rule = Rule(2, 0.02, looks=(5, 10, 20))
    better, old = shifted(0.03, 20)
    # Later seeds of a technique that has stopped are no evidence any more.
    better |= {seed: 0.0 for seed in range(10, 20)}
    scores = {"baseline": old, "stopped": better, "wide": by_seed(np.resize([0.2, 1.4], 10))}
    found = follow(scores, rule, SEEDS, runs=50)
    assert found.contrasts["stopped"].outcome == Outcome.BETTER
    assert found.contrasts["stopped"].seeds == 10
    # 30 runs for ten seeds of three, 20 for ten more of two.
    assert found.missing == {"wide": tuple(range(10, 20))}
    assert not follow(scores, rule, SEEDS, runs=49).missing


def test_undefined_scores_are_runs_but_no_pairs():
    found = follow(study(0.03, 10, undefined=(2, 7)), RULE, SEEDS)
    assert found.contrasts["new"].difference.pairs == 8
    assert found.contrasts["new"].seeds == 10


def test_without_any_defined_score_nothing_is_known():
    found = follow(study(0.03, 10, undefined=range(10)), RULE, SEEDS)
    assert found.contrasts["new"].interval == (-np.inf, np.inf)
    assert found.contrasts["new"].outcome == Outcome.OPEN


@given(st.permutations(range(20)))
@settings(max_examples=10, deadline=None)
def test_the_order_in_which_runs_finish_does_not_matter(order):
    scores = study(0.011, 20)
    mixed = {name: {seed: found[seed] for seed in order} for name, found in scores.items()}
    assert follow(mixed, RULE, SEEDS) == follow(scores, RULE, SEEDS)


@given(st.permutations(range(10)))
@settings(max_examples=25, deadline=None)
def test_the_order_of_seeds_within_a_look_does_not_matter(order):
    values = 0.011 + NOISE + 0.001 * np.arange(10)
    first = look("new", by_seed(values), by_seed([0.0] * 10), rule=RULE, index=1)
    other = look("new", by_seed(values[order]), by_seed([0.0] * 10), rule=RULE, index=1)
    assert other.outcome == first.outcome
    assert other.interval == pytest.approx(first.interval)


def test_the_items_are_asked_for_each_technique_and_its_seeds():
    asked = []

    def items(technique, seeds):
        asked.append((technique, len(seeds)))
        return ItemError(0.05, 20)

    found = follow(study(0.0, 20), RULE, SEEDS, items=items)
    assert asked == [("new", 5), ("new", 10)]
    assert found.contrasts["new"].outcome == Outcome.ITEMS
    assert found.contrasts["new"].items == ItemError(0.05, 20)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"contrasts": 0}, "at least one technique"),
        ({"margin": -0.1}, "a margin of -0.1 makes no sense"),
        ({"margin": float("inf")}, "a margin of inf makes no sense"),
        ({"error_rate": 1.0}, "an error rate of 1.0 is no share"),
        ({"looks": ()}, "must be rising"),
        ({"looks": (10, 5)}, "must be rising"),
        ({"looks": (5, 5)}, "must be rising"),
        ({"looks": (5,)}, "5 seeds cannot decide 1 contrast at"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong, message):
    with pytest.raises(WorkbenchError, match=message):
        Rule(**{"contrasts": 1} | wrong)


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ({"new": {}}, {}, "have no 'baseline'"),
        ({"baseline": {}, "a": {}, "b": {}}, {}, "declared for 1 contrast, and there are 2"),
        ({"baseline": {}}, {}, "there are 0"),
        ({"baseline": {}, "a": {}}, {"seeds": range(19)}, "takes 20 different seeds"),
        ({"baseline": {}, "a": {}}, {"seeds": [*range(20), 3]}, "takes 20 different seeds"),
        ({"baseline": {}, "a": {}}, {"runs": 19}, "a budget of 19 runs decides nothing"),
    ],
)
def test_what_does_not_fit_the_rule_is_refused(scores, options, message):
    with pytest.raises(WorkbenchError, match=message):
        follow(scores, RULE, **{"seeds": SEEDS} | options)
