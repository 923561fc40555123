"""Small models of random weights, and comparisons that take a second."""

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

from workbench.benchmark.comparison import Comparison
from workbench.benchmark.workload import load_work
from workbench.models import network
from workbench.models.checkpoint import Checkpoint, bundled

SIZES = {
    "vocab_size": 30522,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 66,
}
FAMILIES = {
    "bert": (BertModel, BertConfig(**SIZES)),
    "roberta": (RobertaModel, RobertaConfig(**SIZES, type_vocab_size=1, pad_token_id=0)),
    "electra": (ElectraModel, ElectraConfig(**SIZES, embedding_size=16)),
}


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    """Return a checkpoint of each family, with MiniLM's word pieces."""
    found = {}
    tokenizer = network.load_tokenizer(bundled())
    for family, (kind, config) in FAMILIES.items():
        folder = tmp_path_factory.mktemp(family)
        torch.manual_seed(1)
        kind(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        found[family] = Checkpoint(family, folder, "random")
    return found


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
