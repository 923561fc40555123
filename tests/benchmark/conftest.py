"""Small models of random weights, and comparisons that take a second."""

import pytest
import torch

from workbench.benchmark.comparison import Comparison
from workbench.benchmark.workload import load_work


@pytest.fixture(scope="session")
def checkpoints(save_checkpoints, tmp_path_factory):
    """Return a checkpoint of random weights for each family, with MiniLM's word pieces."""
    return save_checkpoints(tmp_path_factory.mktemp("models"), layers=2, positions=66)


@pytest.fixture
def make_comparison(checkpoints):
    """Return a function that makes a comparison on a generated task."""

    def make(task="miniature-similarity", family="bert", technique="baseline", **values):
        work = load_work(task, checkpoints[family])
        settings = {"precision": "float32", "device": torch.device("cpu")}
        settings |= {"seeds": (1, 3), "rounds": 1} | values
        return Comparison(work, checkpoints[family], technique, **settings)

    return make


@pytest.fixture(autouse=True)
def no_real_data(monkeypatch, tmp_path):
    """Keep the tests to generated text, whatever this machine has."""
    monkeypatch.delenv("WORKBENCH_DATA", raising=False)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
