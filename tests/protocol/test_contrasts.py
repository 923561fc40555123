"""Each arm against its baseline; expected values by hand."""

import pandas as pd
import pytest

from workbench.protocol.contrasts import contrasts, readable

BASELINES = {"frozen": "plain"}
ONE_MODEL = {"frozen": "bert", "plain": "bert"}


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


def test_seeds_pair_runs_of_one_model():
    row = only(
        contrasts(runs({"plain": [0.1, 0.2, 0.3], "frozen": [0.2, 0.4, 0.3]}), BASELINES, ONE_MODEL)
    )
    # Differences 0.1, 0.2, 0: mean 0.1, sd 0.1, t(2, 97.5%) = 4.302653.
    assert row["difference"] == pytest.approx(0.1)
    assert row["high"] - row["difference"] == pytest.approx(4.302653 * 0.1 / 3**0.5)
    assert (row["pairs"], row["unit"]) == (3, "seeds")
    assert (row["mean"], row["baseline_mean"]) == pytest.approx((0.3, 0.2))


def test_several_contrasts_widen_the_intervals():
    scores = {"plain": [0.1, 0.2, 0.3], "frozen": [0.2, 0.4, 0.3], "fresh": [0.2, 0.4, 0.3]}
    both = contrasts(runs(scores), BASELINES | {"fresh": "plain"}, ONE_MODEL | {"fresh": "bert"})
    # 97.5% each: t(2, 98.75%) = 6.205347.
    half = both["high"] - both["difference"]
    assert half.tolist() == pytest.approx([6.205347 * 0.1 / 3**0.5] * 2)


def test_across_checkpoints_nothing_pairs():
    table = runs({"plain": [0.0, 0.2], "frozen": [0.5, 0.7]})
    row = only(contrasts(table, BASELINES, {"frozen": "large", "plain": "base"}))
    # Welch: variances 0.02 each, so the error is sqrt(0.01 + 0.01), with 2 degrees of freedom.
    assert row["difference"] == pytest.approx(0.5)
    assert row["high"] - row["difference"] == pytest.approx(4.302653 * 0.02**0.5)
    assert (row["pairs"], row["unit"]) == (0, "unpaired")


def test_runs_on_one_subset_are_averaged_first():
    several = pd.concat(
        [
            runs({"plain": [0.0, 0.2], "frozen": [0.2, 0.4]}, subset=0, size=8),
            runs({"plain": [0.4, 0.6], "frozen": [0.8, 1.0]}, subset=1, size=8),
        ]
    )
    row = only(contrasts(several, BASELINES, ONE_MODEL))
    # Of the subsets: 0.2 and 0.4.
    assert row["difference"] == pytest.approx(0.3)
    assert (row["pairs"], row["unit"]) == (2, "subsets")
    # sd 0.141421 over 2, t(1, 97.5%) = 12.706205.
    assert row["high"] - row["difference"] == pytest.approx(12.706205 * 0.1)


def test_failed_runs_are_counted_beside_the_means():
    table = runs({"plain": [0.1, None], "frozen": [0.2, 0.4]})
    table["collapsed"] = [True, True, False, False]
    row = only(contrasts(table, BASELINES, ONE_MODEL))
    assert (row["collapsed"], row["baseline_collapsed"], row["undefined"]) == (0, 2, 1)
    assert row["pairs"] == 1 and pd.isna(row["low"])
    assert "undefined" in readable(contrasts(table, BASELINES, ONE_MODEL))


def test_people_read_scores_times_100():
    table = contrasts(
        runs({"plain": [0.1, 0.2, 0.3], "frozen": [0.2, 0.4, 0.3]}), BASELINES, ONE_MODEL
    )
    row = only(readable(table))
    assert row["difference [95%]"] == "+10.0 [-14.8, +34.8]"
    assert (row["train size"], row["over"]) == ("all", "3 seeds")
    assert (row["arm's mean (sd)"], row["baseline's"]) == ("30.0 (10.0)", "20.0 (10.0)")
    assert "undefined" not in row
