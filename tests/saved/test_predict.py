"""What a saved model says of new text is what the engine said of the same text."""

import io
import json
import shutil
import sys

import numpy as np
import pytest

import workbench
from workbench.__main__ import main
from workbench.errors import WorkbenchError
from workbench.models.checkpoint import bundled
from workbench.models.tokenizer import load_tokenizer
from workbench.saved import predict as module
from workbench.saved.predict import batches, load, predict
from workbench.tasks.task import IGNORED

SHAPES = ("similarity", "document", "mention", "relation", "question", "pico")


@pytest.fixture(scope="session")
def saved(small_checkpoints, train_members, write_member, tmp_path_factory):
    """Return, by shape, the folder of a member, and its cohort."""
    root, found = tmp_path_factory.mktemp("saved"), {}
    for shape in SHAPES:
        # So short that some texts are cut.
        trainer, _ = train_members(
            small_checkpoints["bert"], f"miniature-{shape}:size=8", max_steps=2, max_length=16
        )
        found[shape] = write_member(root / shape, trainer, 1), trainer
    return found


def examples_of(task):
    records = task.splits["test"]
    if "words" in records.column_names:
        return list(records["words"])
    columns = [list(records[name]) for name in task.shape.texts]
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_read_as_in_training(shape, saved, monkeypatch):
    folder, trainer = saved[shape]
    task, encoded = trainer.prepared.task, trainer.prepared.encoded["test"]
    outputs = trainer.cohort.outputs(encoded)[1]
    monkeypatch.setattr(module, "BATCH_TOKENS", 100)
    found = predict(folder, examples_of(task), progress=False)
    assert len(found) == len(task.splits["test"])
    cut = [each.get("cut", False) for each in found]
    assert any(cut) and all(np.array(cut) <= (encoded.lengths == 16))
    if task.shape.objective == "regression":
        assert np.allclose([each["score"] for each in found], outputs[:, 0], atol=1e-5)
    elif task.shape.objective == "single-label":
        expected = task.shape.predict(task.splits["test"], encoded, outputs)
        assert [each["label"] for each in found] == [task.shape.labels[i] for i in expected]
        assert all(abs(sum(each["probabilities"].values()) - 1) < 1e-5 for each in found)
    elif task.shape.objective == "multi-label":
        for each, logits in zip(found, outputs, strict=True):
            assert list(each["probabilities"]) == list(task.shape.labels)
            shares = 1 / (1 + np.exp(-logits))
            assert np.allclose(list(each["probabilities"].values()), shares, atol=1e-5)
    else:
        expected = task.shape.predict(task.splits["test"], encoded, outputs)
        tags = [task.shape.labels.index(tag) for each in found for tag in each["tags"]]
        assert tags == list(expected)
        assert (encoded.labels != IGNORED).sum() == sum(
            share is not None for each in found for share in each["probabilities"]
        )


def test_the_order_is_that_of_the_examples(saved):
    folder, _ = saved["relation"]
    texts = ["short", "a much longer text with many more words in it", "of another length"]
    together = predict(folder, texts, progress=False)
    for text, found in zip(texts, together, strict=True):
        (alone,) = predict(folder, [text], progress=False)
        assert alone["label"] == found["label"]
        for label, share in alone["probabilities"].items():
            assert abs(found["probabilities"][label] - share) < 2e-6


def test_a_question_that_is_too_long_with_its_context_stays_whole(saved):
    folder, _ = saved["question"]
    model = load(folder)
    assert model.facts.keep_first and model.facts.inputs == "pair"
    question = "does aspirin inhibit cells"
    encoding = module._encode(model, [[question, "a context that goes on " * 9]])
    kept = model.tokenizer.decode(encoding["input_ids"][0])
    assert question in kept and len(encoding["input_ids"][0]) == 16


def test_nothing_is_nothing(saved):
    assert predict(saved["relation"][0], []) == []


@pytest.mark.parametrize(
    ("shape", "example", "problem"),
    [
        ("relation", ["a", "b"], "example 2 is not one text"),
        ("similarity", "a", "example 2 is not two texts"),
        ("similarity", ["a"], "example 2 is not two texts"),
        ("mention", [], "example 2 holds no words"),
        ("mention", ["a", 1], "example 2 holds no words"),
        ("mention", None, "example 2 holds no words"),
        ("similarity", ["a", 1], "example 2 is not two texts"),
        ("similarity", None, "example 2 is not two texts"),
        ("relation", "a\ud800", "example 2 holds half a character"),
        ("similarity", ["a", "\ud800"], "example 2 holds half a character"),
        ("mention", ["a", "\ud800"], "example 2 holds half a character"),
    ],
)
def test_an_example_of_another_form_is_named_and_not_quoted(shape, example, problem, saved):
    good = {"relation": "x", "similarity": ["x", "y"], "mention": "x y"}[shape]
    with pytest.raises(WorkbenchError, match=problem):
        predict(saved[shape][0], [good, example])


def test_a_folder_without_a_model_is_one_sentence(tmp_path):
    with pytest.raises(WorkbenchError, match="holds no model: give one that was saved"):
        load(tmp_path)


def test_a_damaged_or_untrained_model_is_one_sentence(saved, small_model, tmp_path):
    folder = shutil.copytree(saved["relation"][0], tmp_path / "damaged")
    (folder / "model.safetensors").write_bytes(b"half")
    with pytest.raises(WorkbenchError, match=r"does not load \(SafetensorError\).*save it again"):
        load(folder)
    with pytest.raises(WorkbenchError, match="a BertModel labels neither texts nor tokens"):
        load(small_model)


@pytest.mark.parametrize(
    "text",
    ['{"inputs": "texts"}', '{"inputs": ["text"]}', '{"kind": "text"}', "[]", "{", "[" * 9999],
)
def test_a_damaged_description_is_one_sentence(text, saved, tmp_path):
    folder = shutil.copytree(saved["relation"][0], tmp_path / "damaged")
    (folder / "workbench.json").write_text(text)
    with pytest.raises(WorkbenchError, match=r"workbench.json is damaged .*: save the model again"):
        load(folder)


def test_a_pickled_model_is_not_read(saved, tmp_path):
    folder = shutil.copytree(saved["relation"][0], tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(WorkbenchError, match="does not load"):
        load(folder)


def test_a_model_from_elsewhere_is_read_by_its_own_description(saved, tmp_path):
    for shape, inputs in (("relation", "text"), ("mention", "words")):
        folder = shutil.copytree(saved[shape][0], tmp_path / shape)
        (folder / "workbench.json").unlink()
        assert load(folder).facts.inputs == inputs
        expected = predict(saved[shape][0], ["aspirin inhibits cells"], progress=False)
        assert predict(folder, ["aspirin inhibits cells"], progress=False) == expected


def test_batches_hold_each_example_once_and_little_padding(monkeypatch):
    monkeypatch.setattr(module, "BATCH_TOKENS", 20)
    lengths = np.array([3, 30, 9, 10, 2])
    groups = [group.tolist() for group in batches(lengths)]
    assert groups == [[1], [3, 2], [0, 4]]


def test_it_is_there_under_the_package_s_own_name(saved):
    folder, _ = saved["relation"]
    texts = ["aspirin inhibits cells"]
    assert workbench.predict(folder, texts, progress=False) == predict(folder, texts)


def test_a_file_is_read_from_the_command_line(saved, monkeypatch, capsys):
    folder, _ = saved["similarity"]
    text = f"aspirin\tinhibits\na\t{'word ' * 40}\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert main(["predict", str(folder), "-"]) == 0
    said = capsys.readouterr()
    found = list(map(json.loads, said.out.splitlines()))
    assert found == predict(folder, [["aspirin", "inhibits"], ["a", "word " * 40]])
    assert said.err == "1 of 2 texts were cut to the model's 16 word pieces\n"


def test_the_pieces_are_minilm_s():
    """The small checkpoints' texts would otherwise be unknown words all over."""
    assert load_tokenizer(bundled()).tokenize("aspirin") != ["[UNK]"]
