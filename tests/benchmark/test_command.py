import json
from dataclasses import replace

import pytest
import torch

from workbench.__main__ import main
from workbench.benchmark import command
from workbench.benchmark.agreement import compare
from workbench.benchmark.command import RANDOM_BASE, checkpoint_of, read_settings
from workbench.benchmark.comparison import Comparison
from workbench.errors import WorkbenchError


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_the_defaults_of_a_processor():
    settings = read_settings()
    assert (settings.model, settings.device.type, settings.rounds) == ("minilm", "cpu", 3)
    assert settings.tasks == ("biosses", "hoc", "hoc:abstracts", "ncbi-disease")
    assert settings.seeds == (1, 5, 10, 20) and settings.parts == ("compare", "scaling")
    assert settings.precisions[0] == "float32" and "float16" not in settings.precisions


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"tasks": "hco"}, "did you mean 'hoc'"),
        ({"seeds": "0"}, "at least 1"),
        ({"seeds": "five"}, "at least 1"),
        ({"precision": "bfloat"}, "did you mean 'bfloat16'"),
        ({"precision": "float16"}, "CUDA only"),
        ({"device": "cuda"}, "no cuda device"),
        ({"device": "gpu"}, "there is no device"),
        ({"only": "scal"}, "did you mean 'scaling'"),
        ({"rounds": -1}, "at least 1"),
    ],
)
def test_what_is_mistyped_is_one_sentence(values, sentence):
    with pytest.raises(WorkbenchError, match=sentence) as problem:
        read_settings(**values)
    assert "\n" not in str(problem.value)


def test_random_weights_have_the_shape_of_bert_base():
    with checkpoint_of(RANDOM_BASE) as checkpoint:
        assert (checkpoint.layers, checkpoint.config["hidden_size"]) == (12, 768)
        assert (checkpoint.folder / "model.safetensors").stat().st_size > 4e8
    assert not checkpoint.folder.exists()


def test_progress_tells_what_is_left(capsys, monkeypatch):
    clock = iter([100.0, 130.0])
    monkeypatch.setattr(command.time, "monotonic", lambda: next(clock))
    command.Progress(4.0).advance(1.0, "one")
    assert capsys.readouterr().out == " 25%  one; about 1:30 left\n"


@pytest.fixture
def small(monkeypatch):
    """Keep a benchmark short: one technique, no measurement of matrix products."""
    monkeypatch.setattr("workbench.benchmark.machine.MatrixProducts.rate", lambda _: 1e9)
    monkeypatch.setattr(command, "TECHNIQUES", ("baseline",))


def run(checkpoints, tmp_path, *arguments):
    line = ["bench", "--model", str(checkpoints["bert"].folder), "--outputs", str(tmp_path)]
    return main([*line, "--rounds", "1", "--seeds", "1,2", "--tasks", "biosses", *arguments])


def test_a_benchmark_ends_with_a_report(checkpoints, tmp_path, small, capsys):
    assert run(checkpoints, tmp_path, "--only", "compare", "--precision", "float32") == 0
    (folder,) = (tmp_path / "bench").iterdir()
    assert {path.name for path in folder.iterdir()} == {"table.md", "results.json", "figure.png"}
    found = json.loads((folder / "results.json").read_text())
    assert [each["agree"] for each in found["agreements"]] == [True]
    (compared,) = found["comparisons"]
    assert {each["contestant"] for each in compared["contestants"]} == {
        "published",
        "tuned",
        "engine",
    }
    printed = capsys.readouterr().out
    assert "losses compared; about" in printed and "BIOSSES: generated text" in printed
    assert str(folder) in printed and "| published |" in (folder / "table.md").read_text()


def test_losses_that_disagree_are_an_error(checkpoints, tmp_path, small, monkeypatch, capsys):
    found = compare({"engine": [1.0], "published": [2.0], "tuned": [1.0]}, "float32")
    losses = {"losses": {}, "problems": {}} | found
    monkeypatch.setattr(Comparison, "agreement", lambda self: self.key | losses)
    assert run(checkpoints, tmp_path, "--only", "compare", "--precision", "float32") == 1
    assert "losses of the contestants disagree (biosses, baseline" in capsys.readouterr().err


def test_scaling_alone_has_a_report(checkpoints, tmp_path):
    settings = replace(read_settings(only="scaling", rounds=1), cohorts=(1, 2), examples=(32, 64))
    found = command.measure(settings, checkpoints["bert"]) | {"command": "bench"}
    assert found["comparisons"] == [] and len(found["scaling"]["examples"]) == 2
    folder = command.write(found, tmp_path, settings.device)
    text = (folder / "table.md").read_text()
    assert "## Time against the size of the cohort" in text and "## One seed" not in text


def test_ctrl_c_writes_nothing(tmp_path, monkeypatch, capsys):
    def interrupted(settings, checkpoint):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "measure", interrupted)
    assert command.main(read_settings(), tmp_path) == 130
    assert capsys.readouterr().err == "stopped; nothing was written\n"
    assert list(tmp_path.iterdir()) == []
