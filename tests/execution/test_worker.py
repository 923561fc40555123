import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from workbench.execution import worker
from workbench.execution.stopping import StopRequest
from workbench.execution.worker import Worker
from workbench.store.claims import claim
from workbench.store.events import read_events
from workbench.training.cohort import Execution
from workbench.training.native import kernels
from workbench.training.trainer import Stopped

CPU = Execution(torch.device("cpu"))


def work(store, study, **options):
    return Worker(store, study, CPU, **options).work()


def test_a_second_worker_finds_nothing_to_do(make_study, contents):
    store, study = make_study(cohort=1)
    assert work(store, study) == 4
    first = contents(store, study)
    assert work(store, study) == 0
    assert contents(store, study) == first


def test_equal_studies_leave_equal_bytes(make_study, contents):
    one, other = make_study("one"), make_study("other")
    for store, study in (one, other):
        work(store, study)
    assert contents(*one) == contents(*other)


def test_lone_runs_do_not_depend_on_what_else_a_sweep_holds(make_study, contents):
    store, study = make_study("four", cohort=1)
    fewer_store, fewer = make_study("two", cohort=1, techniques="reinit:1")
    work(store, study)
    work(fewer_store, fewer)
    all_runs = contents(store, study)
    assert contents(fewer_store, fewer).items() <= all_runs.items()


def test_a_damaged_run_is_recognised_and_redone(make_study, contents):
    store, study = make_study(cohort=1)
    work(store, study)
    expected = contents(store, study)
    path = store.folder(study.run_ids[1]) / "predictions.safetensors"
    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    assert work(store, study) == 1
    assert contents(store, study) == expected


def test_what_was_computed_how_stands_beside_the_results(make_study, contents):
    store, study = make_study()
    Worker(store, study, Execution(torch.device("cpu"))).work()
    for run in study.run_ids:
        masks = "torch" if kernels() is None else "C"
        assert store.timings(run)["engine"] == {"masks": masks, "compiled": False}


def test_a_stopped_worker_leaves_a_checkpoint_and_the_next_one_goes_on(make_study, contents):
    store, study = make_study("stopped")
    steps = iter(range(100))
    with pytest.raises(Stopped):
        work(store, study, stop=lambda: next(steps) > 4)
    assert list((store.root / "checkpoints").iterdir())
    work(store, study)
    other = make_study("undisturbed")
    work(*other)
    assert contents(store, study) == contents(*other)


def test_a_claimed_cohort_is_left_to_its_worker(make_study):
    store, study = make_study(cohort=1)
    with claim(store, [study.run_ids[2]]):
        assert work(store, study) == 3
    assert store.missing(study.run_ids) == [study.run_ids[2]]


def test_two_workers_train_each_cohort_once(make_study, driver, contents):
    store, study = make_study("two", cohort=1)
    line = [sys.executable, "-m", "workbench", "work", study.name, "--outputs", str(store.root)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}

    def run(_):
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=True)

    with ThreadPoolExecutor(2) as pool:
        outputs = [done.stdout for done in pool.map(run, range(2))]
    trained = [int(text.split()[0]) for text in outputs]
    assert sum(trained) == 4
    other = make_study("undisturbed", cohort=1)
    work(*other)
    assert contents(store, study) == contents(*other)


def test_the_first_event_tells_what_the_best_constant_loses(make_study):
    store, study = make_study()
    work(store, study)
    for run in study.run_ids:
        events, _ = read_events(store.events_path(run))
        constant_loss = store.result(run)["constant_loss"]
        assert events[0] == {"kind": "start", "step": 0, "constant_loss": constant_loss}
        assert [event["kind"] for event in events].count("start") == 1


def test_a_worker_that_loads_is_stopped_at_once(make_study, monkeypatch):
    store, study = make_study()
    request = StopRequest()
    monkeypatch.setattr(worker, "prepare", lambda spec: request.remember(signal.SIGTERM))
    with pytest.raises(Stopped):
        work(store, study, stop=request, unsaved=request.unsaved)
    assert not any(store.events_path(run).exists() for run in study.run_ids)
    assert not (store.root / "checkpoints").exists()
