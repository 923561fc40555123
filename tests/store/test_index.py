import os
import shutil

import pytest

from workbench.errors import WorkbenchError
from workbench.store import index
from workbench.store.index import digests, index_path

OLD = 1_700_000_000_000_000_000
"""A time of change long past, in nanoseconds."""


@pytest.fixture
def reads(monkeypatch):
    """Return the runs whose folders are read, as they are read."""
    found, read = [], index._read

    def noted(store, run_id):
        found.append(run_id)
        return read(store, run_id)

    monkeypatch.setattr(index, "_read", noted)
    return found


def aged(store, *run_ids):
    """Let runs look as if they had been finished long ago."""
    for run_id in run_ids:
        for path in store.folder(run_id).iterdir():
            os.utime(path, ns=(OLD, OLD))
    return list(run_ids)


@pytest.fixture
def indexed(store, finish, reads):
    """Return three runs that the index holds."""
    ids = aged(store, *sorted(finish(store, seed) for seed in range(3)))
    digests(store)
    assert reads == ids
    reads.clear()
    return ids


def test_what_is_indexed_is_the_same_and_is_not_read_again(store, indexed, reads):
    found = digests(store)
    assert reads == [] and list(found) == indexed
    index_path(store).unlink()
    assert digests(store) == found
    assert reads == indexed


def test_a_digest(store, make_spec, finish, example_result):
    run = finish(store)
    found = digests(store)[run]
    assert found.spec == make_spec().to_json()
    assert found.result["test"] == example_result["test"] and "history" not in found.result
    assert found.finished == ""
    spec = make_spec(1)
    store.finish(spec, example_result, {}, {"finished": "2026-11-23T17:53:43Z"})
    assert digests(store)[spec.id].finished == "2026-11-23T17:53:43Z"


def test_the_order_is_that_of_the_runs_asked_for(store, indexed):
    wanted = [indexed[2], indexed[0]]
    assert list(digests(store, wanted)) == wanted
    assert list(digests(store)) == indexed


def test_a_run_that_appears_is_read_alone(store, indexed, finish, reads):
    (added,) = aged(store, finish(store, 7))
    assert set(digests(store)) == {*indexed, added}
    assert reads == [added]
    digests(store)
    assert reads == [added]


def test_looks_at_some_runs_leave_nothing_to_be_read(store, finish, reads):
    sweeps = [aged(store, *(finish(store, seed + n) for n in range(2))) for seed in (0, 10, 20)]
    for sweep in sweeps:
        assert list(digests(store, sweep)) == sweep
    reads.clear()
    assert set(digests(store)) == {run for sweep in sweeps for run in sweep}
    assert reads == []


def test_a_run_that_vanished_is_gone(store, indexed, reads):
    shutil.rmtree(store.folder(indexed[0]))
    assert list(digests(store)) == indexed[1:]


@pytest.mark.parametrize("name", ["spec.json", "result.json", "predictions.safetensors"])
@pytest.mark.parametrize("how", ["removed", "damaged", "touched"])
def test_a_run_that_changed_is_read_again(store, indexed, reads, name, how):
    path = store.folder(indexed[1]) / name
    if how == "removed":
        path.unlink()
    elif how == "damaged":
        path.write_bytes(path.read_bytes()[:-3])
    else:
        os.utime(path, ns=(OLD, OLD + 1))
    expected = indexed if how == "touched" else [indexed[0], indexed[2]]
    assert list(digests(store)) == expected
    assert reads == [indexed[1]]


def test_what_may_still_change_within_the_same_tick_is_not_indexed(store, finish, reads):
    run = finish(store)
    digests(store)
    digests(store)
    assert reads == [run, run]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content.replace(b"0.5", b"0.6"),
        lambda content: content.replace(b"index 1", b"index 2", 1),
        lambda content: b"\xff\n{}",
    ],
)
def test_a_damaged_index_is_made_anew(store, indexed, reads, damage):
    content = index_path(store).read_bytes()
    index_path(store).write_bytes(damage(content))
    found = digests(store)
    assert reads == indexed and found[indexed[0]].result["test"]["pearson"] == 0.5
    assert index_path(store).read_bytes() == content


def test_the_index_may_be_deleted(store, indexed, reads):
    content = index_path(store).read_bytes()
    index_path(store).unlink()
    assert list(digests(store)) == indexed
    assert index_path(store).read_bytes() == content


def test_runs_that_were_not_asked_for_stay_in_the_index(store, indexed, finish, reads):
    (added,) = aged(store, finish(store, 7))
    digests(store, [added])
    digests(store)
    assert reads == [added]


def test_what_another_process_wrote_meanwhile_does_no_harm(store, indexed, finish, reads):
    first = index_path(store).read_bytes()
    (added,) = aged(store, finish(store, 7))
    digests(store)
    index_path(store).write_bytes(first)
    assert set(digests(store)) == {*indexed, added}


def test_nothing_is_lost_where_the_index_cannot_be_written(store, finish, monkeypatch):
    (run,) = aged(store, finish(store))

    def refuse(path, content):
        raise WorkbenchError("the disk is full")

    monkeypatch.setattr(index, "write_bytes", refuse)
    assert list(digests(store)) == [run]
    assert not index_path(store).exists()


def test_nothing_is_indexed_of_unfinished_runs(store, make_spec):
    store.begin(make_spec())
    assert digests(store) == {}
