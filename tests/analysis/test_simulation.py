import numpy as np
import pytest
from scipy import stats

from workbench.analysis.adaptive import Outcome, Rule, follow
from workbench.analysis.simulation import (
    Result,
    World,
    differences,
    equal_power,
    fixed,
    simulate,
)

RULE = Rule(contrasts=3, margin=0.02)


def draw(world, shape=(4000, 3, 8)):
    return differences(world, shape, np.random.default_rng(0))


@pytest.mark.parametrize("shape", ["normal", "two values"])
def test_differences_have_the_declared_mean_spread_and_correlation(shape):
    drawn = draw(World(effects=(0.0, 0.05, -0.05), sd=0.02, correlation=0.36, shape=shape))
    assert drawn.mean(axis=(0, 2)) == pytest.approx([0, 0.05, -0.05], abs=1e-3)
    # Each of two scores has the variance 0.02 ** 2, of which a share of 0.36 is common.
    assert drawn.std(axis=(0, 2)) == pytest.approx(0.02 * (2 * 0.64) ** 0.5, rel=0.02)
    # Differences to one baseline share half of what is left.
    assert np.corrcoef(drawn[:, 0, 0], drawn[:, 1, 0])[0, 1] == pytest.approx(0.5, abs=0.05)


def test_collapsed_runs_fall_by_the_depth_on_either_side():
    world = World(sd=0.001, collapse=0.1, depth=0.5)
    fallen = np.round(draw(world), 1)
    assert set(np.unique(fallen)) == {-0.5, 0.0, 0.5}
    assert (fallen == -0.5).mean() == pytest.approx(0.09, abs=0.005)
    assert (draw(World(sd=0.001, collapse=0.1, baseline_collapse=0.0)) < 0.4).all()


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        (World(), [0, 0, 0]),
        (World(effects=(0.1, 0.2)), [0.1, 0.2, 0.1]),
        (World(collapse=0.1), [0, 0, 0]),
        (World(collapse=0.1, baseline_collapse=0.0, depth=0.4), [-0.04, -0.04, -0.04]),
    ],
)
def test_what_is_true_of_a_world(world, expected):
    assert world.truths(3) == pytest.approx(expected)


def test_wrong_claims_and_runs_by_hand():
    ended = np.array(
        [
            ["better", "better", "equivalent"],
            ["undecided", "worse", "undecided"],
            ["equivalent", "better", "equivalent"],
            ["undecided", "better", "better"],
            ["undecided", "equivalent", "undecided"],
        ]
    )
    result = Result(ended, np.array([[10, 10, 20]] * 5))
    # Wrong are the first (better by 0), the second (worse by 0.03) and the last (0.03 is no 0.02).
    assert result.wrong(World(effects=(0.0, 0.03, 0.01)), margin=0.02) == 3
    assert result.runs.tolist() == [60] * 5
    assert result.share(Outcome.BETTER) == pytest.approx(5 / 15)


def test_the_same_seed_gives_the_same_studies():
    first, second, other = (simulate(World(), RULE, 40, seed) for seed in (0, 0, 1))
    assert (first.outcomes == second.outcomes).all() and (first.seeds == second.seeds).all()
    assert (first.seeds != other.seeds).any()


def test_an_invented_study_is_decided_as_a_real_one_is(monkeypatch):
    world = World(effects=(0.0, 0.01, 0.03), collapse=0.02)
    drawn = draw(world, (12, 3, RULE.looks[-1]))
    monkeypatch.setattr("workbench.analysis.simulation.differences", lambda *_: drawn.copy())
    found = simulate(world, RULE, 12)
    for study, ended, seeds in zip(drawn, found.outcomes, found.seeds, strict=True):
        scores = {name: dict(enumerate(row)) for name, row in zip("abc", study, strict=True)}
        scores["baseline"] = dict.fromkeys(range(RULE.looks[-1]), 0.0)
        contrasts = follow(scores, RULE, range(RULE.looks[-1])).contrasts
        assert [contrasts[name].outcome for name in "abc"] == ended.tolist()
        assert [contrasts[name].seeds for name in "abc"] == seeds.tolist()


@pytest.mark.parametrize(
    "world",
    [
        World(),
        World(collapse=0.1),
        World(collapse=0.4),
        World(shape="heavy tails", collapse=0.1),
        World(shape="two values"),
        World(item_sd=0.01),
        World(effects=(0.02,)),
    ],
)
def test_few_studies_make_a_wrong_claim(world):
    wrong = simulate(world, RULE, 400).wrong(world, RULE.margin)
    # At a true rate of 5%, more than 31 of 400 come once in a hundred times.
    assert wrong <= stats.binom.isf(0.01, 400, 0.05)


def test_looking_again_and_again_without_an_allowance_errs_often(monkeypatch):
    monkeypatch.setattr("workbench.analysis.adaptive.levels", lambda looks, error: [error] * 6)
    wrong = simulate(World(), Rule(contrasts=3), 400).wrong(World(), 0.02)
    assert wrong > stats.binom.isf(0.01, 400, 0.05)


def test_claims_about_new_items_that_leave_their_error_out_are_often_wrong(monkeypatch):
    monkeypatch.setattr("workbench.analysis.simulation.widened", lambda limits, *_: limits)
    world = World(item_sd=0.01)
    assert simulate(world, RULE, 400).wrong(world, 0.02) > stats.binom.isf(0.01, 400, 0.05)


def test_larger_differences_are_found_more_often_and_sooner():
    small, large = (simulate(World(effects=(effect,)), RULE, 200) for effect in (0.02, 0.04))
    assert small.share(Outcome.BETTER) > 0.9
    assert large.runs.mean() < 0.75 * small.runs.mean() < 0.75 * 160


def test_the_items_error_ends_studies_that_seeds_cannot_decide():
    small, large = (simulate(World(item_sd=sd), RULE, 200) for sd in (0.001, 0.03))
    assert small.share(Outcome.ITEMS) == 0 and large.share(Outcome.ITEMS) > 0.8
    assert large.runs.mean() < small.runs.mean()


def test_a_fixed_design_has_the_power_of_its_formula():
    from workbench.analysis.power import power

    world = World(effects=(0.02,), correlation=0.5)  # The differences spread by 0.02 too.
    [found] = fixed(world, RULE, [12], studies=2000)
    expected = power(0.02, 12, 0.02, RULE.error_rate / 3)
    assert (found == Outcome.BETTER).mean() == pytest.approx(expected, abs=0.03)
    seeds = equal_power(world, RULE, Outcome.BETTER, expected, 30, studies=2000)
    assert seeds is not None and abs(seeds - 12) <= 1
    assert equal_power(world, RULE, Outcome.BETTER, 1.1, 5, studies=10) is None
