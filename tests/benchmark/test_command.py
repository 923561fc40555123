import json
from dataclasses import replace

import pytest
import torch

from workbench.__main__ import main
from workbench.benchmark import command
from workbench.benchmark.agreement import compare
from workbench.benchmark.command import checkpoint_of
from workbench.benchmark.comparison import Comparison
from workbench.benchmark.settings import RANDOM_BASE, read_settings


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_random_weights_have_the_shape_of_bert_base():
    with checkpoint_of(RANDOM_BASE) as checkpoint:
        assert (checkpoint.layers, checkpoint.config["hidden_size"]) == (12, 768)
        assert (checkpoint.folder / "model.safetensors").stat().st_size > 4e8
    assert not checkpoint.folder.exists()


@pytest.fixture
def small(monkeypatch):
    """Keep a benchmark short: no measurement of matrix products."""
    monkeypatch.setattr("workbench.benchmark.machine.MatrixProducts.rate", lambda _: 1e9)


def run(checkpoints, tmp_path, *arguments):
    line = ["bench", "--model", str(checkpoints["bert"].folder), "--outputs", str(tmp_path)]
    line += ["--rounds", "1", "--seeds", "1,2", "--tasks", "biosses", "--techniques", "baseline"]
    return main([*line, *arguments])


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
    assert printed.startswith("foretold from the rate of matrix products: about ")
    assert "losses compared; about" in printed and "all have started; about" in printed
    assert "BIOSSES: generated text" in printed
    assert str(folder) in printed and "| published |" in (folder / "table.md").read_text()


def test_losses_that_disagree_are_an_error(checkpoints, tmp_path, small, monkeypatch, capsys):
    found = compare({"engine": [1.0], "published": [2.0], "tuned": [1.0]}, "float32")
    losses = {"losses": {}, "problems": {}} | found
    monkeypatch.setattr(Comparison, "agreement", lambda self: self.key | losses)
    assert run(checkpoints, tmp_path, "--only", "compare", "--precision", "float32") == 1
    assert "losses of the contestants disagree (biosses, baseline" in capsys.readouterr().err


def test_scaling_alone_has_a_report(checkpoints, tmp_path, small):
    settings = replace(read_settings(only="scaling", rounds=1), cohorts=(1, 2), examples=(32, 64))
    found = command.measure(settings, checkpoints["bert"])
    assert found["comparisons"] == [] and len(found["scaling"]["examples"]) == 2
    command.write(found, tmp_path)
    text = (tmp_path / "table.md").read_text()
    assert "## Time against the size of the cohort" in text and "## One seed" not in text


def test_precision_alone_has_a_report(checkpoints, tmp_path, small):
    settings = replace(read_settings(only="precision", precision="bfloat16"), pairs=2, max_steps=2)
    found = command.measure(settings, checkpoints["bert"])
    command.write(found, tmp_path)
    text = (tmp_path / "table.md").read_text()
    assert "## Precision" in text and "| bfloat16 | 2 |" in text and "figure.png" in text
    stored = json.loads((tmp_path / "results.json").read_text())
    assert stored == found


def test_what_would_end_too_late_is_left_out_and_said(checkpoints, tmp_path, small):
    chosen = read_settings(tasks="biosses", seeds="1", precision="float32")
    settings = replace(chosen, minutes=1e-6)
    kept = []
    found = command.measure(settings, checkpoints["bert"], lambda results: kept.append(results))
    assert found["comparisons"] == [] and found["scaling"] is None and len(kept) == 3
    said = [note for note in found["notes"] if note.startswith("Not measured")]
    assert [note.rsplit(": ")[-1] for note in said] == [
        "biosses, baseline, float32.",
        "biosses, freeze, float32.",
        "scaling.",
    ]
    command.write(found, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"table.md", "results.json"}
    assert not (tmp_path / "figure.png").exists()
    assert "figure.png" not in (tmp_path / "table.md").read_text()


def test_ctrl_c_writes_nothing(tmp_path, monkeypatch, capsys):
    def interrupted(settings, checkpoint, keep):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "measure", interrupted)
    assert command.main(read_settings(), tmp_path) == 130
    assert capsys.readouterr().err == "stopped; nothing was written\n"
    assert list(tmp_path.iterdir()) == []


def test_what_was_measured_before_ctrl_c_stays(checkpoints, tmp_path, monkeypatch, capsys):
    settings = read_settings(model=str(checkpoints["bert"].folder))

    def interrupted(settings, checkpoint, keep):
        keep(command.beginning(settings, checkpoint))
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "measure", interrupted)
    assert command.main(settings, tmp_path) == 130
    (folder,) = (tmp_path / "bench").iterdir()
    assert str(folder) in capsys.readouterr().err and (folder / "table.md").is_file()
