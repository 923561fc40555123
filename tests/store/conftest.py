import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import workbench
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import SweepSettings

TASK = "miniature-similarity:size=40"
"""Forty pairs at 8 a step and 6 epochs: 5 steps an epoch, 30 in all."""

RESULT = {
    "metric": "pearson",
    "dev": {"pearson": 0.75, "spearman": None},
    "test": {"pearson": 0.5, "spearman": 0.25},
    "final_loss": 0.125,
    "collapsed": False,
    "above_trivial": True,
    "history": [{"epoch": 1, "step": 4, "pearson": 0.5}],
}


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "outputs")


@pytest.fixture(scope="session")
def example_result():
    return RESULT


@pytest.fixture(scope="session")
def finish(make_spec):
    """Finish one run of a store with the same small content every time."""

    def write(store, seed=0, **changes):
        spec = make_spec(seed, **changes)
        predictions = {"dev": np.array([1.5, 2.5], np.float32), "test": np.arange(3)}
        store.finish(spec, RESULT, predictions, {"seconds": 1.0})
        return spec.id

    return write


@pytest.fixture
def start():
    """Start the driver in a process of its own; whatever still runs at the end is killed."""
    processes = []

    def run(*arguments):
        command = [sys.executable, Path(__file__).with_name("driver.py"), *map(str, arguments)]
        folder = str(Path(workbench.__file__).parents[1])
        process = subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": folder, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def killed(start):
    """Run the driver and check that it killed itself."""

    def run(*arguments):
        process = start(*arguments)
        process.communicate()
        assert process.returncode == -signal.SIGKILL

    return run


@pytest.fixture
def plan(store):
    """Plan a study of the bundled model on the CPU, in the test's own store."""

    def make(**values):
        common = {"task": TASK, "models": "minilm", "device": "cpu", "techniques": "baseline"}
        return plan_study(SweepSettings.from_values(common | {"seeds": 2} | values), store)

    return make
