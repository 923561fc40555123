import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def make_study(small_study):
    """Return a function that plans a small study in a store of its own, with cohorts of two."""

    def make(name="outputs", cohort=2, **values):
        # In bfloat16, which some processors choose, less at once moves more than the last digits.
        return small_study(name, cohort, **{"epochs": 3, "precision": "float32"} | values)

    return make


class Driver:
    """A process that forks workers and kills them."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("driver.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def run(self, store, study, point="none", number=None, interval=0.0):
        """Return the exit status (negative: the signal) and the seconds of one worker."""
        job = {"root": str(store.root), "study": study.name, "point": point, "number": number}
        self.process.stdin.write(json.dumps(job | {"interval": interval}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["status"], answer["seconds"]


@pytest.fixture(scope="session")
def driver():
    """Start the driver."""
    found = Driver()
    yield found
    found.process.stdin.close()
    found.process.wait()


def contents(store, study):
    """Return the bytes of every run's result and predictions, and the steps in its events."""
    return {
        run: {
            name: (store.folder(run) / name).read_bytes()
            for name in ("spec.json", "result.json", "predictions.safetensors", "events.jsonl")
        }
        for run in study.run_ids
    }


@pytest.fixture(name="contents")
def contents_fixture():
    return contents
