"""What is saved is what was scored, and transformers alone reads it."""

import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import bundled
from workbench.saved.predict import predict
from workbench.tasks.loading import load as load_task
from workbench.techniques import parse
from workbench.training import prepared as preparation

FAMILIES = ("bert", "roberta", "electra")
TRAINED = [
    *((family, shape) for family in FAMILIES for shape in ("similarity", "mention")),
    *(("bert", shape) for shape in ("document", "relation", "question", "pico")),
]
ALONE = """
import json, sys
import numpy as np
import torch
from transformers import (
    AutoModelForSequenceClassification, AutoModelForTokenClassification, AutoTokenizer
)
for folder, inputs, truncation, target in json.load(sys.stdin):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    words = isinstance(inputs[0][0], list)
    kind = AutoModelForTokenClassification if words else AutoModelForSequenceClassification
    model = kind.from_pretrained(folder).eval()
    batch = tokenizer(
        *inputs, is_split_into_words=words, truncation=truncation, padding=True, return_tensors="pt"
    )
    with torch.inference_mode():
        logits = model(**batch).logits
    np.savez(target, logits=logits.numpy(), mask=batch["attention_mask"].numpy())
    print(json.dumps(model.config.to_dict()))
assert not any(name.split(".")[0] == "workbench" for name in sys.modules)
"""


def inputs_of(task):
    """Return what the tokenizer takes of the test split, and how it is to cut it."""
    records = task.splits["test"]
    columns = ("words",) if "words" in records.column_names else task.shape.texts
    truncation = "only_second" if task.shape.keep_first else "longest_first"
    return [list(records[column]) for column in columns], truncation


@pytest.fixture(scope="session")
def members(small_checkpoints, train_members, write_member, tmp_path_factory):
    """Train and write both members of a cohort for each family and shape, and for MiniLM."""
    root, found = tmp_path_factory.mktemp("saved"), {}
    for family, shape in [*TRAINED, ("minilm", "similarity")]:
        small = family != "minilm"
        checkpoint = small_checkpoints[family] if small else bundled()
        trainer, outcomes = train_members(
            checkpoint,
            f"miniature-{shape}:size={24 if small else 8}",
            **({} if small else {"max_steps": 1, "reporting": ("last",)}),
        )
        for run in range(len(outcomes)):
            folder = write_member(root / f"{family}-{shape}-{run}", trainer, run)
            found[family, shape, run] = folder, trainer, outcomes[run]
    return found


@pytest.fixture(scope="session")
def alone(members, tmp_path_factory):
    """Let one process that knows only transformers read every folder."""
    root = tmp_path_factory.mktemp("alone")
    jobs = [
        [str(folder), *inputs_of(trainer.prepared.task), str(root / folder.name)]
        for folder, trainer, _ in members.values()
    ]
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning:__main__", "-c", ALONE],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    configs = map(json.loads, done.stdout.splitlines())
    return {
        key: (config, np.load(f"{job[-1]}.npz"))
        for key, job, config in zip(members, jobs, configs, strict=True)
    }


CASES = [(*case, run) for case in TRAINED for run in (0, 1)]


@pytest.mark.parametrize("key", [*CASES, ("minilm", "similarity", 0)])
def test_transformers_alone_gives_what_was_stored(key, members, alone):
    _, trainer, outcome = members[key]
    _, found = alone[key]
    split = trainer.prepared.encoded["test"]
    logits = found["logits"]
    if key[1] in ("mention", "pico"):
        logits = logits[found["mask"].astype(bool)]
    expected = trainer.cohort.outputs(split)[key[2]]
    assert logits.shape == expected.shape
    assert np.abs(logits - expected).max() < 1e-5
    task = trainer.prepared.task
    predictions = task.shape.predict(task.splits["test"], split, logits)
    assert np.allclose(predictions, outcome.predictions["test"], atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "problem", "labels"),
    [
        ("similarity", "regression", ["score"]),
        ("document", "multi_label_classification", None),
        ("mention", None, ["B", "I", "O"]),
        (
            "relation",
            "single_label_classification",
            ["none", "inhibition", "activation", "binding"],
        ),
        ("pico", None, ["I-PAR", "I-INT", "I-OUT", "O"]),
    ],
)
def test_the_description_names_the_outputs(shape, problem, labels, alone):
    config, _ = alone["bert", shape, 0]
    labels = labels or list(load_task("miniature-document").task.labels)
    assert config["problem_type"] == problem
    assert list(config["id2label"].values()) == labels
    assert config["label2id"] == {label: number for number, label in enumerate(labels)}


def test_a_best_epoch_before_the_last_one_is_among_the_members(members):
    steps = {
        outcome.result["reported_step"] < trainer.cohort.plan.steps
        for (*_, run), (_, trainer, outcome) in members.items()
        if run == 1
    }
    assert True in steps


@pytest.mark.parametrize("family", FAMILIES)
def test_embeddings_that_training_did_without_are_what_they_would_be(
    family, small_checkpoints, train_members, write_member, members, tmp_path, monkeypatch
):
    def every_row(token_ids, padding_id):
        return np.arange(30522)

    monkeypatch.setattr(preparation, "used_rows", every_row)
    trainer, _ = train_members(small_checkpoints[family], "miniature-similarity:size=24")
    assert len(trainer.prepared.rows) == 30522
    for run in range(2):
        whole = load_file(write_member(tmp_path / str(run), trainer, run) / "model.safetensors")
        folder, other, _ = members[family, "similarity", run]
        found = load_file(folder / "model.safetensors")
        assert found.keys() == whole.keys()
        for name in whole:
            assert np.abs(found[name] - whole[name]).max() < 1e-5, name
        (table,) = (name for name in whole if name.endswith("word_embeddings.weight"))
        unused = np.setdiff1d(np.arange(30522), other.prepared.rows)
        pretrained = load_file(small_checkpoints[family].folder / "model.safetensors")
        before = pretrained["embeddings.word_embeddings.weight"][unused]
        shrunk = other.scored(run).unused
        assert shrunk < 0.9999
        assert np.allclose(found[table][unused], before * shrunk, atol=1e-7)


@pytest.mark.parametrize("technique", ["average", "pretrained-decay:0.5"])
def test_techniques_that_move_unused_embeddings_are_followed(
    technique, small_checkpoints, train_members, write_member, tmp_path, monkeypatch
):
    """What is saved is what training with every row of the table would have left."""
    techniques, found = parse(technique, 2).settings, []
    for name in ("used", "whole"):
        trainer, (outcome,) = train_members(
            small_checkpoints["bert"],
            "miniature-similarity:size=24",
            reporting=("last",),
            techniques=techniques,
        )
        folder = write_member(tmp_path / name, trainer, 0)
        found.append(load_file(folder / "model.safetensors"))
        pairs = list(zip(*inputs_of(trainer.prepared.task)[0], strict=True))
        scores = [each["score"] for each in predict(folder, pairs, progress=False)]
        assert np.allclose(scores, outcome.predictions["test"], atol=1e-5)
        monkeypatch.setattr(preparation, "used_rows", lambda ids, padding: np.arange(30522))
    assert trainer.scored(0).unused < 0.9999
    for name, value in found[0].items():
        assert np.abs(value - found[1][name]).max() < 1e-5, name


def test_the_same_run_is_the_same_bytes(small_checkpoints, train_members, write_member, tmp_path):
    contents = []
    for number in range(2):
        trainer, _ = train_members(small_checkpoints["bert"], "miniature-mention:size=24")
        folder = write_member(tmp_path / str(number), trainer, 1)
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]
    assert sorted(contents[0]) == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "workbench.json",
    ]


def test_nothing_in_a_folder_tells_where_it_was_made(members):
    for folder, trainer, _ in members.values():
        texts = [path.read_bytes() for path in folder.iterdir()]
        place = str(trainer.specs[0].model).encode()
        assert place.startswith(b"/") or place == b"minilm"
        assert not any(str(folder.parent).encode() in text for text in texts)
        assert place == b"minilm" or not any(place in text for text in texts)


@pytest.mark.parametrize(("family", "names"), [("bert", 3), ("roberta", 2)])
def test_the_tokenizer_cuts_where_training_did_and_pads_nothing(family, names, members):
    folder = members[family, "similarity", 0][0]
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    assert settings["model_max_length"] == 40
    assert len(settings["model_input_names"]) == names
    state = json.loads((folder / "tokenizer.json").read_text())
    assert state["truncation"] is None and state["padding"] is None
    with safe_open(folder / "model.safetensors", "numpy") as file:
        assert file.metadata() == {"format": "pt"}


def test_a_full_disk_is_one_sentence_and_leaves_nothing(
    members, write_member, tmp_path, monkeypatch
):
    def full(*arguments, **options):
        raise SafetensorError("Error while serializing: I/O error: No space left (os error 28)")

    monkeypatch.setattr("transformers.modeling_utils.safe_save_file", full)
    _, trainer, _ = members["bert", "similarity", 0]
    with pytest.raises(WorkbenchError, match="disk is full: free some space"):
        write_member(tmp_path / "models" / "one", trainer, 0)
    assert list((tmp_path / "models").iterdir()) == []
