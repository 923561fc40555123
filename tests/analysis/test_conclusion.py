import numpy as np
import pandas as pd
import pytest
from scipy import stats

from workbench.analysis.conclusion import adjusted_interval, conclude, verdict
from workbench.analysis.summary import summarise

BASELINE = [0.50, 0.52, 0.54, 0.56, 0.58]


def study(model="bert", **differences):
    """Summarise a study of five seeds whose techniques differ from the baseline as given."""
    rows = [(model, "baseline", seed, score) for seed, score in enumerate(BASELINE)]
    for technique, added in differences.items():
        rows += [
            (model, technique, seed, None if change is None else BASELINE[seed] + change)
            for seed, change in enumerate(added)
        ]
    table = pd.DataFrame(rows, columns=["model", "technique", "seed", "test"])
    return table.assign(collapsed=False, above_trivial=True)


BETTER = [0.10, 0.11, 0.10, 0.09, 0.10]
WORSE = [-0.10, -0.11, -0.10, -0.09, -0.10]
UNCLEAR = [0.10, -0.10, 0.05, -0.05, 0.01]


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (BETTER, "better"),
        (WORSE, "worse"),
        (UNCLEAR, "undecided"),
        ([0, 0, 0, 0, 0], "identical"),
        ([0.1, 0.1], "undecided"),
        ([0.1], "undecided"),
        ([None] * 5, "undecided"),
    ],
)
def test_verdict(added, expected):
    row = summarise(study(freeze=added)).to_dict("records")[1]
    assert verdict(row, 1) == expected


def test_adjusted_interval_by_bonferroni():
    row = summarise(study(freeze=UNCLEAR)).to_dict("records")[1]
    expected = stats.ttest_1samp(UNCLEAR, 0).confidence_interval(1 - 0.05 / 4)
    assert adjusted_interval(row, 4) == pytest.approx(tuple(expected))


def test_a_claim_of_one_can_fall_among_many():
    added = [0.02, 0.05, 0.01, 0.06, 0.03]  # t = 3.63 on 4 degrees of freedom: p = 0.022
    row = summarise(study(freeze=added)).to_dict("records")[1]
    assert verdict(row, 1) == "better"
    assert verdict(row, 3) == "undecided"


def test_sentences():
    text = conclude(
        summarise(study(freeze=BETTER, longer=UNCLEAR)),
        "pearson",
        items=20,
        caveats=["the task is synthetic", "outside the paper's hypotheses"],
    )
    for words in (
        "against baseline: with bert, freeze is better by +10.0 [",
        "longer is undecided at +0.2 [",
        "over 5 pairs",
        "2 comparisons (Bonferroni)",
        "the same 20 items",
        "Keep in mind: the task is synthetic; outside the paper's hypotheses.",
    ):
        assert words in text


def test_one_comparison_is_not_adjusted():
    assert "Bonferroni" not in conclude(summarise(study(freeze=BETTER)), "pearson")


def test_failures_are_told():
    table = study(freeze=[*BETTER[:4], None])
    table.loc[1, "collapsed"] = True
    text = conclude(summarise(table), "pearson")
    assert "1 run collapsed" in text
    assert "1 run without a defined score" in text
    assert "over 4 pairs" in text


def test_each_model_has_its_own_comparison():
    table = pd.concat([study("bert", freeze=BETTER), study("scibert", freeze=WORSE)])
    text = conclude(summarise(table), "pearson")
    assert "with bert, freeze is better" in text
    assert "with scibert, freeze is worse" in text


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (study(), "no model has baseline and another"),
        (study(freeze=BETTER)[5:], "no model has baseline and another"),
        (study()[:0], "No run has finished"),
    ],
)
def test_nothing_to_conclude(table, words):
    assert words in conclude(summarise(table), "pearson", caveats=["small"])


def test_one_pair_is_too_few():
    text = conclude(summarise(study(freeze=[0.1])), "pearson")
    assert "freeze is undecided (1 pair of seeds, at least 2 are needed)" in text


def test_equal_differences_have_no_known_spread():
    text = conclude(summarise(study(freeze=list(np.full(5, 0.1)))), "pearson")
    assert "freeze is undecided (the same difference in each of 5 pairs)" in text
