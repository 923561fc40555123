"""Small checkpoints of each family with weights of their own, as a folder on disk."""

import shutil
from pathlib import Path

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizerFast,
    ElectraConfig,
    ElectraForPreTraining,
    ElectraTokenizerFast,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaTokenizerFast,
)

SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 32,
    "initializer_range": 0.3,
}
PIECES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "aspirin", "inhibits", "cells", "##s")
BYTE_PAIR_SPECIALS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def _word_pieces(kind, folder):
    (folder / "vocab.txt").write_text("\n".join(PIECES))
    kind(vocab=str(folder / "vocab.txt")).save_pretrained(folder)


def _byte_pairs(folder):
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        ["aspirin inhibits cells"],
        vocab_size=300,
        special_tokens=list(BYTE_PAIR_SPECIALS),
        show_progress=False,
    )
    trained.save_model(str(folder))
    files = {"vocab": str(folder / "vocab.json"), "merges": str(folder / "merges.txt")}
    RobertaTokenizerFast(**files).save_pretrained(folder)


def _bert(folder):
    _word_pieces(BertTokenizerFast, folder)
    return BertModel(BertConfig(vocab_size=len(PIECES), **SIZES))


def _roberta(folder):
    _byte_pairs(folder)
    special = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    return RobertaForMaskedLM(RobertaConfig(vocab_size=300, type_vocab_size=1, **special, **SIZES))


def _electra(folder):
    _word_pieces(ElectraTokenizerFast, folder)
    return ElectraForPreTraining(ElectraConfig(vocab_size=len(PIECES), embedding_size=8, **SIZES))


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """By family: BERT with its pooler, RoBERTa without one, ELECTRA with narrow embeddings."""
    made = {}
    for family, build in {"bert": _bert, "roberta": _roberta, "electra": _electra}.items():
        folder = tmp_path_factory.mktemp(family)
        torch.manual_seed(0)
        build(folder).save_pretrained(folder)
        made[family] = folder
    return made


@pytest.fixture
def copied(folders, tmp_path):
    """Copy a family's checkpoint, to be damaged."""

    def copy(family="bert") -> Path:
        return Path(shutil.copytree(folders[family], tmp_path / family))

    return copy
