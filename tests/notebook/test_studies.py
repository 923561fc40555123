import os
from dataclasses import replace

import pytest

from workbench.notebook.studies import stored_studies
from workbench.store.claims import claim
from workbench.store.folder import RunStore
from workbench.store.study import plan_study, study_path


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
