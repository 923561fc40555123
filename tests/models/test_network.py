import importlib.util
import json
import os
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    ElectraForPreTraining,
)

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import find_checkpoint
from workbench.models.network import load
from workbench.models.size import parameter_counts
from workbench.models.tokenizer import load_tokenizer, longest
from workbench.tasks.task import Encoded
from workbench.training.packing import Geometry, pack
from workbench.training.stacked import stack

PIECES = 9
FAMILIES = ("bert", "roberta", "electra", "distilbert", "modernbert", "deberta-v2")
SENTENCES = [[2, 5, 6, 7, 8, 3], [2, 7, 3], [2, 8, 7, 6, 5, 4, 5, 6, 8, 7, 8, 3]]
CPU = torch.device("cpu")
TYPED = ("bert", "roberta", "electra")
CLASSIFIER = ("head.classifier.weight", "head.classifier.bias")
TWO_LAYERS = ("head.dense.weight", "head.dense.bias", "head.out_proj.weight", "head.out_proj.bias")
PRE_CLASSIFIER = ("head.pre_classifier.weight", "head.pre_classifier.bias")
POOLER = ("pooler.dense.weight", "pooler.dense.bias")


def open_folder(folder, per_token=False, head="native", outputs=4, **settings):
    return load(find_checkpoint(str(folder)), outputs, per_token, head, **settings)


def packed(model, sentences):
    """Put sequences on one line, as the engine does."""
    encoded = Encoded(
        np.concatenate(sentences).astype(np.int32),
        np.concatenate([segments(ids, model.segments) for ids in sentences]).astype(np.int8),
        np.cumsum([0, *map(len, sentences)]),
        np.zeros(len(sentences), np.float32),
    )
    geometry = Geometry(model.position_offset, model.segments, model.padding_id, grain=8)
    return pack(encoded, np.arange(len(sentences))[None], geometry, [0], CPU)


def run(model, sentences):
    """Push packed sequences through a network; return the logits of each."""
    batch = packed(model, sentences)
    network, _ = stack(model.network, 1)
    with torch.inference_mode():
        logits = network.eval()(batch.inputs, batch.starts, layout=batch.layout)[0]
    if not network.per_token:
        return list(logits)
    return [logits[first:end] for _, first, end in batch.layout.places]


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
    known = getattr(config, "type_vocab_size", 0)
    types = {"token_type_ids": torch.tensor([segments(ids, known) for ids in padded])}
    with torch.inference_mode():
        return reference(
            input_ids=torch.tensor(padded),
            attention_mask=torch.tensor(
                [[1] * len(i) + [0] * (length - len(i)) for i in sentences]
            ),
            **(types if known else {}),
        ).logits


@pytest.mark.parametrize("family", FAMILIES)
def test_packed_logits_are_transformers_own_on_a_padded_batch(fine_tuned, family):
    reference, folder = fine_tuned(family, per_token=False)
    wanted = reference_logits(reference, SENTENCES)
    model = open_folder(folder)
    assert model.new == ()
    assert len(set(wanted.flatten().tolist())) == wanted.numel()
    found = torch.stack(run(model, SENTENCES))
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_head_for_every_token_is_transformers_own(fine_tuned, family):
    reference, folder = fine_tuned(family, per_token=True)
    wanted = reference_logits(reference, SENTENCES)
    model = open_folder(folder, per_token=True)
    assert model.new == ()
    for ids, found, logits in zip(SENTENCES, run(model, SENTENCES), wanted, strict=True):
        torch.testing.assert_close(found, logits[: len(ids)], rtol=1e-5, atol=1e-5)


VARIANTS = [
    ("modernbert", {"classifier_pooling": "mean"}),
    ("modernbert", {"norm_bias": True, "attention_bias": True, "mlp_bias": True}),
    ("deberta-v2", {"share_att_key": False}),
    ("deberta-v2", {"share_att_key": False, "pos_att_type": ["c2p"]}),
    ("deberta-v2", {"norm_rel_ebd": "none", "position_buckets": -1}),
    ("deberta-v2", {"relative_attention": False, "position_biased_input": True}),
    ("deberta-v2", {"type_vocab_size": 2, "embedding_size": 8}),
]


@pytest.mark.parametrize(("family", "changes"), VARIANTS)
def test_variants_of_a_family_are_transformers_own(folders, tmp_path, family, changes):
    shutil.copytree(folders[family], tmp_path / "model")
    config = AutoConfig.from_pretrained(folders[family], num_labels=4, **changes)
    torch.manual_seed(1)
    reference = AutoModelForSequenceClassification.from_config(config).eval()
    reference.save_pretrained(tmp_path / "model")
    model = open_folder(tmp_path / "model")
    assert model.new == ()
    wanted, found = reference_logits(reference, SENTENCES), torch.stack(run(model, SENTENCES))
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    checkpoint = find_checkpoint(str(tmp_path / "model"))
    counted = parameter_counts(checkpoint, config.vocab_size, 4, False, "native")
    assert sum(counted) == sum(value.numel() for value in model.network.parameters())


def test_a_deberta_with_a_convolution_is_refused(copied):
    path = copied("deberta-v2") / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"conv_kernel_size": 3}))
    with pytest.raises(WorkbenchError, match=r"with a convolution cannot be trained here: choose"):
        open_folder(path.parent)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_linear_head_reads_the_first_state(folders, family):
    model = open_folder(folders[family], head="linear")
    assert model.network.pooler is None
    ids = torch.tensor([SENTENCES[0]])
    types = {"token_type_ids": torch.tensor([segments(SENTENCES[0], model.segments)])}
    with torch.inference_mode():
        encoder = model.network.eval().encoder
        states = encoder(ids, **(types if family in TYPED else {})).last_hidden_state
        wanted = model.network.head.classifier(states[0, 0])
    torch.testing.assert_close(run(model, SENTENCES)[0], wanted)


@pytest.mark.parametrize("head", ["native", "linear"])
@pytest.mark.parametrize("family", FAMILIES)
def test_states_are_gathered_at_the_starts(folders, family, head):
    model = open_folder(folders[family], head=head)
    network, states = model.network.eval(), torch.randn(2, 7, 16)
    above = {"depth": len(network.blocks)}
    starts = torch.tensor([[0, 4, 5], [0, 1, 6]])
    with torch.inference_mode():
        together = network({}, starts, states, **above)
        for line in range(2):
            for place, start in enumerate(starts[line]):
                rest = states[line : line + 1, start:]
                alone = network({}, torch.zeros(1, 1, dtype=torch.int64), rest, **above)
                torch.testing.assert_close(together[line, place], alone[0, 0])


@pytest.mark.parametrize("per_token", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_known_states_are_gone_on_from(folders, family, depth, per_token):
    model = open_folder(folders[family], per_token)
    network, _ = stack(model.network, 1)
    network, batch = network.eval(), packed(model, SENTENCES)
    assert depth <= len(network.blocks)
    inputs, layout = batch.inputs, {"layout": batch.layout}
    with torch.inference_mode():
        states = network.pass_through(inputs, network.embed(inputs), 0, depth, **layout)
        found = network(inputs, batch.starts, states, depth, **layout)
        torch.testing.assert_close(found, network(inputs, batch.starts, **layout))


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
        ("distilbert", False, "native", PRE_CLASSIFIER + CLASSIFIER),
        ("distilbert", False, "linear", CLASSIFIER),
        ("distilbert", True, "native", CLASSIFIER),
        # What it brings from masked-language modelling stands in front of the new outputs.
        ("modernbert", False, "native", CLASSIFIER),
        ("modernbert", False, "linear", CLASSIFIER),
        ("modernbert", True, "native", CLASSIFIER),
        ("deberta-v2", False, "native", POOLER + CLASSIFIER),
        ("deberta-v2", False, "linear", CLASSIFIER),
        ("deberta-v2", True, "native", CLASSIFIER),
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
    [
        ("bert", 0, 32, 2, 0),
        ("roberta", 2, 30, 1, 1),
        ("electra", 0, 32, 2, 0),
        ("distilbert", 0, 32, 1, 0),
        ("modernbert", 0, 32, 1, 1),
        ("deberta-v2", 0, 32, 1, 0),
    ],
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
    words = [" aspirin", " inhibits", " cells"]
    encoded = tokenizer(words, is_split_into_words=True)
    assert encoded.word_ids()[0] is None
    assert set(encoded.word_ids()) == {None, 0, 1, 2}
    assert encoded["input_ids"] == tokenizer("".join(words))["input_ids"]


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


def tagged_as_bert(folder, prefix, form):
    """Make an ELECTRA say that it is BERT's, and name its weights with a prefix."""
    path = folder / "config.json"
    config = json.loads(path.read_text()) | {"architectures": ["BertForMaskedLM"]}
    config["model_type"] = "bert"
    del config["embedding_size"]
    path.write_text(json.dumps(config))
    state = load_file(folder / "model.safetensors")
    state = {name.replace("electra.", prefix): value for name, value in state.items()}
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=form == "zip")


@pytest.fixture
def whole_electra(copied):
    """Copy an ELECTRA whose embeddings are as wide as its blocks, as base and large ones are."""
    folder = copied("electra")
    config = AutoConfig.from_pretrained(folder, embedding_size=16)
    torch.manual_seed(3)
    ElectraForPreTraining(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("prefix", ["electra.", "bert."])
@pytest.mark.parametrize("form", ["zip", "legacy"])
def test_an_electra_that_is_tagged_as_bert_loads_whole(whole_electra, prefix, form):
    original = load_file(whole_electra / "model.safetensors")
    tagged_as_bert(whole_electra, prefix, form)
    assert find_checkpoint(str(whole_electra)).family == "electra"
    model = open_folder(whole_electra)
    assert model.new == TWO_LAYERS
    assert type(model.network.encoder).__name__ == "ElectraModel"
    for name, value in model.network.encoder.named_parameters():
        assert torch.equal(value, original[f"electra.{name}"])
    checkpoint = find_checkpoint(str(whole_electra))
    counted = parameter_counts(checkpoint, PIECES, 4, False, "native")
    assert sum(counted) == sum(value.numel() for value in model.network.parameters())


def test_an_electra_whose_weights_are_called_berts_loads_whole(whole_electra):
    original = load_file(whole_electra / "model.safetensors")
    change_weights(whole_electra, lambda name: name.replace("electra.", "bert."))
    model = open_folder(whole_electra)
    assert model.new == TWO_LAYERS
    for name, value in model.network.encoder.named_parameters():
        assert torch.equal(value, original[f"electra.{name}"])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tokenizer_without_a_maximum_length_is_cut_at_the_models(copied, family):
    folder = copied(family)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text())
    settings.pop("model_max_length", None)
    path.write_text(json.dumps(settings))
    checkpoint = find_checkpoint(str(folder))
    model = open_folder(folder)
    assert longest(checkpoint) == model.max_length == (30 if family == "roberta" else 32)
    assert model.tokenizer.model_max_length > 1_000_000
    encoded = model.tokenizer("aspirin " * 99, truncation=True, max_length=model.max_length)
    assert len(encoded["input_ids"]) == model.max_length
    assert all(value.isfinite().all() for value in run(model, [encoded["input_ids"]]))


def test_sentence_pieces_need_two_packages(copied, monkeypatch):
    folder = copied("deberta-v2")
    (folder / "tokenizer.json").unlink()
    (folder / "spm.model").touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WorkbenchError, match="type 'pip install sentencepiece protobuf'"):
        open_folder(folder)
