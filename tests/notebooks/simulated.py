"""A study that only seems to train: a process of its own writes the events and results of its runs.

``python simulated.py OUTPUTS STUDY SECONDS`` claims the runs of a planned study, says ``ready``,
waits for a line, and then writes as a worker would.
"""

import subprocess
import sys
import time
from contextlib import contextmanager

import numpy as np

from workbench.store.claims import claim
from workbench.store.events import EventLog
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import SweepSettings
from workbench.store.study import Study, load_study
from workbench.tasks.loading import load

TASK, METRIC = "miniature-similarity", "pearson"
EXAMPLES, BATCH, EPOCHS = 60, 3, 50
STEPS = EPOCHS * EXAMPLES // BATCH
"""Of each run: 1,000."""


def plan(outputs, name, seeds) -> Study:
    """Store a study of one technique, 1,000 steps a run."""
    values = {
        "task": TASK,
        "models": "minilm",
        "techniques": "baseline",
        "seeds": seeds,
        "train_size": EXAMPLES,
        "batch_size": BATCH,
        "epochs": EPOCHS,
        "study": name,
        "outputs": str(outputs),
    }
    study = plan_study(SweepSettings.from_values(values), RunStore(outputs))
    assert set(study.steps.values()) == {STEPS}
    return study


@contextmanager
def worker(outputs, name, seconds):
    """Start a process that holds the runs; yield it, ready to be told to go."""
    line = [sys.executable, __file__, str(outputs), name, str(seconds)]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.communicate("\n", timeout=300)
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()


def go(process):
    """Tell a worker to begin."""
    process.stdin.write("go\n")
    process.stdin.flush()


def write(outputs, name, seconds):
    """Write all events of a study within some seconds, and then its results."""
    store = RunStore(outputs)
    study = load_study(store, name)
    claimed = claim(store, study.run_ids)
    assert claimed
    with claimed:
        print("ready", flush=True)
        sys.stdin.readline()
        for spec in study.specs:
            store.begin(spec)
        runs = [Simulated(spec, store) for spec in study.specs]
        started = time.monotonic()
        for step in range(1, STEPS + 1):
            time.sleep(max(0.0, started + seconds * step / STEPS - time.monotonic()))
            for run in runs:
                run.step(step)
        for run in runs:
            run.finish(store)


class Simulated:
    """A run whose loss falls, more or less."""

    def __init__(self, spec, store):
        self.spec, self.random = spec, np.random.default_rng(spec.weights_seed)
        self.best = 0.6 + 0.2 * self.random.random()
        self.log = EventLog(store.events_path(spec.id))
        self.history = []

    def step(self, step):
        loss = 0.1 + 2 * np.exp(-3 * step / STEPS) * self.random.lognormal(0, 0.3)
        norm = 10 * self.random.lognormal(0, 0.5)
        self.log.append({"kind": "step", "step": step, "loss": loss, "gradient_norm": norm})
        epoch, rest = divmod(step, STEPS // EPOCHS)
        if not rest:
            dev = self.best * (1 - np.exp(-epoch / 4)) + self.random.normal(0, 0.02)
            self.history.append({"epoch": epoch, "step": step, "dev": dev})
            self.log.append({"kind": "epoch"} | self.history[-1])

    def finish(self, store):
        """Store a result, with predictions that are noise."""
        self.log.close()
        splits = load(self.spec.task).splits
        sizes = {split: len(splits[split]) for split in ("dev", "test")}
        predictions = {
            split: self.random.uniform(0, 5, size).astype(np.float32)
            for split, size in sizes.items()
        }
        result = {
            "metric": METRIC,
            "dev": {METRIC: self.best},
            "test": {METRIC: self.best - 0.05},
            "final_loss": 0.2,
            "constant_loss": 2.0,
            "collapsed": False,
            "trivial": None,
            "above_trivial": True,
            "reported_step": STEPS,
            "reporting": "last",
            "history": self.history,
            "new_parameters": [],
            "notes": [],
        }
        store.finish(self.spec, result, predictions, {"seconds": 1.0})


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], float(sys.argv[3]))
