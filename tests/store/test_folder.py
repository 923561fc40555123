import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workbench.errors import WorkbenchError
from workbench.store.folder import RunStore

FILES = ["predictions.safetensors", "result.json", "spec.json", "timings.json"]
ARRAYS = hnp.arrays(
    st.sampled_from(["<f4", ">f4", "<f8", "<i8", "<i4", "i1", "u1", "?"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(
    predictions=st.dictionaries(st.text("abc", min_size=1), ARRAYS, max_size=3),
    extra=st.dictionaries(st.integers().map(lambda n: f"x{n}"), PLAIN, max_size=3),
)
def test_what_is_finished_is_read_back(tmp_path_factory, make_spec, predictions, extra):
    store, spec = RunStore(tmp_path_factory.mktemp("outputs")), make_spec()
    turned = {
        name: np.asfortranarray(value) if value.ndim else value
        for name, value in predictions.items()
    }
    store.finish(spec, extra, turned, {})
    assert store.finished(spec.id)
    assert store.result(spec.id).keys() == extra.keys() | {"run", "predictions", "checksum"}
    found = store.predictions(spec.id)
    assert found.keys() == predictions.keys()
    for name, value in predictions.items():
        assert found[name].dtype == value.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found[name], value)


def test_all_parts_of_a_run(store, make_spec, finish, example_result):
    run_id, spec = finish(store), make_spec()
    assert sorted(os.listdir(store.folder(run_id))) == FILES
    assert store.spec(run_id) == spec
    assert store.timings(run_id) == {"seconds": 1.0}
    found = store.result(run_id)
    assert {key: found[key] for key in example_result} == example_result
    assert found["run"] == run_id


def test_equal_inputs_are_equal_bytes_apart_from_timings(tmp_path, make_spec, example_result):
    folders = []
    for name, seconds in (("a", 1.0), ("b", 2.0)):
        store = RunStore(tmp_path / name)
        predictions = {"dev": np.arange(2.0), "test": np.arange(3, dtype=np.int8)}
        turned = dict(reversed(predictions.items())) if name == "b" else predictions
        shuffled = dict(reversed(example_result.items())) if name == "b" else example_result
        store.finish(make_spec(), shuffled, turned, {"seconds": seconds})
        folders.append(store.folder(make_spec().id))
    same = [(folders[0] / f).read_bytes() == (folders[1] / f).read_bytes() for f in FILES]
    assert same == [True, True, True, False]


def test_a_run_that_does_not_exist(store, make_spec):
    run_id = make_spec().id
    assert store.result(run_id) is None
    assert not store.finished(run_id)
    assert store.damaged(run_id) is None
    assert store.spec_json(run_id) is None
    assert store.timings(run_id) == {}
    assert store.run_ids() == []
    with pytest.raises(WorkbenchError, match="not finished"):
        store.predictions(run_id)
    with pytest.raises(WorkbenchError, match="no intact specification"):
        store.spec(run_id)


def test_a_run_that_has_begun_is_not_finished(store, make_spec):
    spec = make_spec()
    folder = store.begin(spec)
    before = (folder / "spec.json").stat().st_ino
    assert store.begin(spec) == folder
    assert (folder / "spec.json").stat().st_ino == before
    assert store.spec(spec.id) == spec
    assert store.run_ids() == store.missing([spec.id]) == [spec.id]
    assert store.damaged(spec.id) is None


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def empty(path):
    path.write_bytes(b"")


def score_higher(path):
    path.write_text(path.read_text().replace("0.75", "0.76"))


def overflow(path):
    path.write_text(path.read_text().replace("0.75", "1e999"))


def no_number(path):
    path.write_text(path.read_text().replace("0.75", "NaN"))


def seed_changed(path):
    path.write_text(path.read_text().replace('"weights_seed": 0', '"weights_seed": 1'))


@pytest.mark.parametrize(
    ("file", "damage", "why", "quick"),
    [
        ("result.json", empty, "unreadable", True),
        ("result.json", lambda path: path.write_text("[1]"), "unreadable", True),
        ("result.json", lambda path: path.write_text("{}"), "changed", True),
        ("result.json", lambda path: path.write_bytes(b"\xff"), "unreadable", True),
        ("result.json", score_higher, "result has changed", True),
        ("result.json", overflow, "unreadable", True),
        ("result.json", no_number, "unreadable", True),
        ("predictions.safetensors", os.remove, "predictions are missing", True),
        ("predictions.safetensors", cut, "predictions have changed", True),
        ("predictions.safetensors", flip, "predictions have changed", False),
        ("spec.json", os.remove, "specification", False),
        ("spec.json", empty, "specification", False),
        ("spec.json", seed_changed, "specification", False),
    ],
)
def test_damage_is_recognised_and_the_run_done_again(store, finish, file, damage, why, quick):
    run_id = finish(store)
    folder = store.folder(run_id)
    intact = {name: (folder / name).read_bytes() for name in FILES}
    damage(folder / file)
    assert why in store.damaged(run_id)
    assert not store.finished(run_id)
    assert store.missing([run_id]) == [run_id]
    assert (store.result(run_id) is None) == quick
    with pytest.raises(WorkbenchError, match=why):
        store.predictions(run_id)
    finish(store)
    assert store.finished(run_id)
    assert {name: (folder / name).read_bytes() for name in FILES} == intact


def test_a_damaged_result_never_stands_beside_new_predictions(
    store, make_spec, finish, monkeypatch
):
    run_id = finish(store)
    flip(store.folder(run_id) / "predictions.safetensors")
    replace = os.replace

    def fail_at_timings(source, target):
        if Path(target).name == "timings.json":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_at_timings)
    other = {"dev": np.array([9, 9], np.float32), "test": np.arange(3)}
    with pytest.raises(KeyboardInterrupt):
        store.finish(make_spec(), {"metric": "pearson"}, other, {})
    assert store.result(run_id) is None


def test_another_runs_result_is_recognised(store, finish):
    first, second = finish(store, 0), finish(store, 1)
    os.replace(store.folder(first) / "result.json", store.folder(second) / "result.json")
    assert "another run's" in store.damaged(second)


def test_a_finished_run_is_left_as_it_is(store, make_spec, finish):
    run_id = finish(store)
    store.finish(make_spec(), {"metric": "f1"}, {}, {"seconds": 9.0})
    assert store.result(run_id)["metric"] == "pearson"
    assert store.timings(run_id) == {"seconds": 1.0}


def test_missing_keeps_the_order(store, make_spec, finish):
    ids = [make_spec(seed).id for seed in range(4)]
    finish(store, 1)
    finish(store, 2)
    assert store.missing([ids[3], ids[2], ids[0], ids[1]]) == [ids[3], ids[0]]


def test_a_result_may_not_use_the_folders_own_keys(store, make_spec):
    with pytest.raises(ValueError, match="'run'"):
        store.finish(make_spec(), {"run": 1}, {}, {})


def test_a_full_disk_leaves_an_unfinished_run(store, make_spec, finish, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(WorkbenchError, match="disk is full"):
            finish(store)
    assert store.missing([make_spec().id]) == [make_spec().id]
    assert os.listdir(store.folder(make_spec().id)) == []
    assert store.finished(finish(store))


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a\n", "ä"])
def test_a_name_cannot_leave_its_folder(store, name):
    with pytest.raises(WorkbenchError, match="not the name of a run"):
        store.folder(name)


def test_foreign_folders_are_not_runs(store, finish):
    run_id = finish(store)
    for name in (".ipynb_checkpoints", "notes", "0123456789ABCDEF"):
        (store.root / "runs" / name).mkdir()
    assert store.run_ids() == [run_id]


def test_a_relative_root_is_anchored_where_it_was_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = RunStore("outputs")
    monkeypatch.chdir("/")
    assert store.root == tmp_path / "outputs"


@pytest.mark.parametrize("inner", ["", "outputs"])
def test_a_root_that_is_a_file_is_refused(tmp_path, inner):
    (tmp_path / "file").touch()
    with pytest.raises(WorkbenchError, match="a file stands where a folder is needed"):
        RunStore(tmp_path / "file" / inner)


def test_a_root_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(WorkbenchError, match="change its permissions"):
        RunStore(tmp_path)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("renames", [1, 2, 3, 4])
def test_killed_at_any_rename(
    store, tmp_path, make_spec, finish, example_result, killed, when, renames
):
    content = {"spec": make_spec().to_json(), "result": example_result}
    (tmp_path / "input.json").write_text(json.dumps(content))
    killed("finish", store.root, tmp_path / "input.json", when, renames)
    run_id = make_spec().id
    done = (renames, when) == (4, "after")
    assert store.finished(run_id) == done
    assert (store.result(run_id) is not None) == done
    finish(store)
    fresh = RunStore(tmp_path / "fresh")
    finish(fresh)
    for name in ("spec.json", "predictions.safetensors", "result.json"):
        found = (store.folder(run_id) / name).read_bytes()
        assert found == (fresh.folder(run_id) / name).read_bytes()
