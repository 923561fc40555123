import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analysis import published
from workbench.analysis.blurb import (
    SHARED,
    TUNED,
    TYPES,
    blurb_interval,
    blurb_score,
    standings,
    type_means,
)
from workbench.analysis.published import TASK_TITLES, published_table
from workbench.analysis.spread import student_interval
from workbench.errors import WorkbenchError
from workbench.spec import RunSpec
from workbench.tasks.catalogue import TASKS

SETTINGS = {name: RunSpec.__dataclass_fields__[name].default for name in SHARED}
NAMES = {title: task for task, title in TASK_TITLES.items()} | {"BioASQ 7b": "bioasq"}


def printed():
    """Return every published row of thirteen numbers with the score printed beside them."""
    columns = ["paper", "table", "model", "technique"]
    for key, rows in published_table().groupby(columns, sort=False):
        means = dict(zip(rows["task"], rows["mean"], strict=True))
        if "BLURB score" in means and len(means) >= 14:
            scores = {NAMES[task]: mean for task, mean in means.items() if task in NAMES}
            digits = 1 if key[0].startswith("INDUS") else 2
            yield pytest.param(scores, means["BLURB score"], digits, id=f"{key[1]} {key[2]}")


@pytest.mark.parametrize(("scores", "score", "digits"), list(printed()))
def test_every_published_score_recomputes(scores, score, digits):
    assert round(blurb_score(scores), digits) == score


@pytest.mark.parametrize(("model", "score"), [("pubmedbert", 81.16), ("bert", 76.11)])
def test_the_two_scores_to_check_by(model, score):
    scores = {task: published.published(task, model).value for task in TASK_TITLES}
    assert round(blurb_score(scores), 2) == score


def test_the_means_of_pubmedbert():
    scores = {task: published.published(task, "pubmedbert").value for task in TASK_TITLES}
    means = [86.078, 73.38, 81.187, 92.30, 82.32, 71.70]
    assert list(type_means(scores).values()) == pytest.approx(means, abs=6e-4)


def test_the_types_are_those_of_the_catalogue():
    assert [task for tasks in TYPES.values() for task in tasks] == list(TASK_TITLES)
    assert all(TASKS[task].type == kind for kind, tasks in TYPES.items() for task in tasks)


def test_types_weigh_equally():
    scores = dict.fromkeys(TASK_TITLES, 0.0) | {"biosses": 60.0, "pubmedqa": 60.0}
    assert blurb_score(scores) == pytest.approx((60 + 30) / 6)


@given(st.lists(st.floats(0, 1), min_size=13, max_size=13))
def test_the_score_lies_between_the_lowest_and_the_highest(values):
    score = blurb_score(dict(zip(TASK_TITLES, values, strict=True)))
    assert min(values) - 1e-12 <= score <= max(values) + 1e-12


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_missing_tasks_are_named(missing):
    scores = dict.fromkeys(TASK_TITLES, 50.0) | {"bioasq": missing}
    del scores["gad"]
    with pytest.raises(WorkbenchError, match="add scores for gad, bioasq"):
        blurb_score(scores)


def test_unknown_tasks_are_refused():
    with pytest.raises(WorkbenchError, match="did you mean 'hoc'"):
        blurb_score({"hco": 50.0})


def runs(*rows, **changes):
    """Build a table of runs from (task, seed, test score)."""
    table = pd.DataFrame(rows, columns=["task", "seed", "test"])
    defaults = {"model": "bert", "technique": "baseline", "dev": 0.5, "data": "d" * 64}
    defaults |= {"collapsed": False, "above_trivial": True} | SETTINGS | {"weights": "w" * 64}
    defaults |= {"learning_rate": 2e-5, "batch_size": 16, "epochs": 3, "max_length": 512}
    return table.assign(**(defaults | changes))


def complete(**changes):
    return runs(*[(task, seed, 0.5 + seed / 10) for task in TASK_TITLES for seed in (0, 1)])


def test_a_score_is_the_mean_over_seeds_and_types():
    [found] = standings(complete())
    assert found.score == pytest.approx(0.55) and found.missing == {}
    assert list(found.tasks["n"]) == [2] * 13
    assert (found.model, found.technique, found.settings) == ("bert", "baseline", "")


def test_no_hole_is_filled():
    table = complete()
    [found] = standings(table[~table["task"].isin(["gad", "bioasq"])])
    assert found.score is None
    assert found.missing == dict.fromkeys(["gad", "bioasq"], "no finished run")
    empty = [kind for kind, mean in found.types.items() if mean is None]
    assert empty == ["relation extraction", "question answering"]


def test_a_task_undefined_in_every_run_is_missing_and_in_one_run_is_counted():
    table = complete()
    table.loc[table["task"] == "biosses", "test"] = np.nan
    table.loc[(table["task"] == "hoc") & (table["seed"] == 1), "test"] = np.nan
    [found] = standings(table)
    assert found.missing == {"biosses": "undefined in every run"}
    assert found.scores["hoc"] == pytest.approx(0.5)
    row = found.tasks[found.tasks["task"] == "hoc"].iloc[0]
    assert (row["n"], row["undefined"]) == (2, 1)


def test_collapsed_runs_are_in_the_mean_and_counted():
    table = complete()
    table.loc[(table["task"] == "gad") & (table["seed"] == 1), ["test", "collapsed"]] = [0.0, True]
    [found] = standings(table)
    assert found.scores["gad"] == pytest.approx(0.25)
    assert list(found.tasks["collapsed"]) == [int(task == "gad") for task in TASK_TITLES]


@pytest.mark.parametrize("name", [*SHARED, "model", "technique"])
def test_what_must_be_shared_is_not_mixed(name):
    value = RunSpec.__dataclass_fields__[name].default if name in SETTINGS else "other"
    other = value if name == "weights" else "other"
    table = pd.concat([runs(("gad", 0, 0.5)), runs(("gad", 0, 0.7), **{name: other or 1})])
    if name == "weights":
        table.iloc[1, table.columns.get_loc("weights")] = "v" * 64
    first, second = standings(table)
    assert (first.scores["gad"], second.scores["gad"]) == (0.5, 0.7)
    assert (first.model, first.technique, first.settings) != (
        second.model,
        second.technique,
        second.settings,
    )


@pytest.mark.parametrize(("name", "text"), [*zip(TUNED, ("3e-05", "32", "9", "128"), strict=True)])
def test_dev_chooses_among_settings_of_a_task(name, text):
    lower = runs(("gad", 0, 0.9), ("gad", 1, 0.9), dev=0.6)
    higher = runs(("gad", 0, 0.3), dev=0.7, **{name: float(text)})
    [found] = standings(pd.concat([lower, higher]))
    assert found.scores == {"gad": 0.3}
    assert list(found.tasks["chosen"]) == [f"{name} {text}: the best on dev of 2 settings"]


@pytest.mark.parametrize("other", [{"task": "hoc:abstracts"}, {"data": "e" * 64}])
def test_versions_of_the_data_are_not_mixed(other):
    [found] = standings(pd.concat([runs(("hoc", 0, 0.5)), runs(("hoc", 0, 0.7), **other)]))
    assert found.scores == {} and len(found.tasks) == 2
    assert found.missing["hoc"].startswith("runs on 2 versions of its data (hoc")


def test_tasks_outside_blurb_do_not_count():
    assert standings(runs(("miniature-mention", 0, 0.5), ("mine.yaml", 0, 0.5))) == []
    assert standings(runs()) == []


EVEN = dict.fromkeys(TASK_TITLES, 70.0)


def test_the_interval_where_one_task_varies_is_its_own_weighted():
    still = dict.fromkeys(TASK_TITLES, (0.0, 10))
    own = student_interval(0.0, 6.0, 5)
    # BIOSSES is a type of its own: its weight is 1/6; GAD is one of three: 1/18.
    for task, weight in (("biosses", 6), ("gad", 18)):
        found = blurb_interval(EVEN, still | {task: (6.0, 5)})
        assert found == pytest.approx((70 + own.low / weight, 70 + own.high / weight))


def test_the_interval_by_hand():
    # Two tasks of weight 1/6, each with sd 6 and 4 runs: variances 1/4 each, 1/2 together, with
    # (1/2)^2 / (2 (1/4)^2 / 3) = 6 degrees of freedom, where t is 2.446912.
    spreads = dict.fromkeys(TASK_TITLES, (0.0, 4)) | {"biosses": (6.0, 4), "hoc": (6.0, 4)}
    low, high = blurb_interval(EVEN, spreads)
    assert (high - 70, 70 - low) == pytest.approx((2.446912 * 0.5**0.5,) * 2, abs=1e-6)


@pytest.mark.parametrize("spread", [(float("nan"), 1), (0.0, 1)])
def test_a_task_with_one_run_leaves_no_interval(spread):
    assert blurb_interval(EVEN, dict.fromkeys(TASK_TITLES, (1.0, 5)) | {"hoc": spread}) is None
    assert blurb_interval(EVEN, {"hoc": (1.0, 5)}) is None


def test_without_spread_the_interval_has_no_width():
    assert blurb_interval(EVEN, dict.fromkeys(TASK_TITLES, (0.0, 2))) == pytest.approx((70, 70))


def test_the_interval_covers_the_score_of_infinitely_many_seeds():
    rng = np.random.default_rng(0)
    sds = dict(zip(TASK_TITLES, rng.uniform(0.1, 6, 13), strict=True))
    held = []
    for _ in range(1000):
        drawn = {task: rng.normal(70, sd, 5) for task, sd in sds.items()}
        means = {task: values.mean() for task, values in drawn.items()}
        spreads = {task: (values.std(ddof=1), 5) for task, values in drawn.items()}
        low, high = blurb_interval(means, spreads)
        held.append(low <= 70 <= high)
    assert 0.93 < np.mean(held) < 0.97
