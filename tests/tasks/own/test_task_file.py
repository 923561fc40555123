"""What a task file may say, and what it may not."""

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.own.description import Columns, Split, Start
from workbench.tasks.own.path import absolute, is_task_file
from workbench.tasks.own.task_file import read_description


@pytest.fixture
def read(tmp_path):
    def _read(text):
        path = tmp_path / "task.yaml"
        path.write_text(text)
        return read_description(path)

    return _read


WHOLE = """
name: notes
title: Discharge notes
kind: classification
data: {train: a.csv, test: sub/b.tsv}
columns: {text: note, label: outcome, second: plan, id: key, document: patient}
labels: [home, 1, "yes"]
split: {dev: 0.2, seed: 3, group: hospital, stratify: no}
quotes: yes
metric: accuracy
max_length: 256
recipes:
  small: {learning_rate: 1e-4}
  base: {batch_size: 8, epochs: 5}
"""


def test_every_setting_is_read(read, tmp_path):
    found = read(WHOLE)
    assert (found.name, found.title, found.kind) == ("notes", "Discharge notes", "classification")
    assert found.source("train") == tmp_path / "a.csv"
    assert (found.format_of("train"), found.format_of("test")) == ("csv", "tsv")
    assert found.columns == Columns("note", "plan", "outcome", id="key", document="patient")
    assert found.labels == ("home", "1", "yes")
    assert found.split == Split(0.2, seed=3, group="hospital", stratify=False)
    assert found.group == "hospital" and found.quotes is True
    assert found.recipes.small == Start(learning_rate=1e-4)
    assert found.recipes.base == Start(batch_size=8, epochs=5)


def test_little_is_enough(read):
    found = read("name: a\nkind: tokens\ndata: a.conll\n")
    assert found.data == {"train": "a.conll"} and found.splits == ("train",)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("kind: clasification", "there is no kind 'clasification': did you mean 'classification'?"),
        ("colums: {}", "there is no setting 'colums': did you mean 'columns'?"),
        ("columns: {txt: a}", "there is no setting of columns 'txt': did you mean 'text'?"),
        ("columns: note", "columns must hold settings of its own"),
        ("labels: [yes, no]", "labels must be a list; put quotes around yes, no, on and off"),
        ("labels: [a, a]", "labels names one twice"),
        ("labels: [a]", "labels names one alone"),
        ("name: yes", "name must be text; put quotes around yes"),
        ("name: a/b", "must be of up to 60 letters"),
        ("data: {dev: a.csv}", "data has no train"),
        ("data: {training: a.csv}", "data must be a path, or a path for each of train, dev, test"),
        ("split: {dev: 0.5, test: 0.5}", "leave nothing for train"),
        ("split: {dev: 1.5}", "must lie between 0 and 1"),
        ("split: {seed: 1.5}", "split.seed must be a whole number"),
        ("split: {stratify: maybe}", "split.stratify must be yes or no"),
        ("columns: {label: [a, b]}", "a list in columns.label is for multi-label, not"),
        ("columns: {label: {}}", "columns.label must be a column's name, or a list of names"),
        ("max_length: 2", "max_length must be at least 4"),
        ("recipes: {small: {epochs: -1}}", "must be above 0"),
        ("recipes: {small: {learning_rate: .nan}}", "recipes.small.learning_rate must be a number"),
        ("encoding: rot13", "there is no encoding 'rot13'"),
        ("scheme: bio", "there is no scheme 'bio': did you mean"),
        ("columns: {text: ''}", "columns.text is empty: name the column"),
        ("max_length: .inf", "max_length must be a whole number"),
        (f"split: {{dev: 1{'0' * 400}}}", "split.dev must be a number"),
        ("metric: [", "is no YAML"),
        ("title: 2024-02-30", "is no YAML"),
        (f"labels: {'[' * 3000}", "is no YAML"),
        ("extra: !!python/object/apply:os.getcwd []", "is no YAML"),
    ],
)
def test_what_cannot_work_is_one_sentence(read, change, sentence, tmp_path):
    name = change.partition(":")[0]
    lines = [
        line
        for line in ("name: notes", "kind: classification", "data: a.csv")
        if not line.startswith(f"{name}:")
    ]
    with pytest.raises(WorkbenchError) as refused:
        read("\n".join([*lines, change]))
    assert sentence in str(refused.value) and "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"the task file {tmp_path / 'task.yaml'}: ")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("columns: {label: [a, a]}", "columns.label names a column twice"),
        ("separator: ''", "separator is empty"),
    ],
)
def test_what_cannot_work_for_several_labels(read, change, sentence):
    with pytest.raises(WorkbenchError, match=sentence):
        read(f"name: notes\nkind: multi-label\ndata: a.csv\n{change}\n")


@pytest.mark.parametrize("missing", ["name", "kind", "data"])
@pytest.mark.parametrize("written", ["", "{}:"])
def test_what_must_be_there(read, missing, written):
    lines = ("name: notes", "kind: classification", "data: a.csv")
    found = [line for line in lines if not line.startswith(missing)]
    with pytest.raises(WorkbenchError, match=f"{missing} is missing: add it"):
        read("\n".join([*found, written.format(missing)]))


def test_other_files_are_no_task_files(tmp_path):
    path = tmp_path / "task.yaml"
    with pytest.raises(
        WorkbenchError, match=r"there is no task file .*task\.yaml that can be read"
    ):
        read_description(path)
    path.write_text("- a\n")
    with pytest.raises(WorkbenchError, match="it must hold settings"):
        read_description(path)
    with path.open("wb") as file:
        file.truncate(1 << 31)
    with pytest.raises(WorkbenchError, match="larger than 1 MB"):
        read_description(path)


def test_a_path_has_one_form(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Task.YAML").touch()
    (tmp_path / "link.yml").symlink_to("Task.YAML")
    assert is_task_file(" Task.YAML ") and is_task_file("link.yml") and not is_task_file("hoc")
    assert absolute("Task.YAML") == absolute("link.yml") == str(tmp_path.resolve() / "Task.YAML")


def test_a_file_whose_ending_tells_nothing_needs_a_format(read):
    with pytest.raises(WorkbenchError, match=r"the ending of a\.dat is none of .*: add format"):
        read("name: a\nkind: classification\ndata: a.dat\n").format_of("train")
    found = read("name: a\nkind: classification\ndata: a.dat\nformat: tsv\n")
    assert found.format_of("train") == "tsv"
