import numpy as np
import pandas as pd
import pytest

from workbench.analysis.conclusion import conclude
from workbench.analysis.summary import summarise

BASELINE = [0.50, 0.52, 0.54, 0.56, 0.58, 0.51, 0.53, 0.55]


def study(model="bert", **differences):
    """Return runs of eight seeds whose techniques differ from the baseline as given."""
    rows = [(model, "baseline", seed, score) for seed, score in enumerate(BASELINE)]
    for technique, added in differences.items():
        rows += [
            (model, technique, seed, None if change is None else BASELINE[seed] + change)
            for seed, change in enumerate(added)
        ]
    table = pd.DataFrame(rows, columns=["model", "technique", "seed", "test"])
    return table.assign(collapsed=False, above_trivial=True)


BETTER = [0.10, 0.11, 0.10, 0.09, 0.10, 0.12, 0.08, 0.10]
WORSE = [-change for change in BETTER]
UNCLEAR = [0.10, -0.10, 0.05, -0.05, 0.01, 0.0, 0.02, 0.03]


def said(metric="pearson", table=None, items=None, caveats=(), **differences):
    table = study(**differences) if table is None else table
    return conclude(summarise(table), metric, items=items, caveats=caveats)


@pytest.mark.parametrize(
    ("added", "words"),
    [
        (BETTER, "freeze is better by +10.0 [+9.0, +11.0] over 8 pairs."),
        (WORSE, "freeze is worse by -10.0 [-11.0, -9.0] over 8 pairs."),
        (UNCLEAR, "freeze is undecided at +0.8 ["),
        ([0] * 8, "freeze is identical (the same difference in each of 8 pairs)."),
        ([0.1] * 8, "freeze is undecided (the same difference in each of 8 pairs)."),
        (
            BETTER[:5],
            "freeze at +10.0 cannot be decided with 5 pairs of seeds (it takes 6 or more). "
            "5 differences agree in sign by chance alone in 6.25% of cases, and a verdict here may "
            "be wrong in at most 5.00%; all runs are scored",
        ),
        (
            [0.1],
            "freeze at +10.0 cannot be decided with 1 pair of seeds (it takes 6 or more). "
            "All runs are scored",
        ),
        ([None] * 8, "freeze cannot be decided with 0 pairs of seeds (it takes 6 or more). All"),
    ],
)
def test_each_verdict_has_its_sentence(added, words):
    assert (
        f"On test (Pearson \N{MULTIPLICATION SIGN}100), against baseline: with bert, {words}"
        in (said(freeze=added))
    )


def test_an_interval_is_said_only_where_the_rule_offers_one():
    assert "[" not in said(freeze=BETTER[:5], longer=WORSE[:5])
    assert "intervals" not in said(freeze=BETTER[:5])
    assert said(freeze=BETTER, longer=[0.1]).count("[") == 1


def test_several_techniques_share_their_error():
    text = said(
        freeze=BETTER,
        longer=UNCLEAR,
        items=20,
        caveats=["the task is synthetic", "outside the paper's hypotheses"],
    )
    for words in (
        "freeze is better by +10.0 [",
        "longer is undecided at +0.8 [",
        "The intervals are 95% over seeds, paired, widened for 2 comparisons (Holm);",
        "the same 20 items",
        "Keep in mind: the task is synthetic; outside the paper's hypotheses.",
    ):
        assert words in text


def test_more_techniques_need_more_seeds():
    six = said(freeze=BETTER[:6], longer=WORSE[:6], wider=UNCLEAR[:6])
    assert six.count("cannot be decided with 6 pairs of seeds (it takes 7 or more)") == 3
    assert "in 3.12% of cases, and a verdict here may be wrong in at most 1.67%" in six
    assert "freeze is better" in said(freeze=BETTER[:6])


def test_too_many_techniques_cannot_be_decided_by_any_number_of_seeds():
    many = {f"t{place}": BETTER for place in range(205)}
    words = "with 8 pairs of seeds (nor with any number among so many techniques)"
    assert words in said(**many)


def test_one_comparison_is_not_widened():
    assert "widened" not in said(freeze=BETTER)


def test_failures_are_told():
    table = study(freeze=[*BETTER[:7], None])
    table.loc[1, "collapsed"] = True
    text = said(table=table)
    assert "1 run collapsed" in text
    assert "1 run without a defined score" in text
    assert "over 7 pairs" in text


def test_each_model_has_its_own_comparison():
    text = said(table=pd.concat([study("bert", freeze=BETTER), study("scibert", freeze=WORSE)]))
    assert "with bert, freeze is better" in text
    assert "with scibert, freeze is worse" in text
    assert "widened" not in text


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (study(), "no model has baseline and another"),
        (study(freeze=BETTER)[len(BASELINE) :], "no model has baseline and another"),
        (study()[:0], "No run has finished"),
    ],
)
def test_nothing_to_conclude(table, words):
    assert words in said(table=table, caveats=["small"])


def test_nothing_is_claimed_of_fewer_seeds_than_can_decide():
    generator = np.random.default_rng(0)
    for pairs in range(6):
        added = 1 + generator.standard_normal((2, pairs)) / 100
        text = said(freeze=added[0], longer=-added[1])
        assert "better" not in text and "worse" not in text
