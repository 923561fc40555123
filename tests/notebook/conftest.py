import threading

import numpy as np
import pytest

from workbench.execution import launch
from workbench.execution.processes import worker_processes
from workbench.notebook.studies import stored_studies
from workbench.notebook.supervisor import Supervisor
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings
from workbench.store.study import load_study, plan_study


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
