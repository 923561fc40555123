"""What a user sees who mistypes: a status other than zero and one sentence, nothing half-done."""

import hashlib
import os
import re
import shutil
from pathlib import Path

import pytest

from workbench.tasks.loading import load

MISTAKES = {
    "parameter": (["-p", "taks", "hoc"], "there is no parameter 'taks': did you mean 'task'?"),
    "task": (["-p", "task", "hco"], "there is no task 'hco': did you mean 'hoc'?"),
    "seeds": (["-p", "seeds", "0"], "seeds is 0, but it must be at least 1"),
    "model": (["-p", "models", "nosuch"], "there is no model 'nosuch'"),
    "technique": (["-p", "techniques", "freez:3"], "did you mean 'freeze'?"),
    "no network": (["-p", "task", "biosses"], "cannot download BIOSSES/train.tsv"),
}


def runs_in(outputs):
    return [path for path in outputs.rglob("*") if path.is_file()]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_on_the_command_line(mistake, command, tmp_path, last_line):
    parameters, sentence = MISTAKES[mistake]
    outputs = tmp_path / "outputs"
    done = command("python", "-m", "workbench", "sweep", *parameters, "-p", "outputs", outputs)
    assert done.returncode != 0
    assert sentence in last_line(done)
    assert [path.suffix for path in runs_in(outputs)] in ([], [".ipynb"])


@pytest.mark.parametrize("mistake", ["parameter", "task"])
def test_a_mistake_through_papermill(mistake, papermill, tmp_path, last_line):
    parameters, sentence = MISTAKES[mistake]
    done, _ = papermill(*parameters, "-p", "outputs", tmp_path / "outputs")
    assert done.returncode != 0
    assert sentence in last_line(done)
    assert not runs_in(tmp_path / "outputs")


def test_outputs_that_is_a_file(command, tmp_path, last_line):
    outputs = tmp_path / "outputs"
    outputs.write_text("kept")
    done = command("python", "-m", "workbench", "sweep", "-p", "outputs", outputs)
    assert done.returncode != 0
    assert str(outputs) in last_line(done)
    assert outputs.read_text() == "kept"


def test_a_data_folder_that_does_not_exist(papermill, tmp_path, last_line):
    outputs = tmp_path / "outputs"
    missing = tmp_path / "nowhere"
    done, _ = papermill(
        "-p", "task", "biosses", "-p", "outputs", outputs, WORKBENCH_DATA=str(missing)
    )
    assert done.returncode != 0
    assert "WORKBENCH_DATA" in last_line(done) and str(missing) in last_line(done)
    assert not runs_in(outputs)


@pytest.fixture
def blurb(tmp_path):
    """Return a folder in BLURB's layout with generated pairs in the place of BIOSSES."""
    folder = tmp_path / "blurb" / "BIOSSES"
    folder.mkdir(parents=True)
    for split, records in load("miniature-similarity:size=8").splits.items():
        lines = ["pair_id\tsent1\tsent2\tscore"]
        lines += [
            f"{number}\t{row['sentence1']}\t{row['sentence2']}\t{row['score']}"
            for number, row in enumerate(records)
        ]
        (folder / f"{split}.tsv").write_text("\n".join(lines) + "\n", encoding="utf8")
    return folder


def test_a_truncated_file(papermill, blurb, tmp_path, last_line):
    path = blurb / "train.tsv"
    path.write_text(path.read_text()[:-12])
    outputs = tmp_path / "outputs"
    done, _ = papermill(
        "-p", "task", "biosses", "-p", "outputs", outputs, WORKBENCH_DATA=str(blurb.parent)
    )
    assert done.returncode != 0
    assert "train.tsv" in last_line(done) and "line 9" in last_line(done)
    assert not runs_in(outputs)


def test_a_downloaded_file_with_a_wrong_hash(papermill, blurb, tmp_path, last_line):
    cache = tmp_path / "cache"
    shutil.move(blurb.parent, cache)
    outputs = tmp_path / "outputs"
    done, _ = papermill(
        "-p", "task", "biosses", "-p", "outputs", outputs, WORKBENCH_CACHE=str(cache)
    )
    assert done.returncode != 0
    assert ".tsv" in last_line(done) and re.search("delete|remove", last_line(done))
    assert not runs_in(outputs)


def digests(folder: Path):
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_mistake_leaves_finished_runs_alone(papermill, tmp_path):
    outputs = tmp_path / "outputs"
    line = ["-p", "outputs", outputs, "-p", "task", "miniature-similarity:size=8"]
    line += ["-p", "seeds", "1", "-p", "max_steps", "1", "-p", "models", "minilm"]
    done, _ = papermill(*line, "-p", "techniques", "baseline")
    assert done.returncode == 0, done.stderr
    before = digests(outputs / "runs")
    assert before and os.path.isdir(outputs / "reports")
    assert papermill(*line, "-p", "techniques", "freeze:99")[0].returncode != 0
    assert digests(outputs / "runs") == before
