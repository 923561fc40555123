import os
from dataclasses import replace

import numpy as np
import pytest

from workbench.notebook.watching import studies
from workbench.notebook.watching.studies import Studies, stored_studies
from workbench.store.claims import claim
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.study import study_path


@pytest.fixture
def settings(small_settings):
    return small_settings


@pytest.fixture
def store(settings):
    return RunStore(settings.outputs)


def test_studies_are_listed_newest_first_with_their_state(settings, store):
    for place, name in enumerate(["old", "held", "damaged"]):
        study = plan_study(replace(settings, study=name, learning_rate=0.1 + place), store)
        folder = study_path(store, name).parent
        for path in (folder / "study.json", folder):
            os.utime(path, (1000 + place, 1000 + place))
        if name == "held":
            held = claim(store, study.run_ids[1:])
    (study_path(store, "damaged")).write_text("{")
    os.utime(study_path(store, "damaged"), (1002, 1002))
    with held:
        found = stored_studies(store)
    assert [(each.name, each.state, each.runs) for each in found] == [
        ("damaged", "unreadable", 0),
        ("held", "running", 2),
        ("old", "stopped", 2),
    ]
    assert "is damaged" in found[0].problem
    assert [each.label for each in found[1:]] == [
        "held: running, 0 of 2 runs",
        "old: stopped, 0 of 2 runs",
    ]


def finish(store, spec):
    store.finish(spec, {"metric": "pearson"}, {"test": np.zeros(2)}, {})


def test_a_list_is_right_each_time_it_is_read(settings, store):
    known = Studies(store)
    assert known.listed() == []
    study = plan_study(settings, store)
    labels = []
    for spec in study.specs:
        with claim(store, [spec.id]):
            labels += [each.label for each in known.listed()]
            finish(store, spec)
        labels += [each.label for each in known.listed()]
    assert labels == [
        "small: running, 0 of 2 runs",
        "small: stopped, 1 of 2 runs",
        "small: running, 1 of 2 runs",
        "small: finished, 2 of 2 runs",
    ]
    study_path(store, "small").unlink()
    assert known.listed() == []


def test_a_study_that_was_planned_anew_under_its_name_is_read_anew(settings, store):
    known = Studies(store)
    for spec in plan_study(settings, store).specs:
        finish(store, spec)
    assert [each.state for each in known.listed()] == ["finished"]
    plan_study(replace(settings, seeds="3"), store)
    assert [each.label for each in known.listed()] == ["small: stopped, 2 of 3 runs"]


def test_nothing_of_a_finished_study_is_read_twice(settings, store, monkeypatch):
    known = Studies(store)
    for spec in plan_study(settings, store).specs:
        finish(store, spec)
    first = known.listed()
    for name in ("load_study", "working"):
        monkeypatch.setattr(studies, name, None)
    monkeypatch.setattr(RunStore, "result", None)
    assert known.listed() == first


def test_a_finished_run_is_not_read_twice(settings, store, monkeypatch):
    known, study = Studies(store), plan_study(settings, store)
    finish(store, study.specs[0])
    known.listed()
    asked = []
    monkeypatch.setattr(RunStore, "result", lambda store, run: asked.append(run))
    assert [each.finished for each in known.listed()] == [1]
    assert asked == [study.run_ids[1]]
