"""Small models of each family, and tasks prepared with them."""

import os

import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    ElectraConfig,
    ElectraModel,
    RobertaConfig,
    RobertaModel,
)

from workbench.models import network
from workbench.models.checkpoint import Checkpoint, bundled
from workbench.spec import RunSpec
from workbench.tasks.loading import load as load_task
from workbench.techniques import parse
from workbench.training.cohort import Execution
from workbench.training.prepared import encode

SIZES = {
    "vocab_size": 30522,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 130,
}
FAMILIES = {
    "bert": (BertModel, BertConfig(**SIZES)),
    "roberta": (RobertaModel, RobertaConfig(**SIZES, type_vocab_size=1, pad_token_id=0)),
    "electra": (ElectraModel, ElectraConfig(**SIZES, embedding_size=16)),
}
TASKS = ("miniature-similarity:size=24", "miniature-document:size=24", "miniature-mention:size=24")


@pytest.fixture(scope="session")
def small_checkpoints(tmp_path_factory):
    """Return a checkpoint of random weights for each family, with MiniLM's word pieces."""
    found = {}
    tokenizer = network.load_tokenizer(bundled())
    for family, (kind, config) in FAMILIES.items():
        folder = tmp_path_factory.mktemp(family)
        torch.manual_seed(1)
        kind(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        found[family] = Checkpoint(family, folder, "random")
    return found


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
