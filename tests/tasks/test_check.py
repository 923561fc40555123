"""What a task's data are like, against numbers counted by hand and against the fact sheet."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset

from workbench.tasks.catalogue import TASKS
from workbench.tasks.check import NO_LABEL, check, counts, inputs_of, labels, repeats
from workbench.tasks.classification import Classification
from workbench.tasks.document import Document
from workbench.tasks.loading import LoadedTask, load
from workbench.tasks.mention import Mention
from workbench.tasks.regression import Regression
from workbench.tasks.task import SPLITS


def loaded(name, shape, train, dev, test, **facts):
    """Return a task of the catalogue with other records."""
    splits = zip(SPLITS, map(Dataset.from_dict, (train, dev, test)), strict=True)
    return LoadedTask(replace(TASKS[name], **facts), "", name, shape, dict(splits), "hash")


def classified(*rows):
    return {"text": [text for text, _ in rows], "label": [label for _, label in rows]}


@pytest.fixture
def relations():
    return loaded(
        "gad",
        Classification(("no", "yes")),
        classified(("a b", 0), ("a b", 1), ("c d.", 1), ("e", 0), ("a b", 0)),
        classified(("c d.", 0), ("f", 0)),
        classified(("a b", 1), ("c d", 1), ("a b", 1)),
        labels=("no", "yes"),
        counts=(5, 1, 3),
    )


@pytest.fixture
def documents():
    text = {"text": ["a", "b", "c", "d"], "labels": [[1, 0], [0, 1], [0, 0], [1, 0]]}
    train = text | {"document": ["1", "1", "2", "3"]}
    short = {"text": ["a", "x"], "labels": [[0, 0], [0, 0]], "document": ["4", "4"]}
    return loaded("hoc", Document(("p", "q")), train, short, short, labels=("p", "q"))


def test_what_is_counted_stands_beside_what_is_published(relations):
    table = counts(relations)
    assert list(table["records"]) == list(table["units"]) == list(table["counted"]) == [5, 2, 3]
    assert list(table["published"]) == [5, 1, 3]
    assert list(table["differs"]) == [False, True, False]


def test_a_generated_task_has_no_published_counts():
    table = counts(load("miniature-document"))
    assert table["published"].isna().all() and not table["differs"].any()
    assert list(table["units"]) == list(table["counted"])


def test_documents_are_units(documents):
    table = counts(documents)
    assert list(table["records"]) == [4, 2, 2] and list(table["units"]) == [3, 1, 1]


def balance(task, split):
    table = labels(task)
    table = table[table["split"] == split]
    return dict(zip(table["label"], zip(table["count"], table["share"], strict=True), strict=True))


def test_classes_are_counted_by_record(relations):
    assert balance(relations, "train") == {"no": (3, 0.6), "yes": (2, 0.4)}
    assert balance(relations, "dev") == {"no": (2, 1.0), "yes": (0, 0.0)}


def test_labels_are_counted_by_document(documents):
    third = pytest.approx(1 / 3)
    assert balance(documents, "train") == {
        "p": (2, pytest.approx(2 / 3)),
        "q": (1, third),
        NO_LABEL: (1, third),
    }
    assert balance(documents, "test") == {"p": (0, 0), "q": (0, 0), NO_LABEL: (1, 1)}


def test_tags_are_counted_by_word():
    words = {"words": [["a", "b", "c"], ["d"]], "tags": [[0, 1, 2], [2]]}
    found = loaded("ncbi-disease", Mention(), words, words, words)
    assert balance(found, "dev") == {"B": (1, 0.25), "I": (1, 0.25), "O": (2, 0.5)}


def test_numbers_are_counted_in_quarters_of_their_range():
    def scored(*scores):
        return {"sentence1": ["a"] * len(scores), "sentence2": ["b"] * len(scores)} | {
            "score": list(scores)
        }

    task = loaded("biosses", Regression(), scored(0.0, 0.5, 1.0), scored(2.5), scored(4.0, 3.9))
    assert {label: n for label, (n, _) in balance(task, "train").items()} == {
        "0 to 1": 2,
        "1 to 2": 1,
        "2 to 3": 0,
        "3 to 4": 0,
    }
    assert balance(task, "test")["3 to 4"] == (2, 1.0)
    years = loaded("biosses", Regression(), scored(2016, 2017), scored(2018), scored(2020, 2020))
    assert [n for n, _ in balance(years, "train").values()] == [1, 1, 0, 0]
    assert balance(years, "test")["2019 to 2020"] == (2, 1.0)


def test_repeats_are_of_a_training_text_to_the_letter(relations):
    table = repeats(inputs_of(relations)).set_index("split")
    # In train two records say again what the first one says; "c d" is not "c d.".
    assert list(table["repeated"]) == [2, 1, 2]
    assert list(table["distinct"]) == [1, 1, 1]
    assert list(table["share"]) == pytest.approx([0.4, 0.5, 2 / 3])


def test_both_texts_of_a_pair_must_repeat():
    def pairs(*texts):
        return {"sentence1": [a for a, _ in texts], "sentence2": [b for _, b in texts]} | {
            "score": [1.0] * len(texts)
        }

    task = loaded("biosses", Regression(), pairs("ab"), pairs("ab", "ba"), pairs("ac"))
    assert list(repeats(inputs_of(task))["repeated"]) == [0, 1, 0]


def test_all_of_it_in_one_table(relations, bert):
    told = []

    def begin(total):
        told.append(total)
        return told.append

    found = check(relations, {"one": (bert, 16), "two": (bert, 3)}, begin)
    # Ten records and the words a, b, c, d, e, f, for each of two tokenizers.
    assert told[0] == 32 == sum(told[1:])
    assert [one.limit for one in found.pieces] == [16, 3]
    assert list(found.lengths["median"]) == [4, 3, 4] * 2
    assert list(found.lengths["cut"]) == [0, 0, 0, 4, 1, 3]
    assert list(found.fragmentation["model"]) == ["one", "two"]
    tidy = found.tidy()
    assert list(tidy) == ["task", "table", "model", "split", "label", "measure", "value"]
    assert set(tidy["table"]) == {"counts", "labels", "repeats", "lengths", "fragmentation"}
    chosen = (tidy["table"] == "labels") & (tidy["label"] == "yes") & (tidy["measure"] == "count")
    assert list(tidy[chosen]["value"]) == [2, 0, 3]


def test_no_text_is_in_it(bert):
    secret = "unutterable"
    words = {"words": [[secret, "b"]], "tags": [[0, 2]]}
    found = check(loaded("ncbi-disease", Mention(), words, words, words), {"m": (bert, 512)})
    assert secret not in found.tidy().to_csv() and secret not in repr(found)


REPEATS = {
    "ddi": ((80, 78), (34, 34)),
    "jnlpba": (None, (108, 103)),
    "bc2gm": (None, (53, 33)),
    "gad": ((39, 39), (8, 5)),
    "hoc": (None, (6, 6)),
}
"""Repeated records and distinct texts among them, in dev and test."""


@pytest.mark.parametrize("name", REPEATS)
def test_repeats_of_the_real_tasks(corpora, name):
    table = repeats(inputs_of(load(name))).set_index("split")
    for split, expected in zip(("dev", "test"), REPEATS[name], strict=True):
        if expected:
            assert tuple(table.loc[split, ["repeated", "distinct"]]) == expected


def test_documents_without_labels_of_the_real_task(corpora):
    table = labels(load("hoc"))
    assert list(table[table["label"] == NO_LABEL]["count"]) == [197, 22, 53]


def test_the_majority_of_the_real_questions(corpora):
    table = labels(load("pubmedqa"))
    test = table[table["split"] == "test"].set_index("label")["share"]
    assert test.max() == pytest.approx(0.552)
    assert isinstance(test, pd.Series) and np.isclose(test.sum(), 1)
