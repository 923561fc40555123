import os
import time

import pytest
import torch

from workbench.store import checkpoints
from workbench.store.claims import claim
from workbench.store.retention import bytes_of, collect, survey


@pytest.fixture
def dead(start):
    """The number of a process that has ended."""
    process = start("hold")
    process.kill()
    process.wait()
    return process.pid


def kinds(leftovers):
    return sorted(item.kind for item in leftovers)


def temporary(folder, pid):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f".result.json.{pid}.0123abcd.partial"
    path.write_bytes(b"12345")
    return path


def save_checkpoint(store, name, runs):
    checkpoints.save(store, name, {"w": torch.ones(4)}, {"runs": runs})
    return checkpoints.path_of(store, name)


def files(store):
    return {path: path.stat().st_size for path in store.root.rglob("*") if path.is_file()}


def test_finished_runs_stay_unless_asked_for(store, finish):
    kept, other = finish(store, 0), finish(store, 1)
    assert collect(store, {kept}, 0, dry_run=False) == []
    found = collect(store, {kept}, 0, dry_run=False, drop_finished_outside_studies=True)
    assert kinds(found) == ["finished run"]
    assert store.run_ids() == [kept]
    assert store.finished(kept)
    assert not store.finished(other)
    assert not store.lock_path(other).exists()


def test_unfinished_folders_go_when_no_study_holds_them(store, make_spec):
    kept, other = make_spec(0).id, make_spec(1).id
    store.begin(make_spec(0))
    store.begin(make_spec(1))
    (item,) = collect(store, {kept}, 0, dry_run=False)
    assert (item.kind, item.path) == ("unfinished run", store.folder(other))
    assert store.run_ids() == [kept]


def test_a_damaged_run_counts_as_unfinished(store, finish):
    kept, other = finish(store, 0), finish(store, 1)
    for run_id in (kept, other):
        os.remove(store.folder(run_id) / "predictions.safetensors")
    assert kinds(collect(store, {kept}, 0, dry_run=False)) == ["unfinished run"]
    assert store.run_ids() == [kept]


def test_what_somebody_works_on_is_left_alone(store, make_spec, dead):
    run_id = make_spec().id
    temporary(store.begin(make_spec()), dead)
    path = save_checkpoint(store, "cohort", [run_id])
    before = files(store)
    with claim(store, [run_id]):
        assert survey(store, set()) == []
        assert collect(store, set(), 0, dry_run=False) == []
    found = collect(store, set(), 0, dry_run=False)
    assert kinds(found) == ["checkpoint", "unfinished run"]
    assert bytes_of(found) == sum(before.values())
    assert not path.exists()
    assert files(store) == {}


def test_work_that_starts_after_the_survey_is_left_alone(store, make_spec, monkeypatch):
    run_id = make_spec().id
    store.begin(make_spec())
    found = survey(store, set())
    monkeypatch.setattr("workbench.store.retention.survey", lambda *_: found)
    with claim(store, [run_id]):
        assert collect(store, set(), 0, dry_run=False) == []
    store.events_path(run_id).write_text("{}\n")
    assert collect(store, set(), 0, dry_run=False) == []
    assert store.run_ids() == [run_id]


@pytest.mark.parametrize(
    ("finished", "held", "goes"),
    [
        ([0, 1], [0, 1], True),
        ([0], [0, 1], False),
        ([0], [0], True),
        ([], [], True),
    ],
)
def test_a_checkpoint_stays_while_a_study_waits_for_its_runs(
    store, make_spec, finish, finished, held, goes
):
    for seed in finished:
        finish(store, seed)
    path = save_checkpoint(store, "cohort", [make_spec(seed).id for seed in (0, 1)])
    keep = {make_spec(seed).id for seed in held}
    found = [item for item in collect(store, keep, 0, False) if item.kind == "checkpoint"]
    assert [item.path for item in found] == ([path] if goes else [])
    assert path.exists() != goes


def test_a_checkpoint_that_names_no_runs_stays_and_a_damaged_one_goes(store):
    checkpoints.save(store, "nameless", {}, {"step": 1})
    damaged = save_checkpoint(store, "damaged", [])
    damaged.write_bytes(b"\xff" * 30)
    (item,) = collect(store, set(), 0, dry_run=False)
    assert (item.path, item.bytes) == (damaged, 30)
    assert checkpoints.load(store, "nameless") is not None


def test_temporary_files_go_with_their_writers(store, finish, dead):
    run_id = finish(store)
    gone = [
        temporary(store.root / "studies" / "s", dead),
        temporary(store.root / "checkpoints", dead),
        temporary(store.folder(run_id), dead),
    ]
    stays = temporary(store.root / "studies" / "s", os.getpid())
    found = collect(store, {run_id}, 0, dry_run=False)
    assert {item.path for item in found} == set(gone)
    assert bytes_of(found) == 15
    assert stays.exists()
    assert store.finished(run_id)


def test_lock_files_nobody_holds_go(store, make_spec):
    free, held = make_spec(0).id, make_spec(1).id
    with claim(store, [held]):
        with claim(store, [free]):
            pass
        found = collect(store, set(), 0, dry_run=False)
        assert [item.path for item in found] == [store.lock_path(free)]
        assert os.listdir(store.root / "locks") == [f"{held}.lock"]


def test_weights_that_wait_go_when_no_study_holds_their_run(store, make_spec):
    kept, other = make_spec(0).id, make_spec(1).id
    models = store.root / "models" / "small"
    for folder in (models / ".waiting" / kept, models / ".waiting" / other, models / "baseline"):
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(b"1234")
    (item,) = collect(store, {kept}, 0, dry_run=False)
    assert (item.kind, item.bytes) == ("waiting weights", 4)
    assert {path.parent.name for path in models.rglob("*.safetensors")} == {kept, "baseline"}


def test_a_half_written_folder_goes_with_its_writer(store, dead):
    folders = [
        store.root / "models" / "small" / f".baseline.{writer}.0123abcd.partial"
        for writer in (dead, os.getpid())
    ]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{}")
    found = collect(store, set(), 0, dry_run=False)
    assert [item.path for item in found] == folders[:1] and not folders[0].exists()
    assert folders[1].exists()


def test_young_leftovers_stay(store, make_spec):
    folder = store.begin(make_spec())
    assert collect(store, set(), 3600, dry_run=False) == []
    two_hours_ago = time.time() - 7200
    for path in (folder / "spec.json", folder):
        os.utime(path, (two_hours_ago, two_hours_ago))
    assert kinds(collect(store, set(), 3600, dry_run=False)) == ["unfinished run"]


def test_a_dry_run_reports_the_same_and_removes_nothing(store, make_spec, finish, dead):
    store.begin(make_spec(1))
    temporary(store.root / "reports", dead)
    save_checkpoint(store, "cohort", [finish(store)])
    before = files(store)
    announced = collect(store, set(), 0, dry_run=True)
    assert files(store) == before
    assert kinds(announced) == ["checkpoint", "temporary file", "unfinished run"]
    assert collect(store, set(), 0, dry_run=False) == announced
    assert survey(store, set()) == []


def test_foreign_files_are_never_judged(store):
    for name in ("runs/notes/a.txt", "locks/other.lock", "studies/x/.a.partial", "reports/r.html"):
        path = store.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    before = files(store)
    assert collect(store, set(), 0, False, drop_finished_outside_studies=True) == []
    assert files(store) == before
