from pathlib import Path

import numpy as np
import pytest

from workbench.protocol import conduct
from workbench.protocol.declaration import Declaration
from workbench.protocol.sections import Arm, Contrast, Data, Tuning
from workbench.protocol.stages import Machine


@pytest.fixture
def declare(small_model, tmp_path):
    """Return a function that declares a small tuned study, with changes."""

    def make(**changes):
        values = {
            "path": tmp_path / "small.yaml",
            "question": "Does freezing help?",
            "model": str(small_model),
            "arms": {"plain": Arm(), "frozen": Arm(technique=("freeze:1",))},
            "baseline": "plain",
            "tasks": {"miniature-similarity:size=24": Data()},
            "seeds": 2,
            "tuning": Tuning(learning_rate=(1e-4, 1e-3), seeds=2),
            # The trainer below leaves no predictions, unless a test asks it to.
            "contrast": Contrast(items="these"),
        }
        return Declaration(**values | changes)

    return make


@pytest.fixture
def machine(tmp_path):
    return Machine("cpu", 1, str(tmp_path / "outputs"))


class Trainer:
    """Stands for the workers: finishes what a study misses with scores that a test chooses.

    ``dev``, ``test`` and ``predictions`` (of the test items) are functions of a run's
    specification; so are ``more``, what else its result holds, and ``timings``.
    """

    def __init__(self):
        self.dev = self.test = lambda spec: 0.5
        self.more = self.timings = lambda spec: {}
        self.predictions = lambda spec: np.zeros(1)
        self.asked, self.trained = [], []
        self.stop_after = None

    def __call__(self, store, study, workers, show):
        self.asked.append(study.name)
        for run in store.missing(study.run_ids):
            if len(self.trained) == self.stop_after:
                raise KeyboardInterrupt
            self.finish(store, study.by_id[run])
        return 0

    def finish(self, store, spec):
        self.trained.append(spec)
        result = {
            "metric": "pearson",
            "dev": {"pearson": self.dev(spec)},
            "test": {"pearson": self.test(spec)},
            "collapsed": False,
            "above_trivial": True,
            "final_loss": 0.1,
        }
        result |= self.more(spec)
        store.finish(spec, result, {"test": self.predictions(spec)}, self.timings(spec))


@pytest.fixture
def trainer(monkeypatch):
    found = Trainer()
    monkeypatch.setattr(conduct, "run_missing", found)
    return found


@pytest.fixture
def written(tmp_path):
    """Return a function that writes a study file and returns its path."""

    def write(text, name="study.yaml"):
        path = Path(tmp_path / name)
        path.write_text(text)
        return path

    return write
