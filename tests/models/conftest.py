"""Small checkpoints of each family with weights of their own, as a folder on disk."""

import shutil
from pathlib import Path

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizerFast,
    DebertaV2Config,
    DebertaV2ForMaskedLM,
    DebertaV2Tokenizer,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertTokenizerFast,
    ElectraConfig,
    ElectraForPreTraining,
    ElectraTokenizerFast,
    ModernBertConfig,
    ModernBertForMaskedLM,
    PreTrainedTokenizerFast,
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


def _byte_pairs():
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        ["aspirin inhibits cells"],
        vocab_size=300,
        special_tokens=list(BYTE_PAIR_SPECIALS),
        show_progress=False,
    )
    return trained


def _roberta_words(folder):
    _byte_pairs().save_model(str(folder))
    files = {"vocab": str(folder / "vocab.json"), "merges": str(folder / "merges.txt")}
    RobertaTokenizerFast(**files).save_pretrained(folder)


def _modernbert_words(folder):
    """Save a tokenizer without a class of its own, as ModernBERT's is."""
    trained = _byte_pairs()._tokenizer
    trained.pre_tokenizer = ByteLevel(add_prefix_space=False)
    trained.post_processor = TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    special = {"cls_token": "<s>", "pad_token": "<pad>", "sep_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=trained, **special).save_pretrained(folder)


def _bert(folder):
    _word_pieces(BertTokenizerFast, folder)
    return BertModel(BertConfig(vocab_size=len(PIECES), **SIZES))


def _roberta(folder):
    _roberta_words(folder)
    special = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    return RobertaForMaskedLM(RobertaConfig(vocab_size=300, type_vocab_size=1, **special, **SIZES))


def _electra(folder):
    _word_pieces(ElectraTokenizerFast, folder)
    return ElectraForPreTraining(ElectraConfig(vocab_size=len(PIECES), embedding_size=8, **SIZES))


def _distilbert(folder):
    _word_pieces(DistilBertTokenizerFast, folder)
    return DistilBertForMaskedLM(
        DistilBertConfig(
            vocab_size=len(PIECES),
            dim=16,
            n_layers=3,
            n_heads=2,
            hidden_dim=24,
            max_position_embeddings=32,
            initializer_range=0.3,
            seq_classif_dropout=0.1,
        )
    )


def _modernbert(folder):
    _modernbert_words(folder)
    special = {"pad_token_id": 1, "bos_token_id": 0, "cls_token_id": 0}
    special |= {"eos_token_id": 2, "sep_token_id": 2}
    # A window of two to either side, in the blocks between the first and the last.
    names = ("embedding", "attention", "mlp", "classifier")
    return ModernBertForMaskedLM(
        ModernBertConfig(
            vocab_size=300,
            local_attention=4,
            **{f"{name}_dropout": 0.1 for name in names},
            **special,
            **SIZES,
        )
    )


def _deberta(folder):
    pieces = [(piece, 0.0) for piece in ("[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]")]
    pieces += [(f"\u2581{word}", -1.0) for word in ("aspirin", "inhibits", "cells")]
    DebertaV2Tokenizer(vocab=[*pieces, ("s", -2.0)], unk_id=3).save_pretrained(folder)
    return DebertaV2ForMaskedLM(
        DebertaV2Config(
            vocab_size=9,
            type_vocab_size=0,
            relative_attention=True,
            position_buckets=4,
            norm_rel_ebd="layer_norm",
            share_att_key=True,
            pos_att_type="p2c|c2p",
            position_biased_input=False,
            pooler_dropout=0.1,
            **SIZES,
        )
    )


_BUILDERS = {
    "bert": _bert,
    "roberta": _roberta,
    "electra": _electra,
    "distilbert": _distilbert,
    "modernbert": _modernbert,
    "deberta-v2": _deberta,
}


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """By family: BERT with its pooler, RoBERTa without one, ELECTRA with narrow embeddings.

    DeBERTa is as version 3, and ModernBERT has a window of two tokens to either side.
    """
    made = {}
    for family, build in _BUILDERS.items():
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
