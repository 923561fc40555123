"""Workers killed at the worst moments: nothing finished is lost, nothing is done twice."""

import random

import pytest

from workbench.saved.place import kept
from workbench.store.retention import collect

KILLED = -9
NAMED = [
    ("append", 1),
    ("append", 4),
    ("rename", 1),
    ("rename", 2),
    ("rename", 7),
    ("results", 1),
    ("results", 3),
    ("checkpoint", 1),
    ("checkpoint", 5),
]


def finished_timings(store, study):
    return {
        run: (store.folder(run) / "timings.json").read_bytes()
        for run in study.run_ids
        if store.finished(run)
    }


@pytest.fixture
def undisturbed(make_study, driver, contents):
    store, study = make_study("undisturbed")
    status, seconds = driver.run(store, study)
    assert status == 0
    return contents(store, study), seconds


@pytest.mark.parametrize(("point", "number"), NAMED)
def test_killed_at_a_named_point(point, number, make_study, driver, contents, undisturbed):
    store, study = make_study("killed")
    assert driver.run(store, study, point, number)[0] == KILLED
    before = finished_timings(store, study)
    assert driver.run(store, study)[0] == 0
    assert contents(store, study) == undisturbed[0]
    # What was finished keeps the time at which it was finished: it was not done again.
    assert before.items() <= finished_timings(store, study).items()
    collect(store, keep=set(study.run_ids), older_than_seconds=0, dry_run=False)
    assert not list(store.root.rglob("*.partial"))


def test_killed_at_ten_random_moments(make_study, driver, contents, undisturbed):
    expected, seconds = undisturbed
    moments = random.Random(20)
    store, study = make_study("killed-0")
    killed = finished = 0
    while killed < 10:
        before = finished_timings(store, study)
        status, _ = driver.run(store, study, "time", moments.uniform(0.05, 0.6) * seconds)
        assert before.items() <= finished_timings(store, study).items()
        killed += status == KILLED
        if status == 0:
            # It came to its end before it could be killed: go on with a study that has not.
            finished += 1
            assert finished < 50
            assert contents(store, study) == expected
            store, study = make_study(f"killed-{finished}")
    assert driver.run(store, study)[0] == 0
    assert contents(store, study) == expected


def test_a_checkpoint_is_gone_when_its_cohort_is_finished(make_study, driver):
    store, study = make_study()
    driver.run(store, study)
    assert not list((store.root / "checkpoints").iterdir())


def models(store):
    folder = store.root / "models"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def kept_models():
    """What an undisturbed study keeps, once it has been trained."""
    return {}


@pytest.mark.parametrize(("point", "number"), [("model", 2), ("card", 2)])
def test_killed_in_the_middle_of_saving(point, number, make_study, driver, contents, kept_models):
    values = {"save": "every", "epochs": 1, "techniques": "baseline"}
    if not kept_models:
        undisturbed = make_study("undisturbed", **values)
        assert driver.run(*undisturbed)[0] == 0
        kept_models |= {"models": models(undisturbed[0]), "runs": contents(*undisturbed)}
    store, study = make_study("killed", **values)
    assert driver.run(store, study, point, number)[0] == KILLED
    for folder in kept(store, study).values():
        assert {path.name for path in folder.iterdir()} > {"README.md", "model.safetensors"}
    assert driver.run(store, study)[0] == 0
    assert contents(store, study) == kept_models["runs"]
    collect(store, keep=set(study.run_ids), older_than_seconds=0, dry_run=False)
    assert models(store) == kept_models["models"]
    assert not list(store.root.rglob("*.partial"))
