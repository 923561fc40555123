import json

import pytest

from workbench.errors import WorkbenchError
from workbench.store.study import held_runs, load_study, study_path


def test_studies_of_another_version_hold_their_runs(plan, store):
    study = plan()
    path = study_path(store, study.name)
    content = json.loads(path.read_text())
    for spec in content["specs"]:
        spec["numerics"] -= 1
    path.write_text(json.dumps(content))
    assert held_runs(store) == set(study.run_ids)
    with pytest.raises(WorkbenchError, match="start its study again"):
        load_study(store, study.name)


def test_an_unknown_study_gives_the_nearest(plan, store):
    with pytest.raises(WorkbenchError, match="no study 'mine', nor any other: run a sweep first"):
        load_study(store, "mine")
    plan(study="mine")
    with pytest.raises(WorkbenchError, match=r"no study 'mien': did you mean 'mine'\?"):
        load_study(store, "mien")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: "{",
        lambda content: "[]",
        lambda content: "null",
        lambda content: json.dumps({}),
        lambda content: json.dumps(content | {"specs": [[]]}),
        lambda content: json.dumps(content | {"specs": content["specs"][:1]}),
        lambda content: json.dumps(content | {"cohorts": content["cohorts"][:1]}),
        lambda content: json.dumps(content | {"cohorts": 3}),
        lambda content: json.dumps(content | {"steps": {}}),
        lambda content: json.dumps(content | {"settings": None}),
        lambda content: json.dumps(content)[:200],
    ],
)
def test_a_damaged_study_is_refused_and_can_be_planned_again(plan, store, damage):
    study = plan(study="mine")
    path = study_path(store, "mine")
    path.write_text(damage(json.loads(path.read_text())))
    with pytest.raises(WorkbenchError, match="is damaged: delete it and run the sweep again"):
        load_study(store, "mine")
    assert plan(study="mine") == study == load_study(store, "mine")


def test_a_study_of_another_version_is_refused(plan, store):
    plan(study="mine")
    path = study_path(store, "mine")
    content = json.loads(path.read_text())
    content["specs"][0]["numerics"] = 0
    path.write_text(json.dumps(content))
    with pytest.raises(WorkbenchError, match="specified under schema and numerics"):
        load_study(store, "mine")
