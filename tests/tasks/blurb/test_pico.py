"""EBM PICO with and without its training file."""

import pytest
from datasets import Dataset

from workbench.errors import WorkbenchError
from workbench.tasks.blurb.pico import divide, read_pico

LABELS = ("I-PAR", "I-INT", "I-OUT", "O")


def content(documents):
    blocks = (f"-DOCSTART- ({each})\n\n{each}\tI-PAR\n.\tO\n\nb\tO\n\n" for each in documents)
    return "".join(blocks)


@pytest.fixture
def paths(write):
    files = {"train.tsv": range(3), "dev.tsv": range(10, 30), "test.tsv": range(50, 52)}
    return {name: write(content(documents), name) for name, documents in files.items()}


def test_the_training_file_is_read_where_it_is(paths):
    splits, notes = read_pico(paths, LABELS)
    assert notes == ()
    assert [len(set(records["document"])) for records in splits.values()] == [3, 20, 2]
    assert splits["train"][:2] == {
        "words": [["0", "."], ["b"]],
        "tags": [[0, 3], [3]],
        "document": ["0", "0"],
    }


def test_without_it_dev_is_divided_by_document(paths):
    whole = read_pico(paths, LABELS)[0]["dev"]
    del paths["train.tsv"]
    splits, (note,) = read_pico(paths, LABELS)
    assert list(splits) == ["train", "dev", "test"]
    train, dev = (set(splits[name]["document"]) for name in ("train", "dev"))
    assert (len(train), len(dev)) == (16, 4) and not train & dev
    rows = [*splits["train"].to_list(), *splits["dev"].to_list()]
    assert sorted(map(str, rows)) == sorted(map(str, whole.to_list()))
    assert "16 of the 20 documents of dev.tsv were trained on and the other 4 are dev" in note


def test_dev_is_not_empty_where_there_are_few_documents():
    train, dev = divide(Dataset.from_dict({"document": ["a", "b", "c", "c"]}))
    assert len(set(dev["document"])) == 1 and len(set(train["document"])) == 2


def test_the_division_does_not_depend_on_the_order(paths):
    records = read_pico(paths, LABELS)[0]["dev"]
    turned = records.select(range(len(records) - 1, -1, -1))
    parts = [divide(each)[1]["document"] for each in (records, turned)]
    assert set(parts[0]) == set(parts[1]) == {"10", "13", "17", "29"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a\tO\n", "stands before the first line -DOCSTART- with a document's id"),
        ("-DOCSTART- (1)\n\na\tB-PAR\n", "line 3: the tag 'B-PAR' is not one of I-PAR, I-INT"),
        ("-DOCSTART- (1)\n\n", "holds no sentence"),
    ],
)
def test_a_damaged_file_is_refused(paths, write, text, problem):
    paths["test.tsv"] = write(text, "test.tsv")
    with pytest.raises(WorkbenchError, match=f"test.tsv.*{problem}"):
        read_pico(paths, LABELS)
