"""Each arm against its baseline; expected values by hand."""

import pandas as pd
import pytest

from workbench.protocol.contrasts import contrasts, readable, verdicts
from workbench.protocol.sections import Arm, Contrast, Data, Tuning


@pytest.fixture
def biosses(declare):
    """Return a function that declares a study of BIOSSES that is not tuned."""

    def make(**changes):
        values = {"model": "bert", "tasks": {"biosses": Data()}, "tuning": Tuning()}
        return declare(**values | changes)

    return make


def runs(scores, subset=0, size=0):
    return pd.DataFrame(
        [
            {
                "task": "biosses",
                "train_size": size,
                "arm": arm,
                "subset_seed": subset,
                "seed": seed,
                "test": score,
                "collapsed": False,
            }
            for arm, values in scores.items()
            for seed, score in enumerate(values)
        ]
    )


def only(table):
    assert len(table) == 1
    return table.to_dict("records")[0]


def test_too_few_seeds_to_decide_show_how_far_they_are_apart(biosses):
    row = only(contrasts(runs({"plain": [0.1, 0.2, 0.3], "frozen": [0.2, 0.4, 0.3]}), biosses()))
    # Differences 0.1, 0.2, 0: mean 0.1, sd 0.1, t(2, 97.5%) = 4.302653.
    assert row["difference"] == pytest.approx(0.1)
    assert row["high"] - row["difference"] == pytest.approx(4.302653 * 0.1 / 3**0.5)
    assert (row["pairs"], row["unit"], row["outcome"]) == (3, "seeds", "undecided")
    assert (row["mean"], row["baseline_mean"]) == pytest.approx((0.3, 0.2))


def test_several_contrasts_widen_the_intervals(biosses):
    scores = {"plain": [0.1, 0.2, 0.3], "frozen": [0.2, 0.4, 0.3], "fresh": [0.2, 0.4, 0.3]}
    arms = {name: Arm(technique=(name,)) for name in scores}
    both = contrasts(runs(scores), biosses(arms=arms))
    # 97.5% each: t(2, 98.75%) = 6.205347.
    half = both["high"] - both["difference"]
    assert half.tolist() == pytest.approx([6.205347 * 0.1 / 3**0.5] * 2)


def test_across_checkpoints_nothing_pairs(biosses):
    table = runs({"plain": [0.0, 0.2], "frozen": [0.5, 0.7]})
    arms = {"plain": Arm(), "frozen": Arm(model="bert-large")}
    row = only(contrasts(table, biosses(arms=arms)))
    # Welch: variances 0.02 each, so the error is sqrt(0.01 + 0.01), with 2 degrees of freedom.
    assert row["difference"] == pytest.approx(0.5)
    assert row["high"] - row["difference"] == pytest.approx(4.302653 * 0.02**0.5)
    assert (row["pairs"], row["unit"], row["outcome"]) == (0, "unpaired", "undecided")


def test_runs_on_one_subset_are_averaged_first(biosses):
    several = pd.concat(
        [
            runs({"plain": [0.0, 0.2], "frozen": [0.2, 0.4]}, subset=0, size=8),
            runs({"plain": [0.4, 0.6], "frozen": [0.8, 1.0]}, subset=1, size=8),
        ]
    )
    tasks = {"biosses": Data(train_size=(8,), subset_seeds=(0, 1))}
    row = only(contrasts(several, biosses(tasks=tasks)))
    # Of the subsets: 0.2 and 0.4.
    assert row["difference"] == pytest.approx(0.3)
    assert (row["pairs"], row["unit"]) == (2, "subsets")
    # sd 0.141421 over 2, t(1, 97.5%) = 12.706205.
    assert row["high"] - row["difference"] == pytest.approx(12.706205 * 0.1)


def test_failed_runs_are_counted_beside_the_means(biosses):
    table = runs({"plain": [0.1, None], "frozen": [0.2, 0.4]})
    table["collapsed"] = [True, True, False, False]
    row = only(contrasts(table, biosses()))
    assert (row["collapsed"], row["baseline_collapsed"], row["undefined"]) == (0, 2, 1)
    assert row["pairs"] == 1 and pd.isna(row["low"])
    assert "undefined" in readable(contrasts(table, biosses()))


def test_people_read_scores_times_100(biosses):
    table = contrasts(runs({"plain": [0.1, 0.2, 0.3], "frozen": [0.2, 0.4, 0.3]}), biosses())
    row = only(readable(table))
    assert row["difference [95%]"] == "+10.0 [-14.8, +34.8]"
    assert (row["train size"], row["over"]) == ("all", "3 seeds")
    assert (row["arm's mean (sd)"], row["baseline's"]) == ("30.0 (10.0)", "20.0 (10.0)")
    assert "undefined" not in row


SEEDS = [0.1 + 0.01 * (seed % 3) for seed in range(10)]


@pytest.mark.parametrize(
    ("shift", "outcome"), [(0.2, "better"), (-0.2, "worse"), (0.0, "equivalent")]
)
@pytest.mark.parametrize("models", [("bert", "bert"), ("bert", "bert-large")])
def test_ten_seeds_decide_what_is_clear(biosses, shift, outcome, models):
    arms = {"plain": Arm(model=models[0]), "frozen": Arm(("freeze:6",), model=models[1])}
    declaration = biosses(arms=arms, seeds=10, contrast=Contrast(margin=5.0))
    scores = {"plain": SEEDS, "frozen": [score + shift for score in reversed(SEEDS)]}
    row = only(contrasts(runs(scores), declaration))
    assert row["outcome"] == outcome
    assert row["low"] <= row["difference"] <= row["high"]


@pytest.mark.parametrize(
    ("direction", "outcome", "end"),
    [
        ("higher", "better", "better, so the question's expectation is supported."),
        ("higher", "worse", "worse, so the question's expectation is contradicted."),
        ("lower", "worse", "worse, so the question's expectation is supported."),
        ("lower", "better", "better, so the question's expectation is contradicted."),
        ("higher", "equivalent", "equivalent, so the expected difference is contradicted."),
        ("higher", "undecided", "frozen against plain: undecided."),
        ("either", "better", "frozen against plain: better."),
    ],
)
def test_a_verdict_is_about_what_the_question_expects(biosses, direction, outcome, end):
    table = contrasts(runs({"plain": [0.1, 0.2], "frozen": [0.2, 0.4]}), biosses())
    (sentence,) = verdicts(table.assign(outcome=outcome, train_size=64), direction)
    assert sentence.startswith("On biosses, train_size 64, frozen against plain: ")
    assert sentence.endswith(end)


def test_a_comparison_of_runs_that_learned_nothing_is_no_verdict(biosses):
    table = runs({"plain": [0.1, 0.2], "frozen": [0.2, 0.4]}).assign(collapsed=True)
    found = contrasts(table, biosses()).assign(outcome="equivalent")
    assert "every run of either arm collapsed" in verdicts(found, "higher")[0]
    assert readable(found)["outcome"].tolist() == ["nothing learned"]
    table.loc[0, "collapsed"] = False
    found = contrasts(table, biosses()).assign(outcome="equivalent")
    assert "contradicted" in verdicts(found, "higher")[0]
    assert readable(found)["outcome"].tolist() == ["equivalent"]
