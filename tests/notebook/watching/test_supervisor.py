import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import workbench
from workbench.execution.local import LocalWorkers, WorkersStopped
from workbench.execution.processes import worker_processes
from workbench.notebook.watching import supervisor as module
from workbench.notebook.watching import watched
from workbench.store.claims import claim, working
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import SweepSettings
from workbench.store.study import load_study, study_path

LONG = 3000
"""Epochs of a study that is stopped before it ends."""


class PretendedWorkers:
    """Workers that hold their runs and do nothing until a test says how it ends."""

    now: "PretendedWorkers | None" = None

    def __init__(self, store, study, count):
        self.store, self.study, self.running = store, study, True
        self.held, self.problem = claim(store, study.run_ids), None
        # No process of this number exists.
        self.launcher = SimpleNamespace(process=SimpleNamespace(pid=2**22 + 1))
        PretendedWorkers.now = self

    def end(self, finished=True):
        if finished:
            for spec in self.study.specs:
                self.store.finish(spec, {"metric": "pearson"}, {"test": np.zeros(2)}, {})
        self.held.close()
        self.running = False

    def check(self):
        if self.problem:
            raise self.problem

    def leave(self):
        PretendedWorkers.now = None


@pytest.fixture
def pretended(monkeypatch):
    """Let studies train only for show; return whose `now` are the workers of the moment."""
    monkeypatch.setattr(watched, "LocalWorkers", PretendedWorkers)
    monkeypatch.setattr(watched, "stop_processes", lambda _: PretendedWorkers.now.end(False) or 1)
    monkeypatch.setattr(module.launch, "prepare", lambda: None)
    yield PretendedWorkers
    PretendedWorkers.now = None


@pytest.fixture
def settings(small_settings):
    return small_settings


@pytest.fixture
def store(settings):
    return RunStore(settings.outputs)


def run(chosen, study, state):
    """Press Run, and wait until the study is in a state."""
    chosen.supervisor.run()
    return chosen.until_state(study, state)


def queue(chosen, name):
    """Press Run for a study of its own while another one trains, and wait until it waits."""
    rate = chosen.settings.learning_rate * 2
    chosen.settings = replace(chosen.settings, study=name, learning_rate=rate)
    chosen.supervisor.run()
    return chosen.until(lambda status: status.waiting and status.waiting[-1] == name)


def until_its_last_line(log, seconds=60):
    """Wait until a worker, whose study was finished before it, has ended; return when it wrote."""
    last = time.monotonic() + seconds
    while "cohorts trained" not in log.read_text():
        assert time.monotonic() < last, log.read_text()
        time.sleep(0.05)
    return log.stat().st_mtime_ns


def test_run_trains_what_is_missing_and_then_nothing(choose, settings, store):
    chosen = choose(settings)
    chosen.supervisor.run()
    status = chosen.until_state("small", "finished")
    study = load_study(store, "small")
    assert (status.runs, status.finished, status.problem) == (2, 2, "")
    assert status.steps == status.done == sum(study.steps.values())
    assert not store.missing(study.run_ids)
    log = study_path(store, "small").parent / "worker-0.log"
    written = until_its_last_line(log)
    chosen.told.clear()
    chosen.supervisor.run()
    chosen.until(lambda status: not status.planning and status.state == "finished")
    assert log.stat().st_mtime_ns == written


def test_stopped_and_resumed_it_ends_as_if_undisturbed(choose, settings, store, tmp_path):
    settings = replace(settings, epochs=60)
    chosen = choose(settings)
    chosen.supervisor.run()
    chosen.until_steps()
    chosen.supervisor.stop()
    stopped = chosen.until_state("small", "stopped")
    assert stopped.problem == "" and stopped.finished < 2
    assert any((store.root / "checkpoints").iterdir())
    chosen.supervisor.resume()
    chosen.until_state("small", "finished")
    other = choose(replace(settings, outputs=str(tmp_path / "undisturbed")))
    other.supervisor.run()
    other.until_state("small", "finished")
    for run in load_study(store, "small").run_ids:
        for name in ("result.json", "predictions.safetensors", "events.jsonl"):
            undisturbed = tmp_path / "undisturbed" / "runs" / run / name
            assert (store.folder(run) / name).read_bytes() == undisturbed.read_bytes()


def test_a_second_run_waits_and_starts_by_itself(pretended, choose, settings):
    chosen = choose(settings)
    run(chosen, "small", "starting")
    status = queue(chosen, "second")
    assert (status.study, status.state) == ("small", "starting")
    pretended.now.end()
    chosen.until_state("second", "starting")
    pretended.now.end()
    chosen.until_state("second", "finished")


def test_stop_takes_what_waits_off_the_queue(pretended, choose, settings):
    chosen = choose(settings)
    run(chosen, "small", "starting")
    queue(chosen, "second")
    chosen.supervisor.stop()
    chosen.until_state("small", "stopped")
    assert chosen.supervisor.status.waiting == ()


def test_the_same_study_does_not_wait_for_itself(pretended, choose, settings):
    chosen = choose(settings)
    run(chosen, "small", "starting")
    chosen.supervisor.run()
    chosen.until(lambda status: status.problem == "study small trains or waits already")


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_that_another_kernel_started_are_followed_and_stopped(
    choose, settings, store, workers
):
    study = plan_study(replace(settings, epochs=LONG), store)
    other = LocalWorkers(store, study, workers)
    chosen = choose(settings)
    while not all(working(store, run) for run in study.run_ids[:workers]):
        time.sleep(0.05)
    chosen.supervisor.reattach()
    chosen.until_state("small", "running")
    chosen.until_steps()
    chosen.supervisor.stop()
    stopped = chosen.until_state("small", "stopped")
    assert stopped.problem == ""
    other.launcher.process.wait(60)
    with pytest.raises(WorkersStopped):
        other.check()
    # Each saved where it stopped: none was asked twice.
    assert len(list((store.root / "checkpoints").glob("*.safetensors"))) == workers
    other.leave()


def test_workers_of_a_terminal_are_stopped(choose, settings, store):
    plan_study(replace(settings, epochs=LONG), store)
    command = [sys.executable, "-m", "workbench", "work", "small", "--outputs", str(store.root)]
    folder = Path(workbench.__file__).parents[1]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as terminal:
        chosen = choose(settings)
        chosen.supervisor.attach("small")
        chosen.until_steps()
        chosen.until_state("small", "running")
        chosen.supervisor.stop()
        chosen.until_state("small", "stopped")
        assert b"stopped; the same line goes on" in terminal.stdout.read()
    assert terminal.returncode == 143


def test_what_nobody_here_trains_cannot_be_stopped_here(choose, settings, store):
    study = plan_study(settings, store)
    with claim(store, study.run_ids[:1]):
        chosen = choose(settings)
        chosen.supervisor.attach("small")
        chosen.until_state("small", "running")
        chosen.supervisor.stop()
        status = chosen.until(lambda status: status.problem)
        assert "stop them where they were started" in status.problem
        assert status.state == "running"
    chosen.until_state("small", "stopped")


def test_what_ended_a_worker_is_said_in_its_sentence(choose, settings, small_model):
    weights = small_model / "model.safetensors"
    before = weights.read_bytes()
    chosen = choose(settings)
    plan_study(settings, RunStore(settings.outputs))
    try:
        weights.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        chosen.supervisor.attach("small")
        chosen.until_state("small", "stopped")
        chosen.supervisor.resume()
        status = chosen.until_state("small", "failed")
    finally:
        weights.write_bytes(before)
    assert status.problem.startswith("study small: the weights of ")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda each: each.supervisor.run(), "there is no task 'hco'"),
        (lambda each: each.supervisor.attach("none"), "there is no study 'none'"),
        (lambda each: each.supervisor.resume(), "there is no study to resume"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_the_thread_lives(choose, settings, act, words):
    chosen = choose(replace(settings, task="hco"))
    for _ in range(2):
        chosen.told.clear()
        act(chosen)
        status = chosen.until(lambda status: status.problem and not status.planning)
        assert words in status.problem
        chosen.supervisor.stop()
        chosen.until(lambda status: not status.problem)


def test_an_observer_that_fails_ends_nothing(choose, settings, store):
    plan_study(settings, store)
    chosen = choose(settings)
    chosen.supervisor.observe(lambda status: 1 / 0)
    chosen.supervisor.attach("small")
    chosen.until(lambda status: status.problem == "ZeroDivisionError: division by zero")
    chosen.until_state("small", "stopped")


@pytest.fixture
def gate(monkeypatch):
    """Hold up planning until the gate is opened; count the plans that are made."""
    opened, plan, planned = threading.Event(), module.plan_study, []

    def wait_and_plan(settings, store):
        planned.append(settings.study)
        assert opened.wait(60)
        return plan(settings, store)

    monkeypatch.setattr(module, "plan_study", wait_and_plan)
    opened.planned = planned
    yield opened
    opened.set()


def test_run_pressed_twice_quickly_counts_once(pretended, choose, settings, gate):
    chosen = choose(settings)
    chosen.supervisor.run()
    chosen.supervisor.run()
    chosen.until(lambda status: status.planning)
    gate.set()
    chosen.until_state("small", "starting")
    pretended.now.end()
    chosen.until_state("small", "finished")
    assert gate.planned == ["small"]
    assert {status.problem for status in chosen.told} == {""}


def test_run_trains_what_was_chosen_when_it_was_pressed(pretended, choose, settings, gate):
    chosen = choose(settings)
    chosen.supervisor.run()
    chosen.settings = replace(settings, study="chosen-later")
    gate.set()
    chosen.until_state("small", "starting")
    assert gate.planned == ["small"]


def test_stop_during_planning_gives_it_up_at_once(choose, settings, store, gate):
    chosen = choose(settings)
    chosen.supervisor.run()
    chosen.until(lambda status: status.planning)
    chosen.supervisor.stop()
    chosen.until(lambda status: not status.planning)
    gate.set()
    # Whatever is asked for next comes after the plan.
    chosen.supervisor.attach("small")
    chosen.until_state("small", "stopped")
    assert chosen.supervisor.status.done == 0
    assert not (study_path(store, "small").parent / "worker-0.log").exists()


def test_stop_while_starting_ends_it_without_a_complaint(choose, settings, store):
    chosen = choose(replace(settings, epochs=LONG))
    chosen.supervisor.run()
    chosen.until_state("small", "starting")
    chosen.supervisor.stop()
    status = chosen.until_state("small", "stopped")
    assert (status.problem, status.done) == ("", 0)
    assert not worker_processes(store, load_study(store, "small"))
    chosen.supervisor.resume()
    chosen.until_steps()
    chosen.until_state("small", "running")


def test_a_study_that_was_started_elsewhere_is_resumed(choose, settings, store):
    study = plan_study(replace(settings, epochs=60), store)
    other = LocalWorkers(store, study, 1)
    chosen = choose(settings)
    chosen.supervisor.attach("small")
    chosen.until_steps()
    other.stop()
    other.leave()
    stopped = chosen.until_state("small", "stopped")
    # It was stopped by a signal, so its checkpoint is of the last step.
    assert stopped.kept == stopped.done > 0
    chosen.supervisor.resume()
    status = chosen.until_state("small", "finished")
    assert status.problem == "" and status.done == status.steps


def test_after_a_lost_session_resume_is_all_it_takes(choose, settings, store):
    study = plan_study(settings, store)
    found = choose(settings)
    attached = []
    found.supervisor.observe_attached(lambda study: attached.append(study.name))
    found.supervisor.reattach()
    found.until_state("small", "stopped")
    found.supervisor.resume()
    found.until_state("small", "finished")
    assert store.missing(study.run_ids) == []
    assert attached == ["small"]


def test_a_finished_study_is_not_shown_unasked(choose, settings, store):
    study = plan_study(settings, store)
    for spec in study.specs:
        store.finish(spec, {"metric": "pearson"}, {"test": np.zeros(1, np.float32)}, {})
    found = choose(settings)
    found.supervisor.reattach()
    found.supervisor.attach("absent")
    status = found.until(lambda status: status.problem)
    assert (status.study, status.state) == ("", "none")


def test_studies_are_found_where_nothing_can_be_chosen(choose, settings, store):
    plan_study(settings, store)
    found = choose(settings)
    found.supervisor.choose = lambda: SweepSettings(task="absent")
    found.supervisor.attach("small")
    found.until_state("small", "stopped")


def test_what_waits_can_be_taken_off_the_list(pretended, choose, settings, store):
    chosen = choose(settings)
    run(chosen, "small", "starting")
    queue(chosen, "second")
    queue(chosen, "third")
    chosen.supervisor.drop("second")
    chosen.until(lambda status: status.waiting == ("third",))
    pretended.now.end()
    assert chosen.until_state("third", "starting").waiting == ()
    assert len(store.missing(load_study(store, "second").run_ids)) == 2


def test_attached_to_another_study_the_one_that_trains_goes_on(pretended, choose, settings, store):
    plan_study(replace(settings, study="other", learning_rate=0.01), store)
    chosen = choose(settings)
    run(chosen, "small", "starting")
    chosen.supervisor.attach("other")
    assert chosen.until_state("other", "stopped").elsewhere == "small"
    # What is run meanwhile waits for it, out of sight or not.
    queue(chosen, "second")
    assert pretended.now.study.name == "small" and pretended.now.running
    chosen.supervisor.attach("small")
    assert chosen.until_state("small", "starting").elsewhere == ""


@pytest.mark.parametrize("looked_at", ["small", "other"])
def test_what_waits_comes_into_sight_unless_another_study_is_looked_at(
    pretended, choose, settings, store, looked_at
):
    plan_study(replace(settings, study="other", learning_rate=0.01), store)
    chosen = choose(settings)
    run(chosen, "small", "starting")
    queue(chosen, "second")
    chosen.supervisor.attach(looked_at)
    chosen.until(lambda status: status.study == looked_at and not status.opening)
    pretended.now.end()
    status = chosen.until(lambda status: not status.waiting)
    shown = (status.study, status.elsewhere)
    assert shown == (("second", "") if looked_at == "small" else ("other", "second"))


def test_a_slow_observer_holds_up_nobody(pretended, choose, settings):
    chosen, busy = choose(settings), threading.Event()
    chosen.supervisor.observe(lambda status: busy.wait(60))
    run(chosen, "small", "starting")
    chosen.supervisor.stop()
    chosen.until_state("small", "stopped")
    busy.set()


def test_two_kernels_follow_one_study_and_both_stop_it(choose, settings, store):
    one, other = choose(replace(settings, epochs=LONG)), choose(settings)
    one.supervisor.run()
    one.until_steps()
    other.supervisor.reattach()
    other.until_state("small", "running")
    for each in (one, other):
        each.supervisor.stop()
    stopped = [each.until_state("small", "stopped") for each in (one, other)]
    assert [status.problem for status in stopped] == ["", ""]
    # A second request did not end the worker without a checkpoint.
    assert stopped[0].kept == stopped[1].kept == stopped[0].done > 0


_KERNEL = """
import sys, threading
from workbench.notebook.watching.supervisor import Supervisor
from workbench.store.settings import SweepSettings, outputs_folder

settings = SweepSettings.from_values(eval(sys.argv[1]))
supervisor = Supervisor(lambda: settings, lambda: outputs_folder(settings))
supervisor.observe(lambda status: status.done and print("trains", flush=True))
supervisor.run()
threading.Event().wait()
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_kernel_that_dies_leaves_its_workers_training(choose, settings, workers):
    settings = replace(settings, epochs=100, workers=workers)
    command = [sys.executable, "-c", _KERNEL, repr(settings.to_json())]
    folder = Path(workbench.__file__).parents[1]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as kernel:
        assert kernel.stdout.readline() == b"trains\n"
        os.kill(kernel.pid, signal.SIGKILL)
    chosen = choose(settings)
    chosen.supervisor.reattach()
    # On a busy machine they may have ended before anybody looks.
    status = chosen.until_state("small", "finished")
    assert (status.finished, status.done, status.problem) == (2, status.steps, "")
