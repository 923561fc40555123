"""The sweeps of each stage, and what their runs are for."""

import pytest

from workbench.protocol.sections import Arm, Candidate, Data, Training, Tuning
from workbench.protocol.stages import (
    REPORTING,
    TUNING,
    Place,
    assignment,
    first_candidates,
    parts,
    places,
    reporting_trials,
    tuning_trials,
)
from workbench.store.folder import RunStore
from workbench.store.study import study_names

TASK = "miniature-similarity:size=24"


@pytest.fixture
def store(machine):
    return RunStore(machine.outputs)


def test_every_candidate_is_tuned_with_the_tuning_seeds_alone(declare, store, machine):
    declaration = declare()
    planned = parts(declaration, TUNING, tuning_trials(declaration), store, machine)
    table = assignment(planned)
    assert len(table) == 8 and table["run"].nunique() == 8
    assert set(table["seed"]) == {1000, 1001}
    cells = set(table[["arm", "technique", "learning_rate"]].itertuples(index=False, name=None))
    assert cells == {
        (arm, technique, rate)
        for arm, technique in (("plain", "baseline"), ("frozen", "freeze:1"))
        for rate in (1e-4, 1e-3)
    }
    # One ordinary sweep for each learning rate.
    assert study_names(store) == sorted(part.study.name for part in planned)
    assert len(planned) == 2 and all(
        name.startswith("small-tuning-") for name in study_names(store)
    )


def test_a_row_belongs_to_the_run_that_it_describes(declare, store, machine):
    declaration = declare()
    planned = parts(declaration, TUNING, tuning_trials(declaration), store, machine)
    specs = {run: spec for part in planned for run, spec in part.study.by_id.items()}
    for row in assignment(planned).to_dict("records"):
        spec = specs[row["run"]]
        assert (spec.learning_rate, spec.weights_seed) == (row["learning_rate"], row["seed"])
        assert [name for name, _ in spec.techniques] == ["freeze"] * (row["arm"] == "frozen")
        assert (spec.task, spec.train_size) == (row["task"], row["train_size"])


def test_reported_is_what_was_chosen_with_the_reporting_seeds_alone(declare, store, machine):
    declaration = declare()
    best = {
        Place("plain", TASK, 0): Candidate("baseline", 1e-3),
        Place("frozen", TASK, 0): Candidate("freeze:1", 1e-4),
    }
    planned = parts(declaration, REPORTING, reporting_trials(declaration, best), store, machine)
    table = assignment(planned)
    assert set(table["seed"]) == {0, 1} and len(table) == 4
    rates = table.groupby("arm")["learning_rate"].unique().map(list).to_dict()
    assert rates == {"plain": [1e-3], "frozen": [1e-4]}


def test_each_size_is_tuned_on_its_first_subset_and_reported_on_all(declare, store, machine):
    tasks = {TASK: Data(train_size=(8, 16), subset_seeds=(3, 4))}
    declaration = declare(tasks=tasks)
    tuned = tuning_trials(declaration)
    assert {(trial.place.train_size, trial.subset_seed) for trial in tuned} == {(8, 3), (16, 3)}
    reported = reporting_trials(declaration, first_candidates(declaration))
    sizes = {(trial.place.train_size, trial.subset_seed) for trial in reported}
    assert sizes == {(8, 3), (8, 4), (16, 3), (16, 4)}
    table = assignment(parts(declaration, REPORTING, reported, store, machine))
    assert len(table) == table["run"].nunique() == declaration.runs[1] == 16


def test_arms_that_try_the_same_candidate_share_its_runs(declare, store, machine):
    arms = {
        "plain": Arm(learning_rate=(1e-4, 1e-3)),
        "faster": Arm(learning_rate=(1e-3, 1e-2)),
    }
    declaration = declare(arms=arms, tuning=Tuning(seeds=1))
    table = assignment(parts(declaration, TUNING, tuning_trials(declaration), store, machine))
    assert len(table) == 4 and table["run"].nunique() == 3


def test_nothing_is_tuned_where_nothing_is_to_choose(declare):
    declaration = declare(tuning=Tuning())
    assert tuning_trials(declaration) == []
    assert set(first_candidates(declaration)) == set(places(declaration))


def test_a_plan_alone_stores_nothing(declare, store, machine):
    declaration = declare()
    parts(declaration, TUNING, tuning_trials(declaration), store, machine, keep=False)
    assert study_names(store) == []


def test_a_stage_has_the_same_names_elsewhere(declare, store, machine, tmp_path):
    from dataclasses import replace

    declaration = declare()
    other = replace(machine, workers=2)
    names = [
        [part.study.name for part in parts(declaration, TUNING, tuning_trials(declaration), *where)]
        for where in ((store, machine), (store, other))
    ]
    assert names[0] == names[1]


def test_a_task_may_train_in_its_own_way(declare, store, machine):
    other = "miniature-similarity:size=26"
    tasks = {TASK: Data(epochs=3), other: Data(batch_size=4, max_steps=5)}
    declaration = declare(tasks=tasks, training=Training(epochs=2, max_steps=7))
    trials = tuning_trials(declaration)
    found = {}
    for part in parts(declaration, TUNING, trials, store, machine, keep=False):
        settings = part.study.settings
        found[settings.task] = (settings.batch_size, settings.epochs, settings.max_steps)
    # 0 is the task's own batch size.
    assert found == {TASK: (0, 3, 7), other: (4, 2, 5)}
