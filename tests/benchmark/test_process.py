import os
import shutil
from dataclasses import replace

import pytest
import torch

from workbench.benchmark.job import ENGINE
from workbench.benchmark.measure import Entrant, take_rounds
from workbench.benchmark.process import ContestantFailed, Process, alone_with, reason_of


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
        for entrant in (failing, working):
            entrant.prepare()
        found = take_rounds([failing, working], 2, lambda: next(rates))
        for entrant in (failing, working):
            entrant.end()
    assert found == [2, 5]
    assert failing.measured.seconds == [None, None]
    assert "WorkbenchError" in failing.measured.problem and failing.measured.memory is None
    assert all(seconds > 0 for seconds in working.measured.seconds)
    assert working.measured.workers == 2 and working.measured.memory > 100e6
