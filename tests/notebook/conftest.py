import sys
import threading
import traceback
from types import SimpleNamespace

import numpy as np
import pytest
from huggingface_hub import constants

from workbench.execution import launch
from workbench.execution.processes import worker_processes
from workbench.models import checkpoint
from workbench.notebook.watching.follow import Followed
from workbench.notebook.watching.studies import stored_studies
from workbench.notebook.watching.supervisor import Supervisor
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.store.study import load_study
from workbench.tasks.files import CACHE_VARIABLE, DATA_VARIABLE


@pytest.fixture
def own_task(tmp_path):
    """Return the task file of a user's own task whose texts all name a patient."""
    rows = [f"Patient Quillfeather came {number} times,{number % 2}" for number in range(20)]
    (tmp_path / "notes.csv").write_text("\n".join(["text,label", *rows, ""]))
    path = tmp_path / "task.yaml"
    path.write_text("name: notes\ntitle: Notes\nkind: classification\ndata: notes.csv\n")
    return path.resolve()


@pytest.fixture
def study_of(tmp_path):
    """Return a function that stores a study whose runs made given predictions.

    Seeds (of three, for two techniques) that are given no prediction stay unfinished; a number
    stands for every one of the 100 test items.
    """

    def make(shape, predictions):
        store = RunStore(tmp_path / "outputs")
        settings = {
            "task": f"miniature-{shape}:size=4",
            "models": "minilm",
            "techniques": "baseline,reinit:1",
            "seeds": "3",
            "device": "cpu",
        }
        study = plan_study(SweepSettings.from_values(settings), store)
        for spec in study.specs:
            if spec.weights_seed in predictions:
                values = np.full(100, predictions[spec.weights_seed], np.float32)
                store.finish(spec, {"metric": "pearson"}, {"test": values}, {})
        return store, study

    return make


def numbers(*values):
    return np.array(values, dtype=float)


@pytest.fixture(name="numbers")
def numbers_fixture():
    return numbers


@pytest.fixture
def followed():
    """Return a function that makes a run as a follower has read it."""

    def make(seed, losses=(), dev=(), label="baseline", **more):
        steps, epochs = np.arange(1.0, len(losses) + 1), np.arange(1.0, len(dev) + 1)
        values = {"steps": steps, "losses": numbers(*losses), "norms": 10 * numbers(*losses)}
        values |= {"epochs": epochs, "ends": 2 * epochs, "dev": numbers(*dev)}
        return Followed(label, more.pop("model", "tiny"), seed, 4, "training", **values | more)

    return make


@pytest.fixture
def follow():
    """Return a function that makes what stands for a follower; runs are named by their numbers."""

    def make(*runs, task="biosses"):
        study = SimpleNamespace(name="s", settings=SimpleNamespace(task=task))
        named = {f"r{number}": run for number, run in enumerate(runs)}
        return SimpleNamespace(study=study, runs=named, collapsed=[], finished=False)

    return make


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Let no checkpoint be cached, no data be here, and no test reach the network there is."""
    places = {}
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(checkpoint, "cached_folder", places.get)
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(checkpoint, "_downloaded", _asked)
    return places


def _asked(*_):
    raise AssertionError("the network was asked")


@pytest.fixture
def cached(machine, tmp_path):
    """Put a checkpoint of five bytes where the hub's cache has it."""

    def put(location, config="{}"):
        folder = tmp_path / location.replace("/", "-")
        folder.mkdir()
        (folder / "config.json").write_text(config)
        (folder / "model.safetensors").write_bytes(b"five!")
        machine[location] = folder
        return folder

    return put


@pytest.fixture
def small_settings(small_model, tmp_path, monkeypatch):
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


class Chosen:
    """What a user chooses, and what the supervisor told so far."""

    def __init__(self, settings):
        self.settings, self.told = settings, []
        self.changed = threading.Condition()
        self.supervisor = Supervisor(lambda: self.settings, self.outputs, poll=0.05)
        self.supervisor.observe(self.note)

    def outputs(self):
        return outputs_folder(self.settings)

    def note(self, status):
        with self.changed:
            self.told.append(status)
            self.changed.notify_all()

    def until(self, holds, seconds=60):
        """Wait until a status holds, and return it."""
        with self.changed:
            found = self.changed.wait_for(lambda: self.told and holds(self.told[-1]), seconds)
        assert found, self.report()
        return self.told[-1]

    def report(self):
        """Say what was told last, and where the supervisor's thread is."""
        lines = [f"told {len(self.told)} times"]
        lines += [f"{status.line()} ({status.problem})" for status in self.told[-5:]]
        frame = sys._current_frames().get(self.supervisor._thread.ident)
        return "\n".join([*lines, *(traceback.format_stack(frame) if frame else ["ended"])])

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
        kill_workers(chosen.settings)
    launch.dismiss()


def kill_workers(settings):
    """End whatever still trains, so that no test leaves anything behind."""
    store = RunStore(settings.outputs)
    for each in stored_studies(store):
        for process in worker_processes(store, load_study(store, each.name)):
            process.kill()


@pytest.fixture(name="kill_workers")
def kill_workers_fixture():
    return kill_workers
