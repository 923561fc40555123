"""From a task file to splits: what is made, what is given, what is noted."""

import csv
import json
from collections import Counter

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.loading import load
from workbench.tasks.own.examples import examples
from workbench.tasks.own.tables import read_csv
from workbench.tasks.own.task_file import read_description
from workbench.tasks.task import SPLITS


@pytest.fixture
def rows(secrets):
    """Return 60 rows of twenty documents, every third of them labelled y."""
    return [
        {"text": f"{text}, part {part}", "label": "yn"[number % 3 > 0], "patient": f"p{number}"}
        for part in range(3)
        for number, text in enumerate(secrets)
    ]


@pytest.fixture
def load_rows(task_file):
    """Return a function that loads rows, or rows by split, as a task."""

    def make(rows, **settings):
        rows = rows if isinstance(rows, dict) else {"train": rows}
        files = {
            f"{split}.jsonl": "".join(json.dumps(row) + "\n" for row in found)
            for split, found in rows.items()
        }
        data = {split: f"{split}.jsonl" for split in rows}
        return load(str(task_file(files, data=data, **settings)))

    return make


def texts(task, split):
    return set(task.splits[split]["text"])


def test_splits_are_made_in_their_shares_and_each_label_in_its_own(load_rows, rows):
    task = load_rows(rows)
    counts = {split: Counter(task.splits[split]["label"]) for split in SPLITS}
    assert [sum(found.values()) for found in counts.values()] == [42, 6, 12]
    # 21 of 60 are y, the second label: 14.7, 2.1 and 4.2 in the splits.
    assert [found[1] for found in counts.values()] in ([15, 2, 4], [14, 3, 4], [14, 2, 5])
    assert task.notes == (
        "dev and test of notes were drawn from its training rows with seed 0: 42 / 6 / 12 rows in "
        "train, dev and test.",
    )


@pytest.mark.parametrize(
    "settings", [{"split": {"group": "patient"}}, {"columns": {"document": "patient"}}]
)
def test_a_patient_is_in_one_split(load_rows, rows, settings):
    task = load_rows(rows, **settings)
    patient_of = {row["text"]: row["patient"] for row in rows}
    found = {split: {patient_of[text] for text in texts(task, split)} for split in SPLITS}
    assert [len(patients) for patients in found.values()] == [14, 2, 4]
    assert len(set().union(*found.values())) == 20
    assert "rows of one 'patient' kept together: 42 / 6 / 12 rows" in task.notes[0]


def test_units_are_documents_where_a_column_names_them(load_rows, rows):
    task = load_rows(rows, columns={"document": "patient"})
    assert len(task.subset(5, 0).splits["train"]) == 15


def test_a_seed_or_a_share_is_another_task(load_rows, rows):
    first = load_rows(rows)
    for split in ({"seed": 1}, {"test": 0.3}, {"stratify": False}):
        other = load_rows(rows, split=split)
        assert other.data_hash != first.data_hash
        assert other.splits["test"].to_list() != first.splits["test"].to_list()
    assert load_rows(rows).data_hash == first.data_hash


def test_splits_that_are_given_stay_and_the_missing_one_is_made(load_rows, rows):
    task = load_rows({"train": rows[:40], "test": rows[40:]})
    assert texts(task, "test") == {row["text"] for row in rows[40:]}
    assert [len(task.splits[split]) for split in SPLITS] == [36, 4, 20]
    assert task.notes[0].startswith("dev of notes were drawn")


def test_a_document_in_two_given_splits_is_noted(load_rows, rows):
    parts = {"train": rows[:22], "dev": rows[22:40], "test": rows[40:]}
    task = load_rows(parts, columns={"document": "patient"})
    assert task.notes == (
        "20 values of 'patient' in notes occur in more than one split, so test scores may be too "
        "high.",
    )


def test_a_document_in_test_and_in_what_dev_is_made_of_is_noted(load_rows, rows):
    task = load_rows(
        {"train": rows[:40], "test": rows[55:]}, columns={"document": "patient"}, split={"dev": 0.3}
    )
    assert [note.split(" in notes")[0] for note in task.notes[1:]] == ["5 values of 'patient'"]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Notes of ward seven"},
        {"max_length": 64},
        {"recipes": {"small": {"epochs": 2}}},
        {"columns": {"text": "text", "label": "label"}},
    ],
)
def test_what_changes_no_record_is_the_same_data(load_rows, rows, change):
    assert load_rows(rows, **change).data_hash == load_rows(rows).data_hash


@pytest.mark.parametrize(
    "change",
    [
        {"labels": ["y", "n"]},
        {"negative": ["n"]},
        {"metric": "accuracy"},
        {"columns": {"document": "patient"}},
        {"columns": {"second": "patient"}},
    ],
)
def test_what_changes_a_score_is_other_data(load_rows, rows, change):
    assert load_rows(rows, **change).data_hash != load_rows(rows).data_hash


def test_an_edited_file_is_read_anew(load_rows, rows):
    before = load_rows(rows)
    after = load_rows([rows[0] | {"text": "another text"}, *rows[1:]])
    assert before.name == after.name and before.data_hash != after.data_hash
    assert any("another text" in texts(after, split) for split in SPLITS)


def test_the_order_of_listed_labels_is_that_of_the_classes(load_rows, rows):
    task = load_rows(rows, labels=["y", "n", "never"])
    assert task.task.labels == ("y", "n", "never") and task.shape.outputs == 3


def test_labels_that_are_numbers_are_written_as_text(load_rows, rows):
    numbered = [row | {"label": float(row["label"] == "y")} for row in rows]
    assert load_rows(numbered).task.labels == ("0", "1")


def test_an_unknown_negative_label_is_refused(load_rows, rows):
    with pytest.raises(WorkbenchError, match="negative names a label that train does not have"):
        load_rows(rows, negative=["none"])


def test_a_label_that_is_not_negative_must_be_left(load_rows, rows):
    with pytest.raises(WorkbenchError, match="negative names every label of train"):
        load_rows(rows, negative=["y", "n"])


def test_recipes_of_the_task_file_stand_before_the_workbench_s(load_rows, rows):
    recipes = load_rows(rows, recipes={"base": {"epochs": 7, "learning_rate": "1e-5"}}).task.recipes
    assert (recipes["base"].epochs, recipes["base"].learning_rate) == (7, 1e-5)
    assert recipes["base"].batch_size == recipes["large"].batch_size == 16
    assert recipes["small"].learning_rate == 2e-4


def test_what_python_shows_of_an_example_tells_nothing_of_it(task_file, secrets, leaked):
    # A debugger, a log or a test runner may show the values of a function that failed.
    path = task_file(
        {"a.csv": f"text,label,id\n{secrets[0]},y,ward seven\n"},
        data="a.csv",
        columns={"id": "id", "document": "id"},
    )
    found = read_description(path)
    (example,) = examples(read_csv(found.source("train"), found), found)
    assert example.texts == (secrets[0],) and not leaked(repr(example))


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252", "utf-8"])
def test_the_encoding_of_the_task_file_is_used(task_file, encoding):
    lines = "".join(f"caf\xe9 {place},{'yn'[place % 2]}\n" for place in range(20))
    content = {"a.csv": f"text,label\n{lines}".encode(encoding)}
    task = load(str(task_file(content, data="a.csv", encoding=encoding)))
    assert all(text.startswith("caf\xe9 ") for text in task.splits["train"]["text"])


def test_a_text_may_be_longer_than_the_fields_of_python_s_csv(task_file):
    limit = csv.field_size_limit()
    lines = "".join(f'"{"x" * (2 * limit)}\n{place}",{"yn"[place % 2]}\n' for place in range(20))
    task = load(str(task_file({"a.csv": f"text,label\n{lines}"}, data="a.csv")))
    assert {len(text) // limit for text in task.splits["train"]["text"]} == {2}
    assert csv.field_size_limit() == limit
