import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

import workbench
from workbench.execution.local import LocalWorkers, WorkersStopped
from workbench.execution.processes import stop_processes, worker_processes
from workbench.notebook import supervisor as module
from workbench.notebook.studies import stored_studies
from workbench.notebook.supervisor import Supervisor
from workbench.store.claims import claim, working
from workbench.store.folder import RunStore
from workbench.store.study import load_study, plan_study, study_path

LONG = 3000
"""Epochs of a study that is stopped before it ends."""


@pytest.fixture
def settings(small_settings):
    return small_settings


@pytest.fixture
def store(settings):
    return RunStore(settings.outputs)


def test_run_trains_what_is_missing_and_then_nothing(choose, settings, store):
    chosen = choose(settings)
    chosen.supervisor.run()
    status = chosen.until_state("small", "finished")
    study = load_study(store, "small")
    assert (status.runs, status.finished, status.problem) == (2, 2, "")
    assert status.steps == status.done == sum(study.steps.values())
    assert not store.missing(study.run_ids)
    logs = (study_path(store, "small").parent / "worker-0.log").stat().st_mtime_ns
    chosen.told.clear()
    chosen.supervisor.run()
    chosen.until(lambda status: not status.planning and status.state == "finished")
    assert (study_path(store, "small").parent / "worker-0.log").stat().st_mtime_ns == logs


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


def test_a_second_run_waits_and_starts_by_itself(choose, settings):
    chosen = choose(replace(settings, epochs=LONG))
    chosen.supervisor.run()
    chosen.until_steps()
    chosen.settings = replace(settings, study="second")
    chosen.supervisor.run()
    status = chosen.until(lambda status: status.waiting == ("second",))
    assert (status.study, status.state) == ("small", "running")
    # Whoever trains it: once its workers end, the next begins.
    store = RunStore(settings.outputs)
    stop_processes(worker_processes(store, load_study(store, "small")))
    chosen.until_state("second", "finished")


def test_stop_takes_what_waits_off_the_queue(choose, settings):
    chosen = choose(replace(settings, epochs=LONG))
    chosen.supervisor.run()
    chosen.until_steps()
    chosen.settings = replace(settings, study="second")
    chosen.supervisor.run()
    chosen.until(lambda status: status.waiting == ("second",))
    chosen.supervisor.stop()
    chosen.until_state("small", "stopped")
    assert chosen.supervisor.status.waiting == ()


def test_the_same_study_does_not_wait_for_itself(choose, settings):
    chosen = choose(replace(settings, epochs=LONG))
    chosen.supervisor.run()
    chosen.until_steps()
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


def test_workers_outlive_the_supervisor(choose, settings, store):
    chosen = choose(replace(settings, epochs=LONG))
    chosen.supervisor.run()
    chosen.until_steps()
    chosen.supervisor.close()
    chosen.supervisor = Supervisor(lambda: settings, poll=0.05)
    chosen.supervisor.observe(chosen.note)
    chosen.told.clear()
    chosen.supervisor.reattach()
    chosen.until_state("small", "running")
    assert [each.state for each in stored_studies(store)] == ["running"]


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


def test_run_pressed_twice_quickly_counts_once(choose, settings, gate):
    chosen = choose(settings)
    chosen.supervisor.run()
    chosen.supervisor.run()
    chosen.until(lambda status: status.planning)
    gate.set()
    chosen.until_state("small", "finished")
    assert gate.planned == ["small"]
    assert {status.problem for status in chosen.told} == {""}


def test_run_trains_what_was_chosen_when_it_was_pressed(choose, settings, gate):
    chosen = choose(settings)
    chosen.supervisor.run()
    chosen.settings = replace(settings, study="chosen-later")
    gate.set()
    chosen.until_state("small", "finished")
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
    study = plan_study(replace(settings, epochs=100), store)
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


def test_what_waits_can_be_taken_off_the_list(choose, settings, store):
    chosen = choose(replace(settings, epochs=LONG))
    chosen.supervisor.run()
    chosen.until_steps()
    for name in ("second", "third"):
        chosen.settings = replace(settings, study=name)
        chosen.supervisor.run()
    chosen.until(lambda status: status.waiting == ("second", "third"))
    chosen.supervisor.drop("second")
    chosen.until(lambda status: status.waiting == ("third",))
    stop_processes(worker_processes(store, load_study(store, "small")))
    chosen.until_state("third", "finished")
    assert store.missing(load_study(store, "third").run_ids) == []
    assert chosen.supervisor.status.waiting == ()


def test_attached_to_another_study_the_one_that_trains_goes_on(choose, settings, store):
    plan_study(replace(settings, study="other", learning_rate=0.01), store)
    chosen = choose(replace(settings, epochs=LONG))
    chosen.supervisor.run()
    chosen.until_steps()
    chosen.supervisor.attach("other")
    status = chosen.until_state("other", "stopped")
    assert status.elsewhere == "small"
    # Nor does what waits come into sight while another study is looked at.
    chosen.settings = replace(settings, study="second")
    chosen.supervisor.run()
    chosen.until(lambda status: status.waiting == ("second",))
    chosen.supervisor.attach("small")
    before = chosen.until_state("small", "running").done
    assert chosen.until_steps(before + 1).elsewhere == ""


@pytest.mark.parametrize("looked_at", ["small", "other"])
def test_what_waits_comes_into_sight_unless_another_study_is_looked_at(
    choose, settings, store, looked_at
):
    plan_study(replace(settings, study="other", learning_rate=0.01), store)
    chosen = choose(replace(settings, epochs=LONG))
    chosen.supervisor.run()
    chosen.until_steps()
    chosen.settings = replace(settings, study="second")
    chosen.supervisor.run()
    chosen.until(lambda status: status.waiting == ("second",))
    chosen.supervisor.attach(looked_at)
    chosen.until(lambda status: status.study == looked_at)
    stop_processes(worker_processes(store, load_study(store, "small")))
    second = load_study(store, "second").run_ids
    chosen.until(lambda status: not status.waiting and not status.elsewhere and not status.active)
    assert not store.missing(second)
    assert chosen.supervisor.status.study == ("second" if looked_at == "small" else "other")


def test_a_slow_observer_holds_up_nobody(choose, settings):
    chosen, busy = choose(replace(settings, epochs=LONG)), threading.Event()
    chosen.supervisor.observe(lambda status: busy.wait(60))
    chosen.supervisor.run()
    chosen.until_steps()
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
from workbench.notebook.supervisor import Supervisor
from workbench.store.settings import SweepSettings

supervisor = Supervisor(lambda: SweepSettings.from_values(eval(sys.argv[1])))
supervisor.observe(lambda status: status.done and print("trains", flush=True))
supervisor.run()
threading.Event().wait()
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_kernel_that_dies_leaves_its_workers_training(choose, settings, workers):
    settings = replace(settings, epochs=300, workers=workers)
    command = [sys.executable, "-c", _KERNEL, repr(settings.to_json())]
    folder = Path(workbench.__file__).parents[1]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as kernel:
        assert kernel.stdout.readline() == b"trains\n"
        os.kill(kernel.pid, signal.SIGKILL)
    chosen = choose(settings)
    chosen.supervisor.reattach()
    chosen.until_state("small", "running")
    status = chosen.until_state("small", "finished")
    assert (status.finished, status.done, status.problem) == (2, status.steps, "")
