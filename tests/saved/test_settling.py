"""Which models a study keeps, when, and that nothing half-written is ever among them."""

import errno
import os

import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.execution.worker import Worker
from workbench.saved import place, settling, writing
from workbench.saved.place import beaten, best, kept, member_folders, waiting, wanted
from workbench.saved.settling import settle
from workbench.store import atomic
from workbench.store.retention import collect
from workbench.training.plan import Execution
from workbench.training.trainer import Stopped

CPU = Execution(torch.device("cpu"))
FILES = [
    "README.md",
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "workbench.json",
]


def work(store, study, **options):
    return Worker(store, study, CPU, **options).work()


def models(store):
    folder = store.root / "models"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def contents(store):
    return {name: (store.root / "models" / name).read_bytes() for name in models(store)}


def dev(store, run):
    return store.result(run)["dev"]["pearson"]


def test_none_is_the_default_and_stores_nothing(make_study, monkeypatch):
    monkeypatch.setattr(writing, "write_waiting", None)
    monkeypatch.setattr(settling, "settle", None)
    store, study = make_study()
    assert study.settings.save == "none"
    assert work(store, study) == 4
    assert not (store.root / "models").exists()


def test_every_keeps_each_member_with_its_card(make_study):
    store, study = make_study(save="every", cohort=2)
    work(store, study)
    names = ["baseline-seed0", "baseline-seed1", "reinit-1-seed0", "reinit-1-seed1"]
    assert models(store) == [f"small/{name}/{file}" for name in names for file in FILES]
    assert list(kept(store, study)) == study.run_ids


def test_best_keeps_the_member_of_each_technique_that_is_best_on_dev(make_study):
    store, study = make_study(save="best")
    work(store, study)
    expected = [max(pair, key=lambda run: dev(store, run)) for pair in pairs(study)]
    assert list(kept(store, study)) == expected
    assert len(models(store)) == 2 * len(FILES)
    assert not (store.root / "models" / "small" / ".waiting").exists()


def pairs(study):
    runs = study.run_ids
    return [runs[:2], runs[2:]]


def test_weights_move_no_result(make_study):
    values = {"techniques": "baseline"}
    one, other = make_study("one", **values), make_study("other", **values, save="every")
    for store, study in (one, other):
        work(store, study)
    for run in one[1].run_ids:
        for name in ("result.json", "predictions.safetensors", "events.jsonl"):
            path = one[0].folder(run) / name
            assert path.read_bytes() == (other[0].folder(run) / name).read_bytes()


def test_equal_studies_keep_equal_bytes(make_study):
    values = {"save": "best", "techniques": "baseline"}
    one, other = make_study("one", **values), make_study("other", **values)
    for store, study in (one, other):
        work(store, study)
    assert contents(one[0]) == contents(other[0])


def test_nothing_is_in_place_before_the_study_is_complete(make_study):
    store, study = make_study(save="every")
    asked = iter(range(1000))
    with pytest.raises(Stopped):
        work(store, study, stop=lambda: len(waiting(store, study)) == 2 and next(asked) > 2)
    assert len(waiting(store, study)) == 2
    assert kept(store, study) == {}
    work(store, study)
    assert waiting(store, study) == []
    assert list(kept(store, study)) == study.run_ids


@pytest.fixture(scope="module")
def undisturbed():
    """What a study keeps that was left alone, once it has been trained."""
    return {}


@pytest.mark.parametrize("number", [1, 4, 6])
def test_stopped_anywhere_in_saving_the_next_worker_completes_it(
    number, make_study, monkeypatch, undisturbed
):
    """Fail at the ``number``-th file or folder that is put in its place, as a kill would."""
    if not undisturbed:
        alone = make_study("undisturbed", save="every", techniques="baseline")
        work(*alone)
        undisturbed |= contents(alone[0])
    left, replace = [number], os.replace

    class Killed(BaseException):
        pass

    def fail(source, target):
        if "models" in str(target):
            left[0] -= 1
            if not left[0]:
                raise Killed
        replace(source, target)

    store, study = make_study(save="every", techniques="baseline")
    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "replace", fail)
        # A killed process tidies nothing up.
        patch.setattr(atomic.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            work(store, study)
    for folder in kept(store, study).values():
        assert sorted(path.name for path in folder.iterdir()) == FILES
    work(store, study)
    collect(store, set(study.run_ids), older_than_seconds=0, dry_run=False)
    assert contents(store) == undisturbed


def test_a_full_disk_leaves_the_run_unfinished(make_study, monkeypatch):
    store, study = make_study(save="every", techniques="baseline", seeds="1")

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(writing, "export", full)
        with pytest.raises(WorkbenchError, match="disk is full: free some space"):
            work(store, study)
    assert store.missing(study.run_ids) == study.run_ids
    assert models(store) == []
    work(store, study)
    assert list(kept(store, study)) == study.run_ids


def test_what_waits_goes_as_soon_as_it_is_beaten(make_study):
    store, study = make_study(save="best", seeds="4", techniques="baseline")
    most = []
    work(store, study, stop=lambda: most.append(len(waiting(store, study))))
    assert max(most) <= 2
    assert len(kept(store, study)) == 1


def test_models_in_place_stay_when_less_is_asked_for(make_study):
    store, study = make_study(save="every", techniques="baseline")
    work(store, study)
    before = contents(store)
    for save in ("best", "none"):
        _, again = make_study(save=save, techniques="baseline")
        assert again.settings.save == save
        work(store, again)
        assert settle(store, again) == []
    assert contents(store) == before


@pytest.fixture
def scored(monkeypatch, make_study):
    """Return a function that gives the members of a study their dev scores, test in reverse."""

    def give(scores, **values):
        store, study = make_study(**values)
        results = {
            spec.id: {
                "metric": "pearson",
                "dev": {"pearson": score},
                "test": {"pearson": None if score is None else -score},
            }
            for spec, score in zip(study.specs, scores, strict=True)
            if score != "missing"
        }
        monkeypatch.setattr(store, "result", results.get)
        return store, study

    return give


@pytest.mark.parametrize(
    ("scores", "seed"),
    [
        ((0.1, 0.3, 0.2), 1),
        ((0.3, 0.1, 0.3), 0),
        ((None, -0.5, None), 1),
        ((None, None, None), 0),
        ((-0.0, 0.0, None), 0),
    ],
)
def test_the_best_is_the_highest_on_dev_and_of_equals_the_lowest_seed(scores, seed, scored):
    store, study = scored(scores, seeds="3", techniques="baseline")
    assert best(store, study.specs).weights_seed == seed


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.1, 0.3, "missing"), (True, False, True)),
        ((0.3, 0.3, "missing"), (False, True, True)),
        ((None, "missing", "missing"), (False, True, True)),
    ],
)
def test_only_a_finished_member_beats_another(scores, expected, scored):
    store, study = scored(scores, seeds="3", techniques="baseline")
    found = [
        beaten(store, study.specs, spec, None if score == "missing" else score)
        for spec, score in zip(study.specs, scores, strict=True)
    ]
    assert tuple(found) == expected


@pytest.mark.parametrize(
    ("which", "places"),
    [("none", []), ("every", [0, 1, 2, 3]), ("best", [1, 2]), ("reinit:1", [2])],
)
def test_what_is_wanted(which, places, scored):
    store, study = scored((0.1, 0.2, 0.4, 0.3))
    assert wanted(store, study, which) == [study.run_ids[number] for number in places]


def test_folders_are_named_after_technique_and_seed(make_study, small_checkpoints):
    _, study = make_study(techniques="baseline,layerwise:0.9+reinit:1", seeds="7,")
    store, two = make_study("two", models=f"minilm,{small_checkpoints['bert'].folder}", seeds="1")
    assert [path.name for path in member_folders(store, study).values()] == [
        "baseline-seed7",
        "layerwise-0.9+reinit-1-seed7",
    ]
    assert [path.name for path in member_folders(store, two).values()] == [
        "minilm-baseline-seed0",
        "minilm-reinit-1-seed0",
        "bert-baseline-seed0",
        "bert-reinit-1-seed0",
    ]


def test_folders_that_would_have_one_name_are_told_apart(make_study, monkeypatch):
    store, study = make_study(techniques="baseline")
    monkeypatch.setattr(place, "_name", lambda spec, several: "same")
    assert [path.name for path in member_folders(store, study).values()] == [
        f"same-{run}" for run in study.run_ids
    ]


def test_a_head_that_transformers_has_not_is_refused_before_anything_is_trained(make_study):
    with pytest.raises(WorkbenchError, match=r"head=linear fits none .* choose head=native"):
        make_study(save="best", head="linear")
    make_study(save="best", head="linear", task="miniature-mention:size=24")
    make_study("none", head="linear")


def test_a_mistyped_wish_is_refused(make_study):
    with pytest.raises(WorkbenchError, match="there is no value of save 'evry': did you mean"):
        make_study(save="evry")
