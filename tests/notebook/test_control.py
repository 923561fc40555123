import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from transformers import BertConfig, BertModel

import workbench
from workbench.errors import WorkbenchError
from workbench.execution import launch
from workbench.execution.local import LocalWorkers
from workbench.models.checkpoint import bundled
from workbench.models.tokenizer import load_tokenizer
from workbench.notebook import control
from workbench.notebook.control import (
    Control,
    Speed,
    Status,
    Stored,
    Supervisor,
    is_worker,
    stored_studies,
    tokens_per_step,
    worker_processes,
)
from workbench.store.claims import claim
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings
from workbench.store.study import load_study, plan_study, study_path

LONG = 3000
"""Epochs of a study that is stopped before it ends."""


@pytest.fixture(scope="session")
def small_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    config = BertConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=64,
    )
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder)
    load_tokenizer(bundled()).save_pretrained(folder)
    return folder


@pytest.fixture
def settings(small_model, tmp_path, monkeypatch):
    """Return the settings of a small study of two runs, to be replaced in part."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return SweepSettings(
        task="miniature-similarity:size=24",
        models=str(small_model),
        techniques="baseline",
        seeds="2",
        epochs=2,
        batch_size=8,
        learning_rate=1e-3,
        device="cpu",
        workers=1,
        outputs=str(tmp_path / "outputs"),
        study="small",
    )


@pytest.fixture
def store(settings):
    return RunStore(settings.outputs)


class Chosen:
    """What a user chooses, and what the supervisor told so far."""

    def __init__(self, settings):
        self.settings, self.told = settings, []
        self.changed = threading.Condition()
        self.supervisor = Supervisor(lambda: self.settings, poll=0.05)
        self.supervisor.observe(self.note)

    def note(self, status):
        with self.changed:
            self.told.append(status)
            self.changed.notify_all()

    def until(self, holds, seconds=60):
        """Wait until a status holds, and return it."""
        with self.changed:
            found = self.changed.wait_for(lambda: self.told and holds(self.told[-1]), seconds)
        assert found, self.told[-5:]
        return self.told[-1]

    def until_state(self, study, state):
        return self.until(lambda status: (status.study, status.state) == (study, state))

    def until_steps(self, number=1):
        return self.until(lambda status: status.done >= number)


@pytest.fixture
def choose():
    """Return a function that starts a supervisor; at the end its workers are killed."""
    started = []

    def make(settings):
        started.append(Chosen(settings))
        return started[-1]

    yield make
    for chosen in started:
        chosen.supervisor.close()
        stop_all(chosen.settings)
    launch.dismiss()


def stop_all(settings):
    store = RunStore(settings.outputs)
    for each in stored_studies(store):
        for process in worker_processes(store, load_study(store, each.name)):
            process.kill()


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
    control.stop_processes(worker_processes(store, load_study(store, "small")))
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
    while not all(control.working(store, run) for run in study.run_ids[:workers]):
        time.sleep(0.05)
    chosen.supervisor.reattach()
    chosen.until_state("small", "running")
    chosen.until_steps()
    chosen.supervisor.stop()
    stopped = chosen.until_state("small", "stopped")
    assert stopped.problem == ""
    other.launcher.process.wait(30)
    with pytest.raises(WorkbenchError, match="stopped; the same line goes on"):
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


def test_studies_are_listed_newest_first_with_their_state(settings, store):
    for place, name in enumerate(["old", "held", "damaged"]):
        study = plan_study(replace(settings, study=name, learning_rate=0.1 + place), store)
        folder = study_path(store, name).parent
        for path in (folder / "study.json", folder):
            os.utime(path, (1000 + place, 1000 + place))
        if name == "held":
            held = claim(store, study.run_ids[1:])
    (study_path(store, "damaged")).write_text("{")
    os.utime(study_path(store, "damaged"), (1002, 1002))
    with held:
        found = stored_studies(store)
    assert [(each.name, each.state, each.runs) for each in found] == [
        ("damaged", "unreadable", 0),
        ("held", "running", 2),
        ("old", "stopped", 2),
    ]
    assert "is damaged" in found[0].problem
    assert [each.label for each in found[1:]] == [
        "held: running, 0 of 2 runs",
        "old: stopped, 0 of 2 runs",
    ]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["python", "-m", "workbench.execution.launch"], True),
        (["python", "-X", "dev", "-m", "workbench", "work", "a", "--device", "cpu"], True),
        (["python", "-m", "workbench", "sweep", "-p", "task", "work"], False),
        (["python", "-m", "ipykernel_launcher", "-f", "workbench"], False),
        (["vim", "workbench", "work"], False),
        ([], False),
        (None, False),
    ],
)
def test_only_workers_are_taken_for_workers(command, expected):
    assert is_worker(command) is expected


def test_tokens_of_a_step_are_the_mean_of_an_epoch(monkeypatch):
    workload = SimpleNamespace(
        lengths={"train": torch.tensor([10, 20, 30, 40, 50]).numpy()},
        plan=lambda spec: SimpleNamespace(steps_per_epoch=2),
    )
    monkeypatch.setattr(control, "measure_all", lambda specs: {"a": workload})
    assert tokens_per_step(SimpleNamespace(specs=[SimpleNamespace(id="a")])) == {"a": 75.0}


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([(0, 0)], None),
        ([(0, 100), (0.5, 200)], None),
        ([(0, 100), (2, 500)], 200.0),
        ([(0, 100), (2, 100)], None),
        # What is longer ago than ten seconds no longer counts.
        ([(0, 0), (5, 5000), (12, 5700)], 100.0),
    ],
)
def test_speed_over_the_last_seconds(looks, expected):
    clock = iter([second for second, _ in looks])
    speed = Speed(lambda: next(clock))
    assert [speed(number) for _, number in looks][-1] == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status(), "no study yet: press Run, or attach to one"),
        (Status(planning=True), "planning"),
        (
            Status("a", "running", 2, 0, 8, 0, waiting=("b", "c")),
            "a running: 0 of 2 runs, step 0 of 8, starting, waiting: b, c",
        ),
        (
            Status("a", "stopped", 2, 1, 8, 5, 3.0, 4.0, 5, planning=True),
            "a stopped: 1 of 2 runs, step 5 of 8, planning another",
        ),
    ],
)
def test_the_line_says_what_counts_now(status, expected):
    assert status.line() == expected


@pytest.fixture
def panel(settings):
    found = Control(lambda: settings)
    yield found
    found.supervisor.close()
    stop_all(settings)
    launch.dismiss()


@pytest.fixture
def still(panel):
    """Return a panel whose supervisor has ended, so that it shows only what a test tells it."""
    panel.supervisor.close()
    return panel


def buttons_on(panel):
    buttons = {"run": panel.run, "stop": panel.stop, "resume": panel.resume}
    return {name for name, button in buttons.items() if not button.disabled}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("none", {"run"}),
        ("running", {"run", "stop"}),
        ("stopping", {"run"}),
        ("stopped", {"run", "resume"}),
        ("failed", {"run", "resume"}),
        ("finished", {"run"}),
    ],
)
def test_buttons_are_on_where_they_do_something(still, state, expected):
    still._show(Status("a", state, 2, 1, 8, 2))
    assert buttons_on(still) == expected
    assert still.bar.value == 0.25


def test_everything_shown_is_escaped(still):
    still._show(Status("<b>", "failed", 1, 0, 1, 0, problem="<script>"))
    assert "&lt;b&gt; failed" in still.line.value
    assert "&lt;script&gt;" in still.problem.value and "<script>" not in still.problem.value


def test_the_panel_runs_and_lists_a_study(panel, settings):
    done = threading.Event()
    panel.observe(lambda status: status.state == "finished" and done.set())
    assert panel.study is None
    panel.run.click()
    assert done.wait(60)
    assert panel.study.name == "small" and panel.store.root == RunStore(settings.outputs).root
    panel._read_list()
    assert panel.studies.options == ((Stored("small", "finished", 2, 2, 0.0).label, "small"),)
    assert panel.studies.value == "small"
