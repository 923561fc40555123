"""The same small task in every format gives the same encodings, and the same hash."""

import csv
import json

import datasets
import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.loading import load
from workbench.tasks.own import stored
from workbench.tasks.own.conll import read_conll
from workbench.tasks.own.task_file import read_description
from workbench.tasks.task import SPLITS

WORDS = ["Aspirin", "lowers", "fever", "and", "breast", "cancer", "pain"]
TAGS = ["B-Drug", "O", "B-Disease", "O", "B-Disease", "I-Disease", "O"]


@pytest.fixture
def texts(secrets):
    """Return rows of two texts and a label; the first holds what a table must quote."""
    odd = 'She said "no", then; left.\tTwice.'
    return [
        {"text": odd if number == 0 else text, "plan": f"plan {number}", "label": "yn"[number % 2]}
        for number, text in enumerate(secrets)
    ]


@pytest.fixture
def sentences():
    """Return sentences of different length, some without a mention."""
    ends = [2, 3, 5, 6, 7] * 4
    return [{"words": WORDS[:end], "tags": TAGS[:end]} for end in ends]


def delimited(path, rows, comma):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=comma)
        writer.writeheader()
        writer.writerows(rows)


def write_csv(path, rows):
    delimited(path, rows, ",")


def write_tsv(path, rows):
    delimited(path, rows, "\t")


def write_json_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_conll(path, rows):
    path.write_text(
        "-DOCSTART- -X- O O\n\n"
        + "\n".join(
            "".join(
                f"{word} NN {tag}\n" for word, tag in zip(row["words"], row["tags"], strict=True)
            )
            for row in rows
        )
    )


def write_dataset(path, rows):
    datasets.Dataset.from_list(rows).save_to_disk(path)


def write_classes(path, rows):
    """Write a dataset whose labels are numbers with names."""
    records = datasets.Dataset.from_list(rows)
    if "label" in rows[0]:
        records = records.cast_column("label", datasets.ClassLabel(names=["n", "y"]))
    else:
        names = datasets.ClassLabel(names=sorted(set(TAGS)))
        records = records.cast_column("tags", datasets.List(names))
    records.save_to_disk(path)


def write_split(path, rows):
    """Write a dataset that holds train alone, by its name."""
    datasets.DatasetDict({"train": datasets.Dataset.from_list(rows)}).save_to_disk(path)


WRITERS = {
    "a.csv": write_csv,
    "a.tsv": write_tsv,
    "a.jsonl": write_json_lines,
    "a.conll": write_conll,
    "dataset": write_dataset,
    "classes": write_classes,
    "splits": write_split,
}


@pytest.fixture
def loaded(task_file, tmp_path):
    """Return a function that writes rows in a format and loads them as a task."""

    def load_as(name, rows, **settings):
        WRITERS[name](tmp_path / name, rows)
        return load(str(task_file(name=f"{name}.yaml", data=name, **settings)))

    return load_as


def assert_same(tasks, tokenizer):
    first, *others = tasks
    for other in others:
        assert other.data_hash == first.data_hash and other.task.labels == first.task.labels
        for split in SPLITS:
            assert other.splits[split].to_list() == first.splits[split].to_list()
            encodings = [
                task.shape.encode(task.splits[split], tokenizer, 64) for task in (first, other)
            ]
            for one, two in zip(*(vars(encoded).values() for encoded in encodings), strict=True):
                assert one.dtype == two.dtype and np.array_equal(one, two)


@pytest.mark.parametrize("second", ["", "plan"])
def test_texts_and_pairs(loaded, texts, bert, second):
    names = ("a.csv", "a.tsv", "a.jsonl", "dataset", "classes", "splits")
    columns = {"columns": {"second": second}} if second else {}
    tasks = [
        loaded(name, texts, **columns, **({"quotes": True} if name == "a.tsv" else {}))
        for name in names
    ]
    assert tasks[0].task.labels == ("n", "y")
    found = [row for records in tasks[0].splits.values() for row in records]
    assert texts[0]["text"] in [row["sentence1" if second else "text"] for row in found]
    assert_same(tasks, bert)


def test_several_labels(loaded, texts, bert):
    lists = [row | {"label": ["a", "b"][: number % 3]} for number, row in enumerate(texts)]
    cells = [row | {"label": "; ".join(row["label"])} for row in lists]
    ticks = [
        {"text": row["text"], "a": int("a" in row["label"]), "b": int("b" in row["label"])}
        for row in lists
    ]
    tasks = [
        loaded(name, cells if name == "a.csv" else lists, kind="multi-label")
        for name in ("a.csv", "a.jsonl", "dataset")
    ]
    ticked = {"kind": "multi-label", "columns": {"label": ["a", "b"]}}
    tasks += [loaded(name, ticks, **ticked) for name in ("a.csv", "a.jsonl", "dataset")]
    assert tasks[0].task.labels == ("a", "b")
    assert_same(tasks, bert)


def test_scores(loaded, texts, bert):
    rows = [row | {"label": number / 4} for number, row in enumerate(texts)]
    tasks = [
        loaded(name, rows, kind="regression", columns={"second": "plan"})
        for name in ("a.csv", "a.jsonl", "dataset")
    ]
    assert_same(tasks, bert)


def test_tokens(loaded, sentences, bert):
    cells = [{name: " ".join(values) for name, values in row.items()} for row in sentences]
    tasks = [
        loaded(name, cells if name == "a.csv" else sentences, kind="tokens")
        for name in ("a.conll", "a.csv", "a.jsonl", "dataset", "classes", "splits")
    ]
    assert tasks[0].task.labels == ("B-Disease", "I-Disease", "B-Drug", "I-Drug", "O")
    assert_same(tasks, bert)


def test_a_dataset_may_have_its_splits(task_file, tmp_path, texts):
    parts = {"train": texts[:10], "validation": texts[10:14], "test": texts[14:]}
    datasets.DatasetDict(
        {name: datasets.Dataset.from_list(rows) for name, rows in parts.items()}
    ).save_to_disk(tmp_path / "whole")
    task = load(str(task_file(data="whole")))
    assert [len(task.splits[split]) for split in SPLITS] == [10, 4, 6] and task.notes == ()


def test_a_dataset_that_is_given_for_one_split_is_read_for_that_one(task_file, tmp_path, texts):
    parts = {"train": texts[:10], "test": texts[10:]}
    datasets.DatasetDict(
        {name: datasets.Dataset.from_list(rows) for name, rows in parts.items()}
    ).save_to_disk(tmp_path / "whole")
    task = load(str(task_file(data={"train": "whole", "test": "whole"}, split={"dev": 0.4})))
    assert len(task.splits["test"]) == 10
    assert set(task.splits["test"]["text"]) == {row["text"] for row in texts[10:]}
    with pytest.raises(WorkbenchError, match="whole has no split 'dev': name one that has it"):
        load(str(task_file(data={"train": "whole", "dev": "whole"})))


def test_documents_that_each_conll_file_numbers_are_not_the_same(task_file):
    files = {f"{split}.conll": f"-DOCSTART- O\n\n{split} B-x\n" for split in SPLITS}
    data = {split: f"{split}.conll" for split in SPLITS}
    columns = {"document": "document"}
    assert load(str(task_file(files, kind="tokens", data=data, columns=columns))).notes == ()


def test_a_label_of_minus_one_is_none(task_file, tmp_path, texts):
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["n", "y"])}
    )
    rows = [{"text": row["text"], "label": place % 3 - 1} for place, row in enumerate(texts)]
    datasets.Dataset.from_list(rows, features=features).save_to_disk(tmp_path / "hidden")
    with pytest.raises(WorkbenchError, match=r"hidden, train, row 1: there is no label"):
        load(str(task_file(data="hidden")))


@pytest.mark.parametrize("source", ["hub:owner/notes", "hub:owner/notes@v1"])
def test_a_dataset_of_the_hub_is_asked_for_by_name_and_revision(
    task_file, texts, monkeypatch, source
):
    asked = []

    def load_dataset(name, revision):
        asked.append((name, revision))
        return datasets.DatasetDict({"train": datasets.Dataset.from_list(texts)})

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    task = load(str(task_file(data=source)))
    assert len(task.splits["train"]) == 14
    assert asked == [("owner/notes", "v1" if "@" in source else None)]


@pytest.mark.parametrize("source", ["hub:../notes", "hub:", "hub:a/b/c", "hub:https://x/y"])
def test_what_is_no_name_of_the_hub_is_not_asked_for(source):
    with pytest.raises(WorkbenchError, match="names no dataset of the hub"):
        stored.open_dataset(source)


def test_without_a_network_the_way_out_is_told():
    with pytest.raises(WorkbenchError, match=r"cannot be loaded from the hub .* save_to_disk"):
        stored.open_dataset("hub:nobody/no-such-notes")


def test_a_folder_that_is_no_dataset(task_file, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(WorkbenchError, match=r"empty holds no dataset .* write it with save_to"):
        load(str(task_file(data="empty")))


@pytest.mark.parametrize(
    ("rows", "columns", "documents"),
    [
        ("a\tX\tO\nb\tX\tB\n\nc\tX\tO\n", {}, ["0", "0"]),
        ("O a\r\nB b\r\n\r\nO c\r\n", {"words": 1, "tags": 0}, ["0", "0"]),
        ("-DOCSTART- (1)\n\na O\nb B\n-DOCSTART- (2)\nc O\n", {}, ["1", "2"]),
        ("\ufeffa O\nb B\n\n\n\nc O", {}, ["0", "0"]),
    ],
)
def test_forms_of_conll(task_file, rows, columns, documents):
    path = task_file({"a.conll": rows}, kind="tokens", data="a.conll", columns=columns)
    found = read_description(path)
    read = [row for _, row in read_conll(found.source("train"), found)]
    words, tags = found.columns.words, found.columns.tags
    assert [row[words] for row in read] == [["a", "b"], ["c"]]
    assert [row[tags] for row in read] == [["O", "B"], ["O"]]
    assert [row["document"] for row in read] == documents
