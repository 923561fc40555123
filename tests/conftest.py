"""What must be settled before any test imports torch."""

import os
import shutil

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether it is right.
settings.register_profile("untimed", settings.default, deadline=None)
settings.load_profile("untimed")

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
        DebertaV2Config,
        DebertaV2Model,
        DistilBertConfig,
        DistilBertModel,
        ElectraConfig,
        ElectraModel,
        ModernBertConfig,
        ModernBertModel,
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
        modernberts: dict = dict.fromkeys(("pad_token_id", "bos_token_id", "cls_token_id"), 0)
        modernberts |= {"local_attention": 16}
        modernberts |= dict.fromkeys(("eos_token_id", "sep_token_id"), 0)
        families = {
            "bert": (BertModel, BertConfig(**sizes)),
            "roberta": (RobertaModel, RobertaConfig(**sizes, type_vocab_size=1, pad_token_id=0)),
            "electra": (ElectraModel, ElectraConfig(**sizes, embedding_size=16)),
            "distilbert": (
                DistilBertModel,
                DistilBertConfig(
                    dim=32,
                    n_layers=layers,
                    n_heads=4,
                    hidden_dim=48,
                    max_position_embeddings=positions,
                ),
            ),
            # Sequences of the tests are longer than its window.
            "modernbert": (ModernBertModel, ModernBertConfig(**sizes, **modernberts)),
            # As the checkpoints on the hub are: their head reads the mean.
            "modernbert-mean": (
                ModernBertModel,
                ModernBertConfig(**sizes, **modernberts, classifier_pooling="mean"),
            ),
            "deberta-v2": (
                DebertaV2Model,
                DebertaV2Config(
                    **sizes,
                    relative_attention=True,
                    position_buckets=8,
                    norm_rel_ebd="layer_norm",
                    share_att_key=True,
                    pos_att_type="p2c|c2p",
                    position_biased_input=False,
                ),
            ),
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


@pytest.fixture(scope="session")
def small_model(tmp_path_factory):
    """Return the folder of a small BERT with random weights."""
    import torch
    from transformers import BertConfig, BertModel

    from workbench.models.checkpoint import bundled
    from workbench.models.tokenizer import load_tokenizer

    folder = tmp_path_factory.mktemp("model")
    config = BertConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=64,
    )
    torch.manual_seed(0)
    BertModel(config).save_pretrained(folder)
    load_tokenizer(bundled()).save_pretrained(folder)
    return folder


@pytest.fixture
def small_study(small_model, tmp_path):
    """Return a function that plans a small study in a store of its own, with cohorts of a size."""
    from dataclasses import replace

    from workbench.store.folder import RunStore
    from workbench.store.planning import plan_study
    from workbench.store.settings import SweepSettings

    def plan(name, cohort, **values):
        store = RunStore(tmp_path / name)
        settings = {
            "task": "miniature-similarity:size=24",
            "models": str(small_model),
            "techniques": "baseline,reinit:1",
            "seeds": "2",
            "batch_size": 8,
            "learning_rate": 1e-3,
            "study": "small",
        }
        study = plan_study(SweepSettings.from_values(settings | values), store)
        runs = study.run_ids
        cohorts = tuple(
            tuple(runs[first : first + cohort]) for first in range(0, len(runs), cohort)
        )
        study = replace(study, cohorts=cohorts)
        study.save(store)
        return store, study

    return plan


@pytest.fixture(scope="session")
def make_spec():
    """Return a function that specifies a run of a model and data that there need not be."""
    from workbench.spec import RunSpec

    def make(seed=0, **changes):
        values = {
            "task": "biosses",
            "data": "d" * 64,
            "model": "tiny",
            "weights": "w" * 64,
            "learning_rate": 2e-5,
            "batch_size": 16,
            "epochs": 3,
            "max_length": 128,
            "weights_seed": seed,
            "order_seed": seed,
            "dropout_seed": seed,
        }
        return RunSpec(**values | changes)

    return make
