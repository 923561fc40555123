import numpy as np
import pandas as pd
import pytest

from tests.comparison.runs import group, together
from workbench.comparison.groups import baselines, in_words, sort_runs

BASE, FROZEN = group("baseline", [0.5, 0.6]), group("freeze:6", [0.7, 0.8])


def test_runs_of_a_group_differ_in_their_seeds_alone():
    crossed = group("baseline", [0.5]).assign(order_seed=1, dropout_seed=2)
    runs = together(BASE, FROZEN, crossed)
    groups = sort_runs(runs)
    assert groups.settings["technique"].tolist() == ["baseline", "freeze:6"]
    assert groups.of_run.map(groups.settings["technique"]).tolist() == runs["technique"].tolist()


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "hoc"},
        {"model": "other"},
        {"train_size": 64},
        {"learning_rate": 1e-4},
        {"data": "e" * 64},
        {"weights": "sha256:" + "v" * 64},
        {"precision": "bfloat16"},
        {"source": "theirs.csv"},
        {"a_setting_of_theirs": "yes"},
    ],
)
def test_any_other_difference_is_another_group_without_that_baseline(changes):
    groups = sort_runs(together(BASE, group("freeze:6", [0.7, 0.8], **changes)))
    assert len(groups.settings) == 2
    assert baselines(groups.settings, "baseline") == {}


def test_a_group_has_its_name_from_its_settings_alone():
    alone = sort_runs(FROZEN).settings.index[0]
    # A column that has a gap turns its whole numbers into others.
    theirs = group("baseline", [0.1], source="theirs.csv").drop(columns=["epochs", "max_steps"])
    runs = together(theirs, BASE, FROZEN)
    assert runs["epochs"].dtype == float
    assert sort_runs(runs).settings.index[2] == alone
    assert len(alone) == 8 and alone != sort_runs(BASE).settings.index[0]


def test_the_baseline_is_what_differs_in_the_technique_alone():
    other = together(
        *(group(name, [0.1], train_size=64) for name in ("longer:2", "baseline", "freeze:6"))
    )
    groups = sort_runs(together(BASE, FROZEN, other))
    names = dict(enumerate(groups.settings.index))
    expected = {names[1]: names[0], names[2]: names[3], names[4]: names[3]}
    assert baselines(groups.settings, "baseline") == expected
    assert baselines(groups.settings, "freeze:6") == {
        names[0]: names[1],
        names[2]: names[4],
        names[3]: names[4],
    }


def words(*groups):
    return list(in_words(sort_runs(together(*groups)).settings).values())


def test_settings_are_told_where_they_are_not_the_default_or_differ():
    assert words(BASE, FROZEN) == ["", ""]
    assert words(BASE, group("freeze:6", [0.1], train_size=64)) == [
        "train_size 0",
        "train_size 64",
    ]
    assert words(group("baseline", [0.1], train_size=64)) == ["train_size 64"]
    assert words(
        BASE, group("baseline", [0.1], learning_rate=1e-4, weights="sha256:" + "v" * 9)
    ) == [
        "weights sha256:wwwwwww, learning_rate 2e-05",
        "weights sha256:vvvvvvv, learning_rate 0.0001",
    ]


def test_other_tasks_and_models_have_settings_of_their_own():
    others = [group("baseline", [0.1], task="hoc", epochs=9), group("freeze", [0.1], model="m")]
    assert words(BASE, *others) == ["", "", ""]


def test_what_is_missing_is_not_told():
    theirs = group("baseline", [0.1], source="theirs.csv").drop(columns="learning_rate")
    assert words(theirs, group("baseline", [0.1], learning_rate=1e-4)) == ["", ""]


def test_no_runs_are_no_groups():
    groups = sort_runs(BASE.iloc[:0])
    assert groups.settings.empty and groups.of_run.empty
    assert baselines(groups.settings, "baseline") == {} == in_words(groups.settings)


def test_the_index_of_the_runs_does_not_matter():
    shuffled = together(BASE, FROZEN).set_index(pd.Index([7, 3, 5, 1]))
    groups = sort_runs(shuffled)
    assert groups.of_run.index.tolist() == [7, 3, 5, 1]
    assert np.array_equal(groups.of_run, sort_runs(together(BASE, FROZEN)).of_run)
