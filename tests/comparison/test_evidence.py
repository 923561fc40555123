import pandas as pd
import pytest

from tests.comparison.frames import BETTER, IDENTICAL, NAN, WORSE, table
from workbench.comparison.belief import PRIOR, UNKNOWN
from workbench.comparison.evidence import (
    Evidence,
    Situation,
    carried,
    evidence_for,
    fails_more,
    pooled,
    similarity,
)
from workbench.comparison.verdicts import contrast_rows
from workbench.models.catalogue import MODELS

HERE = Situation("pubmedbert", "hoc")


def row(arm, **baseline):
    """Return one contrast."""
    [found] = contrast_rows(table(arm, **baseline))
    return found


@pytest.mark.parametrize(
    ("wanted", "there", "alike"),
    [
        (HERE, HERE, 1.0),
        # The same task on another drawing, within a factor of ten and beyond.
        (HERE, Situation("pubmedbert", "hoc", 200), 0.75),
        (HERE, Situation("pubmedbert", "hoc", 64), 0.5),
        (HERE, Situation("biobert", "hoc"), 0.75),
        (HERE, Situation("bert-large", "hoc"), 0.5),
        (HERE, Situation("electra", "hoc"), 0.25),
        (HERE, Situation("own/model", "hoc"), 0.25),
        # Of another type: 1295 and 450 examples, then 1295 and 25296.
        (HERE, Situation("pubmedbert", "pubmedqa"), 0.25 * 0.75),
        (HERE, Situation("pubmedbert", "ddi"), 0.25 * 0.5),
        # Of the same type and size: 5203 and 5134.
        (Situation("bert", "bc5-chem"), Situation("bert", "ncbi-disease"), 0.75),
        (Situation("bert", "bc5-chem"), Situation("roberta", "ncbi-disease"), 0.75 * 0.25),
        (HERE, Situation("pubmedbert", "of a CSV"), 0.25 * 0.5),
        (HERE, Situation("pubmedbert", "miniature-document"), 0.0),
        (Situation("bert", "miniature-document"), HERE, 0.0),
        (Situation("bert", "miniature-document"), Situation("bert", "miniature-document"), 1.0),
    ],
)
def test_situations_are_alike_by_task_model_and_training_set(wanted, there, alike):
    assert similarity(wanted, there) == pytest.approx(alike)


@pytest.mark.parametrize(
    ("technique", "there", "here", "expected"),
    [
        ("freeze:6", "bert", "bert-large", "freeze:12"),
        ("freeze:6", "bert", "minilm", "freeze:3"),
        ("freeze:3", "bert", "bert-large", "freeze:3"),
        ("freeze:6+reinit:2", "bert", "bert-large", "freeze:12+reinit:2"),
        ("layerwise:0.8:electra", "electra", "electra-large", "layerwise:0.8:electra"),
        ("freeze:20", "bert-large", "bert", "freeze:20"),
        ("of a CSV", "bert", "bert-large", "of a CSV"),
        ("freeze:6", None, "bert-large", "freeze:6"),
    ],
)
def test_half_of_the_blocks_stay_half_of_them_in_another_model(technique, there, here, expected):
    models = (MODELS.get(there), MODELS[here])
    assert carried(technique, *models) == expected


def measured(arm, **baseline):
    """Return what a contrast of the very situation shows."""
    return Evidence(row(arm, **baseline), "freeze:6", 1.0).measured


def test_a_mean_difference_has_the_variance_of_its_seeds_and_of_its_items():
    # sd 0.03 over 10 pairs, larger by 9 / 7; items with sd 0.01.
    assert measured({}) == pytest.approx((0.01, 0.03**2 / 10 * 9 / 7 + 0.01**2))
    assert measured({"item_sd": NAN}) == pytest.approx((0.01, 0.03**2 / 10 * 9 / 7))
    assert measured(IDENTICAL | {"item_sd": NAN}).mean == 0


@pytest.mark.parametrize(
    ("arm", "baseline"),
    [
        ({"pairs": 3}, {}),
        ({"pairs": NAN}, {}),
        ({"difference_sd": 0.0}, {}),
        ({"collapsed": 10}, {"collapsed": 10}),
        ({"undefined": 2}, {"undefined": 1}),
    ],
)
def test_what_cannot_be_weighed_tells_nothing(arm, baseline):
    assert measured(arm, **baseline) is UNKNOWN


def test_runs_without_a_score_count_where_they_speak_against_it():
    assert measured(WORSE | {"undefined": 2}).mean == -0.05
    assert measured(BETTER | {"undefined": 1}, undefined=1).mean == 0.05


def test_what_was_measured_elsewhere_is_less_sure_here():
    elsewhere = Evidence(row(BETTER), "freeze:6", 0.75)
    variance = elsewhere.measured.variance
    assert elsewhere.transferred(PRIOR) == (0.05, variance + 0.25 * PRIOR.between**2)


def test_many_similar_contrasts_are_never_surer_than_the_most_similar_could_be():
    many = [Evidence(row(BETTER), "freeze:6", 0.75)] * 1000
    assert pooled(many, PRIOR).variance == 0.25 * PRIOR.between**2
    own = Evidence(row(BETTER), "freeze:6", 1.0)
    assert pooled([own, *many], PRIOR).variance < own.measured.variance
    assert pooled([], PRIOR) == UNKNOWN


def test_a_table_is_seen_from_the_situation():
    far = table({"task": "gad", "group": "arm2", "baseline": "base2"}, task="gad", group="base2")
    drawn = table(
        {"group": "arm3", "baseline": "base3", "settings": "train_size 64, epochs 9"}, group="base3"
    )
    other = table({"group": "arm4", "baseline": "base4"}, group="base4", technique="longer:2")
    whole = pd.concat([far, drawn, other, table({})], ignore_index=True)
    found = evidence_for(HERE, whole)
    assert [(each.row["group"], each.own) for each in found] == [
        ("arm", True),
        ("arm3", False),
        ("arm2", False),
    ]
    assert evidence_for(Situation("pubmedbert", "hoc", 64), whole)[0].row["group"] == "arm3"
    assert evidence_for(HERE, None) == evidence_for(HERE, whole.iloc[:0]) == []


@pytest.mark.parametrize(
    ("arm", "baseline", "fails"),
    [
        ({}, {}, False),
        ({"collapsed": 10}, {}, True),
        ({"undefined": 10}, {}, True),
        ({"collapsed": 10}, {"collapsed": 10}, False),
        ({"collapsed": 9, "collapses": "undecided"}, {}, False),
        ({"collapses": "more often", "collapse_difference_low": 0.1}, {}, True),
    ],
)
def test_runs_fail_that_collapse_or_have_no_score(arm, baseline, fails):
    assert fails_more(row(arm, **baseline)) is fails
