import json
import os
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import find_checkpoint
from workbench.models.network import load
from workbench.models.tokenizer import load_tokenizer

FAMILIES = ("bert", "roberta", "electra")
SENTENCES = [[2, 5, 6, 7, 8, 3], [2, 7, 3]]
CLASSIFIER = ("head.classifier.weight", "head.classifier.bias")
TWO_LAYERS = ("head.dense.weight", "head.dense.bias", "head.out_proj.weight", "head.out_proj.bias")
POOLER = ("pooler.dense.weight", "pooler.dense.bias")


def open_folder(folder, per_token=False, head="native", outputs=4, **settings):
    return load(find_checkpoint(str(folder)), outputs, per_token, head, **settings)


def run(model, ids):
    """Push one sequence, alone on its line, through a network."""
    network = model.network.eval()
    network.encoder.set_attn_implementation("sdpa")
    inputs = {
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.arange(len(ids)).unsqueeze(0) + model.position_offset,
        "token_type_ids": torch.tensor([segments(ids, model.segments)]),
    }
    with torch.inference_mode():
        return network(inputs, torch.zeros(1, 1, dtype=torch.int64))


def segments(ids, known):
    """Put everything after the third word piece into the second segment, if there is one."""
    return [min(int(place > 2), known - 1) for place in range(len(ids))]


@pytest.fixture
def fine_tuned(folders, tmp_path):
    """Save transformers' own model with a head, and return it with its folder."""

    def make(family, per_token):
        kind = AutoModelForTokenClassification if per_token else AutoModelForSequenceClassification
        torch.manual_seed(1)
        reference = kind.from_pretrained(folders[family], num_labels=4).eval()
        shutil.copytree(folders[family], tmp_path / "model")
        reference.save_pretrained(tmp_path / "model")
        return reference, tmp_path / "model"

    return make


def reference_logits(reference, sentences):
    """Run transformers' model on a padded batch."""
    length, config = max(map(len, sentences)), reference.config
    padded = [ids + [config.pad_token_id] * (length - len(ids)) for ids in sentences]
    types = [segments(padded[0], config.type_vocab_size)] * len(sentences)
    with torch.inference_mode():
        return reference(
            input_ids=torch.tensor(padded),
            attention_mask=torch.tensor(
                [[1] * len(i) + [0] * (length - len(i)) for i in sentences]
            ),
            token_type_ids=torch.tensor(types),
        ).logits


@pytest.mark.parametrize("family", FAMILIES)
def test_the_native_head_is_transformers_own(fine_tuned, family):
    reference, folder = fine_tuned(family, per_token=False)
    wanted = reference_logits(reference, SENTENCES)
    model = open_folder(folder)
    assert model.new == ()
    assert len(set(wanted.flatten().tolist())) == wanted.numel()
    for ids, logits in zip(SENTENCES, wanted, strict=True):
        torch.testing.assert_close(run(model, ids), logits.view(1, 1, 4))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_head_for_every_token_is_transformers_own(fine_tuned, family):
    reference, folder = fine_tuned(family, per_token=True)
    wanted = reference_logits(reference, SENTENCES)
    model = open_folder(folder, per_token=True)
    assert model.new == ()
    for ids, logits in zip(SENTENCES, wanted, strict=True):
        torch.testing.assert_close(run(model, ids), logits[: len(ids)].unsqueeze(0))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_linear_head_reads_the_first_state(folders, family):
    model = open_folder(folders[family], head="linear")
    logits = run(model, SENTENCES[0])
    inputs = {
        "input_ids": torch.tensor([SENTENCES[0]]),
        "token_type_ids": torch.tensor([segments(SENTENCES[0], model.segments)]),
    }
    with torch.inference_mode():
        first = model.network.encoder(**inputs).last_hidden_state[0, 0]
        wanted = model.network.head.classifier(first)
    assert model.network.pooler is None
    torch.testing.assert_close(logits.flatten(), wanted)


@pytest.mark.parametrize("head", ["native", "linear"])
@pytest.mark.parametrize("family", FAMILIES)
def test_states_are_gathered_at_the_starts(folders, family, head):
    model = open_folder(folders[family], head=head)
    network, states = model.network.eval(), torch.randn(2, 7, 16)
    above = {"depth": len(network.encoder.encoder.layer)}
    starts = torch.tensor([[0, 4, 5], [0, 1, 6]])
    with torch.inference_mode():
        together = network({}, starts, states, **above)
        for line in range(2):
            for place, start in enumerate(starts[line]):
                rest = states[line : line + 1, start:]
                alone = network({}, torch.zeros(1, 1, dtype=torch.int64), rest, **above)
                torch.testing.assert_close(together[line, place], alone[0, 0])


@pytest.mark.parametrize("per_token", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("family", FAMILIES)
def test_known_states_are_gone_on_from(folders, family, depth, per_token):
    model = open_folder(folders[family], per_token)
    network, ids = model.network.eval(), SENTENCES[0]
    assert depth <= len(network.encoder.encoder.layer)
    inputs = {
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.arange(len(ids)).unsqueeze(0) + model.position_offset,
        "token_type_ids": torch.tensor([segments(ids, model.segments)]),
    }
    starts = torch.zeros(1, 1, dtype=torch.int64)
    with torch.inference_mode():
        states = network.pass_through(network.embed(inputs), 0, depth)
        torch.testing.assert_close(network({}, starts, states, depth), network(inputs, starts))


@pytest.mark.parametrize(
    ("family", "per_token", "head", "new"),
    [
        ("bert", False, "native", CLASSIFIER),
        ("bert", False, "linear", CLASSIFIER),
        ("bert", True, "native", CLASSIFIER),
        ("roberta", False, "native", TWO_LAYERS),
        ("roberta", False, "linear", CLASSIFIER),
        ("roberta", True, "native", CLASSIFIER),
        ("electra", False, "native", TWO_LAYERS),
        ("electra", False, "linear", CLASSIFIER),
        ("electra", True, "native", CLASSIFIER),
    ],
)
def test_only_the_head_is_new(folders, family, per_token, head, new):
    assert open_folder(folders[family], per_token, head).new == new


@pytest.mark.parametrize(
    ("per_token", "head", "new"),
    [
        (False, "native", POOLER + CLASSIFIER),
        (False, "linear", CLASSIFIER),
        (True, "native", CLASSIFIER),
    ],
)
def test_a_pooler_that_the_checkpoint_lacks_is_new(copied, per_token, head, new):
    folder = copied()
    change_weights(folder, lambda name: None if "pooler" in name else name)
    assert open_folder(folder, per_token, head).new == new


def test_a_head_of_another_width_is_new(fine_tuned):
    _, folder = fine_tuned("bert", per_token=False)
    assert open_folder(folder, outputs=3).new == CLASSIFIER


@pytest.mark.parametrize(
    ("family", "offset", "length", "types", "padding"),
    [("bert", 0, 32, 2, 0), ("roberta", 2, 30, 1, 1), ("electra", 0, 32, 2, 0)],
)
def test_what_the_engine_must_know(folders, family, offset, length, types, padding):
    model = open_folder(folders[family])
    assert (model.position_offset, model.max_length) == (offset, length)
    assert (model.segments, model.padding_id) == (types, padding)


@pytest.mark.parametrize("head", ["native", "linear"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("asked", "used"), [(None, 0.1), (0.0, 0.0), (0.25, 0.25)])
def test_dropout_is_set_everywhere(folders, family, head, asked, used):
    network = open_folder(folders[family], head=head, dropout=asked).network
    assert {part.p for part in network.modules() if isinstance(part, nn.Dropout)} == {used}


@pytest.mark.parametrize("family", FAMILIES)
def test_words_that_are_already_split_are_encoded(folders, family):
    tokenizer = load_tokenizer(find_checkpoint(str(folders[family])))
    words = ["aspirin", "inhibits", "cells"]
    encoded = tokenizer(words, is_split_into_words=True)
    assert encoded.word_ids()[0] is None
    assert set(encoded.word_ids()) == {None, 0, 1, 2}
    assert encoded["input_ids"] == tokenizer(" ".join(words))["input_ids"]


def change_weights(folder, rename):
    """Rename the tensors of a folder's weights; None leaves one out."""
    path = folder / "model.safetensors"
    renamed = {rename(name): value for name, value in load_file(path).items()}
    renamed.pop(None, None)
    save_file(renamed, path, {"format": "pt"})


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_pickled_weights_load(copied, zipped):
    folder = copied()
    state = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
    model = open_folder(folder)
    assert model.new == CLASSIFIER
    for name, value in model.network.encoder.named_parameters():
        assert torch.equal(value, state[name])


def test_weights_with_the_first_names_of_norms_load(copied):
    folder = copied()
    state = load_file(folder / "model.safetensors")
    change_weights(
        folder,
        lambda name: (
            "bert."
            + name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
                "LayerNorm.bias", "LayerNorm.beta"
            )
        ),
    )
    model = open_folder(folder)
    assert model.new == CLASSIFIER
    for name, value in model.network.encoder.named_parameters():
        assert torch.equal(value, state[name])


class _Malicious:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (self.target,)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(copied, tmp_path, zipped):
    folder, target = copied(), tmp_path / "made by the pickle"
    state = load_file(folder / "model.safetensors") | {"extra": _Malicious(str(target))}
    (folder / "model.safetensors").unlink()
    path = folder / "pytorch_model.bin"
    torch.save(state, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(WorkbenchError, match="hold more than plain tensors: put intact") as caught:
        open_folder(folder)
    assert "\n" not in str(caught.value)
    assert not target.exists()
    torch.load(path, weights_only=False)
    assert target.is_dir(), "the pickle was harmless, so this test showed nothing"


def test_truncated_weights_are_refused(copied):
    folder = copied()
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(WorkbenchError, match=r"do not load .* so they are damaged"):
        open_folder(folder)


def test_an_encoder_that_lacks_weights_is_refused(copied):
    folder = copied()
    change_weights(folder, lambda name: None if "layer.1.output.dense" in name else name)
    with pytest.raises(WorkbenchError, match=r"\(2 are missing .* encoder.layer.1.output.dense"):
        open_folder(folder)


def test_an_encoder_of_another_shape_is_refused(copied):
    path = copied() / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"vocab_size": 50}))
    with pytest.raises(WorkbenchError, match=r"such as embeddings.word_embeddings.weight"):
        open_folder(path.parent)


def test_weights_of_another_family_are_refused(copied, folders):
    folder = copied("electra")
    shutil.copy(folders["bert"] / "config.json", folder)
    with pytest.raises(WorkbenchError, match=r"do not fit its config.json"):
        open_folder(folder)


def test_a_checkpoint_without_a_vocabulary_is_refused(copied):
    folder = copied()
    for name in ("vocab.txt", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(WorkbenchError, match=r"holds no tokenizer: it needs one of tokenizer.json"):
        open_folder(folder)


def test_a_damaged_tokenizer_is_refused(copied):
    folder = copied()
    (folder / "tokenizer.json").write_text("{")
    with pytest.raises(WorkbenchError, match="do not load"):
        open_folder(folder)


def test_a_description_that_makes_no_model_is_refused(copied):
    path = copied() / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_attention_heads": 5}))
    with pytest.raises(WorkbenchError, match="do not load"):
        open_folder(path.parent)


def test_the_oldest_form_of_a_checkpoint_loads(copied):
    """Some repositories hold no more than a description without a family, words and a pickle."""
    folder = copied()
    path = folder / "config.json"
    config = json.loads(path.read_text())
    state = load_file(folder / "model.safetensors")
    for name in ("tokenizer.json", "tokenizer_config.json", "model.safetensors"):
        (folder / name).unlink()
    path.write_text(
        json.dumps({key: config[key] for key in config.keys() - {"model_type", "architectures"}})
    )
    torch.save(
        {f"bert.{name}": value for name, value in state.items()}, folder / "pytorch_model.bin"
    )
    model = open_folder(folder)
    assert model.new == CLASSIFIER
    assert model.tokenizer("Aspirin inhibits")["input_ids"] == [2, 5, 6, 3]
