"""What must be settled before any test imports torch."""

import os
import shutil

import pytest

if shutil.which("nvidia-smi") is None:
    # Without a GPU its kernels are interpreted; Triton asks when it is imported.
    os.environ["TRITON_INTERPRET"] = "1"


@pytest.fixture(scope="session")
def save_checkpoints():
    """Return a function that saves a small model of each family, of random weights."""
    # Imported here, so that what stands above comes first.
    import torch
    from transformers import (
        BertConfig,
        BertModel,
        ElectraConfig,
        ElectraModel,
        RobertaConfig,
        RobertaModel,
    )

    from workbench.models.checkpoint import Checkpoint, bundled
    from workbench.models.tokenizer import load_tokenizer

    def save(folder, layers, positions):
        sizes = {
            "vocab_size": 30522,
            "hidden_size": 32,
            "num_hidden_layers": layers,
            "num_attention_heads": 4,
            "intermediate_size": 48,
            "max_position_embeddings": positions,
        }
        families = {
            "bert": (BertModel, BertConfig(**sizes)),
            "roberta": (RobertaModel, RobertaConfig(**sizes, type_vocab_size=1, pad_token_id=0)),
            "electra": (ElectraModel, ElectraConfig(**sizes, embedding_size=16)),
        }
        tokenizer, found = load_tokenizer(bundled()), {}
        for family, (kind, config) in families.items():
            torch.manual_seed(1)
            kind(config).save_pretrained(folder / family)
            # MiniLM's word pieces.
            tokenizer.save_pretrained(folder / family)
            found[family] = Checkpoint(family, folder / family, "random")
        return found

    return save
