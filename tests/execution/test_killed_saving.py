"""Workers killed while they save models: no half folder, and the next one completes the same."""

import pytest

from workbench.saved.place import kept
from workbench.store.retention import collect

KILLED = -9


def models(store):
    folder = store.root / "models"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def expected():
    """What an undisturbed study keeps, once it has been trained."""
    return {}


@pytest.mark.parametrize(
    ("point", "number"), [("model", 1), ("model", 4), ("card", 1), ("card", 3)]
)
def test_killed_in_the_middle_of_saving(point, number, make_study, driver, contents, expected):
    values = {"save": "every", "epochs": 1}
    if not expected:
        undisturbed = make_study("undisturbed", **values)
        assert driver.run(*undisturbed)[0] == 0
        expected |= {"models": models(undisturbed[0]), "runs": contents(*undisturbed)}
    store, study = make_study("killed", **values)
    assert driver.run(store, study, point, number)[0] == KILLED
    for folder in kept(store, study).values():
        assert {path.name for path in folder.iterdir()} > {"README.md", "model.safetensors"}
    assert driver.run(store, study)[0] == 0
    assert contents(store, study) == expected["runs"]
    collect(store, keep=set(study.run_ids), older_than_seconds=0, dry_run=False)
    assert models(store) == expected["models"]
    assert not list(store.root.rglob("*.partial"))
