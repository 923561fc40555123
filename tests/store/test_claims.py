import errno
import fcntl
import os
import threading

import pytest

from workbench.errors import WorkbenchError
from workbench.store import claims
from workbench.store.claims import claim, working

A, B, C = (letter * 16 for letter in "abc")


def test_all_or_none(store):
    with claim(store, [B]):
        assert claim(store, [C, A, B]) is None
        assert [working(store, run) for run in (A, B, C)] == [False, True, False]
        with claim(store, [C, A, A]):
            assert working(store, A)
    assert not any(working(store, run) for run in (A, B, C))
    with claim(store, [A, B, C]):
        assert all(working(store, run) for run in (A, B, C))


def test_a_claim_holds_from_the_call_on(store):
    held = claim(store, [A])
    assert claim(store, [A]) is None
    with held:
        assert claim(store, [A]) is None
    with claim(store, [A]):
        pass


def test_a_failure_inside_releases(store):
    with pytest.raises(RuntimeError), claim(store, [A]):
        raise RuntimeError
    assert not working(store, A)


def test_looking_leaves_no_trace(store):
    assert not working(store, A)
    assert not store.lock_path(A).exists()


def test_no_place_for_locks_is_explained(store):
    (store.root / "locks").touch()
    with pytest.raises(WorkbenchError, match="a file stands where a folder is needed"):
        claim(store, [A])


def test_another_process_holds_until_it_dies(store, start):
    other = start("hold", store.root, B, A)
    assert other.stdout.readline() == "claimed\n"
    assert working(store, A)
    assert claim(store, [B, C]) is None
    assert start("hold", store.root, C, B).stdout.readline() == "taken\n"
    other.kill()
    other.wait()
    assert not working(store, A)
    with claim(store, [A, B]):
        pass


def test_one_holder_at_a_time_even_while_locks_are_removed(store, start):
    from workbench.store.retention import collect

    processes = [start("contend", store.root, 150, A) for _ in range(2)]
    while any(process.poll() is None for process in processes):
        collect(store, {A}, 0, dry_run=False)
    counts = [int(process.stdout.read()) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert all(count > 0 for count in counts)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK])
def test_a_file_system_without_locks_is_explained(store, monkeypatch, number):
    def refuse(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(WorkbenchError, match="no file locks: choose another outputs folder"):
        claim(store, [A])


@pytest.fixture
def look(store):
    """Hold a run's lock as `working` does for an instant."""
    with claim(store, [A]):
        pass
    with store.lock_path(A).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield file


def test_those_who_only_look_are_no_workers_to_each_other(store, look, monkeypatch):
    monkeypatch.setattr(claims, "_LOOK_SECONDS", 0.1)
    assert not working(store, A)
    # One that has been stopped while it looked is not waited for without end.
    assert claim(store, [A]) is None


def test_who_looks_for_long_is_not_taken_for_a_worker(store, look):
    """On a busy machine whoever looks may lose its core just then."""
    threading.Timer(0.3, look.close).start()
    with claim(store, [A]):
        assert working(store, A)
