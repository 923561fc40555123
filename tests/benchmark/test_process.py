import os
import shutil
from dataclasses import replace

import pytest
import torch

from workbench.benchmark import process as processes
from workbench.benchmark.job import ENGINE
from workbench.benchmark.measure import Entrant, prepare, take_rounds
from workbench.benchmark.process import (
    ContestantFailed,
    Process,
    alone_with,
    reason_of,
    starter,
)


@pytest.fixture
def job(make_comparison):
    return make_comparison().job(ENGINE, threads=1)


@pytest.fixture
def broken(job, tmp_path):
    """Return a job whose model has no weights."""
    shutil.copy(job.checkpoint.folder / "config.json", tmp_path)
    return replace(job, checkpoint=replace(job.checkpoint, folder=tmp_path))


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (ValueError("one\ntwo"), "ValueError: one"),
        (ValueError(), "ValueError"),
        (MemoryError(), "out of memory"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried ..."), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: ..."), "out of memory"),
    ],
)
def test_reasons_are_one_line(problem, reason):
    assert reason_of(problem) == reason


@pytest.mark.parametrize(
    ("device", "seen", "named", "left"),
    [
        ("cpu", None, "cpu", None),
        ("cuda", None, "cuda", "0"),
        ("cuda:2", None, "cuda", "2"),
        ("cuda:1", "4,7", "cuda", "7"),
    ],
)
def test_a_contestant_sees_one_gpu(monkeypatch, device, seen, named, left):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen or "")
    assert alone_with(device) == named
    assert os.environ["CUDA_VISIBLE_DEVICES"] == (left or "")


def test_a_process_takes_turns_and_tells_its_memory(job):
    with Process(job) as process:
        turn = process.turn(2)
        process.rest()
        assert turn.seconds > 0 and len(turn.losses) == 2
        assert process.end() > 50e6  # torch alone takes more.
    assert process.process.exitcode == 0


def test_a_failure_is_told(broken):
    with Process(broken) as process, pytest.raises(ContestantFailed, match="WorkbenchError: "):
        process.turn(1)


def test_a_death_is_told(job):
    with Process(job) as process:
        process.process.kill()
        process.process.join()
        with pytest.raises(ContestantFailed, match="SIGKILL"):
            process.turn(1)


def test_leaving_in_the_middle_of_a_turn_ends_the_process(job):
    with pytest.raises(KeyboardInterrupt), Process(job) as process:
        process.start(10_000)
        raise KeyboardInterrupt
    assert process.process.exitcode is not None


def test_the_others_go_on_when_one_fails(job, broken):
    rates = iter(range(1, 100))
    with Entrant([broken], 1) as failing, Entrant([job, job], 2, warm_up=1) as working:
        prepare([failing, working])
        found = take_rounds([failing, working], 2, lambda: next(rates))
        for entrant in (failing, working):
            entrant.end()
    assert found == [2, 5]
    assert failing.measured.seconds == [None, None]
    assert "WorkbenchError" in failing.measured.problem and failing.measured.memory is None
    assert all(seconds > 0 for seconds in working.measured.seconds)
    assert working.measured.workers == 2 and working.measured.memory > 100e6


def test_who_does_not_last_lives_for_a_turn(job):
    with Entrant([job], 2, warm_up=1, lasts=False) as entrant:
        prepare([entrant])
        assert entrant.processes == []
        take_rounds([entrant], 2, lambda: 1.0)
        (last,) = entrant.processes
        assert last.process.exitcode == 0
        entrant.end()
    measured = entrant.measured
    assert measured.problem == "" and min(measured.seconds) > 0 and len(measured.seconds) == 2
    assert measured.first > 0 and measured.memory > 50e6


def test_who_rests_does_so_after_every_turn(job, monkeypatch):
    rested = []
    monkeypatch.setattr(Process, "rest", lambda process: rested.append(process))
    for rests, times in ((False, 0), (True, 3)):
        with Entrant([job], 1, warm_up=1, rests=rests) as entrant:
            prepare([entrant])
            take_rounds([entrant], 2, lambda: 1.0)
        assert len(rested) == times


@pytest.mark.parametrize(("opens", "method"), [(True, "forkserver"), (False, "spawn")])
def test_processes_are_forked_where_that_leaves_the_gpu_whole(monkeypatch, opens, method):
    monkeypatch.delenv("PYTORCH_NVML_BASED_CUDA_CHECK", raising=False)
    monkeypatch.setattr(processes, "_succeeds", lambda context, action: opens)
    found = starter.__wrapped__("cuda")
    assert found.get_start_method() == method
    assert os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] == "1"


def test_it_is_tried_in_a_process():
    context = starter("cpu")
    assert processes._succeeds(context, torch.get_num_threads)
    # This build of torch has no CUDA, or this machine no GPU, or both are there.
    assert processes._succeeds(context, torch.cuda.init) is torch.cuda.is_available()
