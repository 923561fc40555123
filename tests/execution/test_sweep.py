import pytest

from workbench.errors import WorkbenchError
from workbench.execution import local
from workbench.execution.local import LocalWorkers, worker_count, worker_device
from workbench.execution.sweep import run_missing


def test_missing_runs_are_trained_by_workers_and_then_nothing_is(make_study):
    store, study = make_study(cohort=1)
    shown = []
    assert run_missing(store, study, 2, shown.append) == 4
    assert shown[-1].finished == 4 and shown[-1].done == shown[-1].steps == 36
    assert run_missing(store, study, 2) == 0
    assert not store.missing(study.run_ids)


def test_what_ended_a_worker_is_said(make_study, small_model):
    store, study = make_study(cohort=1)
    weights = small_model / "model.safetensors"
    before = weights.read_bytes()
    try:
        weights.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        with pytest.raises(WorkbenchError, match=r"weights of .* are not those"):
            run_missing(store, study, 1)
    finally:
        weights.write_bytes(before)
    assert not any((store.folder(run) / "result.json").exists() for run in study.run_ids)


def test_workers_are_asked_to_stop_and_do(make_study):
    store, study = make_study(cohort=1, epochs=2000)
    workers = LocalWorkers(store, study, 1)
    assert workers.running
    workers.stop()
    assert not workers.running


@pytest.mark.parametrize(
    ("device", "missing", "asked", "expected"),
    [
        ("cpu", 9, 0, 2),
        ("cpu", 1, 0, 1),
        ("cpu", 9, 3, 3),
        ("cpu", 2, 3, 2),
        ("mps", 9, 0, 1),
        ("cuda", 9, 0, 4),
        ("cuda", 3, 0, 3),
        ("cuda", 9, 6, 6),
        ("cuda:1", 9, 0, 1),
    ],
)
def test_how_many_workers(device, missing, asked, expected, monkeypatch):
    monkeypatch.setattr(local, "cores", lambda: 2)
    assert worker_count(device, missing, asked, gpus=4) == expected


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("cuda", ["cuda:0", "cuda:1", "cuda:2", "cuda:0", "cuda:1"]),
        ("cuda:1", ["cuda:1"] * 5),
        ("cpu", ["cpu"] * 5),
    ],
)
def test_workers_take_the_gpus_in_turn(device, expected):
    assert [worker_device(device, number, gpus=3) for number in range(5)] == expected


def test_threads_are_fixed_for_a_machine(monkeypatch):
    found = {}
    for cores in (1, 2, 8, 16, 64):
        monkeypatch.setattr(local, "cores", lambda cores=cores: cores)
        found[cores] = local.threads_per_worker()
    assert found == {1: 1, 2: 1, 8: 1, 16: 2, 64: 8}
