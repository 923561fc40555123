"""Small models of each family, and tasks prepared with them."""

import os

import pytest
import torch

from workbench.models import network
from workbench.spec import RunSpec
from workbench.tasks.loading import load as load_task
from workbench.techniques import parse
from workbench.training.cohort import Execution
from workbench.training.prepared import encode

TASKS = ("miniature-similarity:size=24", "miniature-document:size=24", "miniature-mention:size=24")


@pytest.fixture(scope="session")
def small_checkpoints(save_checkpoints, tmp_path_factory):
    """Return a checkpoint of random weights for each family, with MiniLM's word pieces."""
    return save_checkpoints(tmp_path_factory.mktemp("models"), layers=3, positions=130)


@pytest.fixture(scope="session")
def make_prepared(small_checkpoints):
    """Return a function that prepares a generated task with a small model."""

    def make(family="bert", task=TASKS[0], head="native", dropout=0.1, max_length=64):
        loaded = load_task(task)
        model = network.load(
            small_checkpoints[family],
            loaded.shape.outputs,
            loaded.shape.objective == "token",
            head,
            dropout,
        )
        return encode(loaded, model, max_length)

    return make


@pytest.fixture(scope="session")
def make_spec():
    """Return a function that specifies a run of a small model."""

    def make(seed=0, techniques="baseline", **values):
        defaults = {
            "task": "t",
            "data": "d",
            "model": "m",
            "weights": "w",
            "learning_rate": 1e-3,
            "batch_size": 5,
            "epochs": 2,
            "max_length": 64,
            "weights_seed": seed,
            "order_seed": seed,
            "dropout_seed": seed,
            "techniques": parse(techniques, 3).settings,
        }
        return RunSpec(**defaults | values)

    return make


@pytest.fixture(scope="session")
def execution():
    """Return the execution of the tests: one pass, on the CPU."""
    return Execution(torch.device("cpu"))


@pytest.fixture
def real_data():
    """Skip where the real corpora are not at hand."""
    if not os.environ.get("WORKBENCH_DATA"):
        pytest.skip("WORKBENCH_DATA is not set")


@pytest.fixture(autouse=True)
def one_thread():
    """Keep results independent of the machine's cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def interpreted_kernels():
    """Say that the GPU's kernels run on the processor, interpreted; skip where they cannot."""
    pytest.importorskip("triton")
    if torch.cuda.is_available():
        pytest.skip("the kernels run on the GPU here")
