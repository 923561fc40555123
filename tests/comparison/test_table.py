import numpy as np
import pytest

from tests.comparison.runs import group, together
from workbench.analysis import spread
from workbench.analysis.decision import decide
from workbench.analysis.items import ItemError
from workbench.analysis.pairing import correlation, improvement
from workbench.analysis.power import smallest_detectable
from workbench.analysis.rates import clopper_pearson, rate_difference
from workbench.analysis.steadiness import steadier, steadier_together
from workbench.analysis.stochastic_order import stochastic_order
from workbench.comparison.table import COLUMNS, compare
from workbench.errors import WorkbenchError

NOISE = np.random.default_rng(0).normal(0, 0.01, 40)
BASE = group("baseline", 0.5 + NOISE[:10])
BETTER = group("freeze:6", 0.6 + NOISE[10:20], collapsed=[2, 5])
SAME = group("reinit:2", 0.5 + NOISE[:10])
LIKE = group("longer:2", 0.5 + NOISE[20:30])


def row_of(table, **chosen):
    for name, value in chosen.items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return row


def test_a_group_by_itself():
    row = row_of(compare(BETTER))
    scores = BETTER["test"]
    assert (row["task"], row["model"], row["settings"]) == ("biosses", "tiny", "")
    assert (row["n"], row["undefined"], row["collapsed"]) == (10, 0, 2)
    assert row["mean"] == pytest.approx(scores.mean()) and row["sd"] == pytest.approx(scores.std())
    assert (row["low"], row["high"]) == spread.interval(scores)
    assert (row["sd_low"], row["sd_high"]) == spread.sd_interval(scores)
    assert row["iqm"] == spread.interquartile_mean(scores)
    assert (row["minimum"], row["maximum"]) == (scores.min(), scores.max())
    assert (row["collapse_low"], row["collapse_high"]) == clopper_pearson(2, 10)
    learned = scores[[0, 1, 3, 4, 6, 7, 8, 9]]
    assert row["learned"] == pytest.approx(learned.mean())
    assert (row["learned_low"], row["learned_high"]) == spread.interval(learned)
    against = COLUMNS[COLUMNS.index("baseline") :]
    assert all(value != value or value is None for value in map(row.get, against))


def test_an_arm_against_its_baseline():
    table = compare(together(BASE, BETTER))
    row, base = row_of(table, technique="freeze:6"), row_of(table, technique="baseline")
    differences = BETTER["test"] - BASE["test"]
    decision = decide({"it": differences})["it"]
    assert row["baseline"] == base["group"]
    expected = (decision.difference, decision.sd, decision.low, decision.high, decision.level)
    names = ("difference", "difference_sd", "difference_low", "difference_high", "level")
    assert [row[name] for name in names] == pytest.approx(expected)
    assert (row["pairs"], row["verdict"], row["p"]) == (10, "better", decision.p)
    assert row["comparisons"] == 1
    assert row["detectable"] == pytest.approx(smallest_detectable(10, differences.std(), 0.05))
    chance = improvement(differences)
    assert (row["improvement"], row["improvement_low"], row["improvement_high"]) == chance[:3]
    assert row["correlation"] == correlation(BETTER["test"], BASE["test"])
    order = stochastic_order(BETTER["test"], BASE["test"])
    assert (row["stochastic_order"], row["stochastic_order_error"]) == order[:2]
    spreads = steadier(BETTER["test"], BASE["test"])
    assert (row["sd_ratio"], row["sd_ratio_low"], row["sd_ratio_high"]) == spreads[:3]
    assert (row["sd_ratio_p"], row["steadier"]) == (spreads.p, spreads.verdict)
    rates = rate_difference(BETTER["collapsed"], BASE["collapsed"])
    assert (row["collapse_difference"], row["collapse_p"]) == (rates.difference, rates.p)
    assert row["collapses"] == rates.verdict
    assert np.isnan([row["items_low"], row["item_sd"]]).all()


@pytest.mark.parametrize(
    ("arm", "verdict"), [(BETTER, "better"), (SAME, "identical"), (LIKE, "undecided")]
)
def test_verdicts(arm, verdict):
    assert row_of(compare(together(BASE, arm)), technique=arm["technique"][0])["verdict"] == verdict
    swapped = compare(together(BASE, arm), baseline=arm["technique"][0])
    opposite = {"better": "worse"}.get(verdict, verdict)
    assert row_of(swapped, technique="baseline")["verdict"] == opposite


def test_five_seeds_exclude_nothing():
    row = row_of(compare(together(BASE[:5], BETTER[:5])), technique="freeze:6")
    assert (row["verdict"], row["pairs"]) == ("too few", 5)
    assert np.isnan([row["difference_low"], row["difference_high"]]).all()
    assert row["difference"] > 0.05
    assert row["steadier"] == row["collapses"] == "too few"
    assert np.isnan([row["sd_ratio_low"], row["sd_ratio_high"]]).all()


def other_task(runs):
    return group(runs["technique"][0], runs["test"], task="hoc")


@pytest.mark.parametrize(
    ("family", "comparisons"),
    [("task", [2, 2, 1]), ("technique", [2, 1, 2]), ("all", [3, 3, 3])],
)
def test_a_family_shares_one_error(family, comparisons):
    arms = [BETTER, LIKE, other_task(BETTER)]
    table = compare(together(BASE, other_task(BASE), *arms), family=family, error=0.06)
    arms = table[table["baseline"].notna()]
    assert arms["comparisons"].tolist() == comparisons
    assert arms["level"].min() == pytest.approx(0.06 / max(comparisons))


def test_verdicts_on_spreads_and_on_collapses_share_one_error_each():
    calm = group("freeze:6", 0.5 + NOISE[:10] / 4 + NOISE[10:20] / 20)
    frail = group("longer:2", 0.5 + NOISE[20:30], collapsed=range(6))
    table = compare(together(BASE, calm, frail))
    rows = [row_of(table, technique=name) for name in ("freeze:6", "longer:2")]
    sides = {arm: (runs["test"], BASE["test"]) for arm, runs in enumerate((calm, frail))}
    for row, found in zip(rows, steadier_together(sides).values(), strict=True):
        assert (row["sd_ratio_low"], row["sd_ratio_high"]) == (found.low, found.high)
        assert (row["sd_ratio_p"], row["steadier"]) == (found.p, found.verdict)
    assert [row["steadier"] for row in rows] == ["steadier", "undecided"]
    # Six collapsed of ten: p is below 0.025, the level of the first of two.
    alone = rate_difference(frail["collapsed"], BASE["collapsed"], 0.025)
    assert (rows[1]["collapse_difference_low"], rows[1]["collapses"]) == (alone.low, "more often")


def test_other_settings_are_another_family_and_other_checkpoints_have_no_pairs():
    changed = [
        group(name, runs["test"], learning_rate=1e-4)
        for name, runs in (("baseline", BASE), ("freeze:6", BETTER))
    ]
    table = compare(together(BASE, BETTER, *changed))
    assert table["comparisons"].dropna().tolist() == [1, 1]
    assert table["settings"].tolist() == ["learning_rate 2e-05"] * 2 + ["learning_rate 0.0001"] * 2
    table = compare(together(BASE, group("freeze:6", BETTER["test"], weights="other")))
    assert table["baseline"].isna().all() and table["pairs"].isna().all()


def test_undefined_scores_are_counted_and_pair_with_nothing():
    holed = BETTER.assign(test=[None, None, *BETTER["test"][2:]])
    row = row_of(compare(together(BASE, holed)), technique="freeze:6")
    assert (row["n"], row["undefined"], row["pairs"]) == (10, 2, 8)
    nothing = row_of(compare(together(BASE, BETTER.assign(test=None))), technique="freeze:6")
    assert (nothing["pairs"], nothing["verdict"]) == (0, "too few")
    assert np.isnan([nothing["mean"], nothing["minimum"], nothing["improvement"]]).all()


def test_where_nobody_said_what_collapsed_nothing_is_known():
    row = row_of(compare(together(BASE, BETTER.assign(collapsed=None))), technique="freeze:6")
    assert np.isnan([row["collapsed"], row["collapse_low"], row["learned"]]).all()
    assert np.isnan(row["collapse_difference"]) and row["collapses"] == "too few"
    assert row["verdict"] == "better"


class Items:
    """Stands for the items' error, and notes what it was asked for."""

    def __init__(self, sd):
        self.asked = []
        self.found = None if sd is None else ItemError(sd, 1000)

    def error(self, arm, baseline):
        self.asked.append((arm, baseline))
        return self.found


@pytest.mark.parametrize(("sd", "verdict"), [(0.001, "better"), (0.1, "undecided"), (None, None)])
def test_new_items_widen_the_interval_at_the_same_level(sd, verdict):
    items = Items(sd)
    row = row_of(compare(together(BASE, BETTER), items=items), technique="freeze:6")
    assert items.asked == [([[run] for run in BETTER["run"]], [[run] for run in BASE["run"]])]
    if sd is None:
        assert np.isnan([row["items_low"], row["items_high"], row["item_sd"]]).all()
        return
    assert (row["item_sd"], row["items_verdict"]) == (sd, verdict)
    half = np.hypot(
        row["difference_high"] - row["difference"], ItemError(sd, 1000).half_width(0.05)
    )
    assert row["items_high"] == pytest.approx(row["difference"] + half)
    assert row["items_low"] < row["difference_low"]


def test_items_are_not_asked_where_there_are_no_predictions_or_on_dev():
    items = Items(0.1)
    compare(together(BASE, BETTER), items=items, split="dev")
    compare(together(BASE, BETTER.assign(run=None)), items=items)
    assert items.asked == []


def test_too_few_pairs_are_too_few_on_new_items():
    row = row_of(compare(together(BASE[:5], BETTER[:5]), items=Items(0.001)), technique="freeze:6")
    assert row["items_verdict"] == "too few" and np.isnan(row["items_low"])


@pytest.mark.parametrize(
    ("items", "verdict"), [(Items(0.0), "identical"), (Items(0.1), "undecided")]
)
def test_identical_runs_on_new_items(items, verdict):
    row = row_of(compare(together(BASE, SAME), items=items), technique="reinit:2")
    assert row["items_verdict"] == verdict


def test_a_table_of_nothing_has_its_columns():
    assert compare(BASE.iloc[:0]).columns.tolist() == list(COLUMNS)
    assert compare(BASE).columns.tolist() == list(COLUMNS)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"family": "tasks"}, "there is no family 'tasks': did you mean 'task'?"),
        ({"split": "tset"}, "there is no split 'tset': did you mean 'test'?"),
        ({"error": 2}, "an error rate of 2 is no share"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, problem):
    with pytest.raises(WorkbenchError) as caught:
        compare(together(BASE, BETTER), **changes)
    assert problem in str(caught.value)


def test_a_seed_that_occurs_twice_is_refused():
    with pytest.raises(
        WorkbenchError, match="seed 3 of baseline with tiny on biosses occurs twice"
    ):
        compare(together(BASE, BASE[3:4]))
