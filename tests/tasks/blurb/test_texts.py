"""The tables of texts: what is read, and what is refused."""

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.blurb.texts import (
    read_associations,
    read_documents,
    read_questions,
    read_relations,
    read_similarity,
)
from workbench.tasks.catalogue import HALLMARKS

LABELS = ("x", "y")
SIMILARITY = "pair_id\tsent1\tsent2\tscore\n"
DOCUMENTS = "labels\tsentence\tindex\n"
CONTENT = DOCUMENTS + "0_1,1_0\ta\t20_s1\n0_0,1_0\tb\t10_s1\n0_0,1_1\tc\t20_s2\n"


def test_similarity(write):
    records = read_similarity(write(SIMILARITY + '7\ta "b\tc\t3.2\n'))
    assert records.to_dict() == {"sentence1": ['a "b'], "sentence2": ["c"], "score": [3.2]}


@pytest.mark.parametrize(
    ("score", "problem"),
    [
        ("high", "not a number"),
        ("nan", "between 0 and 4"),
        ("4.2", "between"),
        ("", "not a number"),
    ],
)
def test_a_wrong_score_is_refused(write, score, problem):
    with pytest.raises(WorkbenchError, match=f"line 2: the score .*{problem}.*; mend the line"):
        read_similarity(write(f"{SIMILARITY}1\ta\tb\t{score}\n"))


def test_sentences(write):
    records = read_documents(write(CONTENT), LABELS, "sentences")
    assert records.to_dict() == {
        "text": ["a", "b", "c"],
        "labels": [[1, 0], [0, 0], [0, 1]],
        "document": ["20", "10", "20"],
    }


def test_abstracts(write):
    records = read_documents(write(CONTENT), LABELS, "abstracts")
    assert records.to_dict() == {
        "text": ["a c", "b"],
        "labels": [[1, 1], [0, 0]],
        "document": ["20", "10"],
    }


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("0_1\ta\t1_s1", "the labels '0_1' are not"),
        ("1_1,0_1\ta\t1_s1", "the labels"),
        ("0_1,1_2\ta\t1_s1", "the labels"),
        ("0_1,1_0,2_0\ta\t1_s1", "the labels"),
        ("0_1,1_0\ta\t1_s", "the index '1_s' is not"),
        ("0_1,1_0\ta\tx_s1", "the index"),
    ],
)
def test_a_wrong_row_is_refused(write, row, problem):
    with pytest.raises(WorkbenchError, match=f"line 2: {problem}.*; mend the line"):
        read_documents(write(f"{DOCUMENTS}{row}\n"), LABELS, "sentences")


@pytest.mark.parametrize(("split", "unlabelled"), [("train", 197), ("dev", 22), ("test", 53)])
def test_unlabelled_documents_of_the_real_data(corpora, split, unlabelled):
    records = read_documents(corpora / "HoC" / f"{split}.tsv", HALLMARKS, "abstracts")
    assert sum(not any(labels) for labels in records["labels"]) == unlabelled


def test_relations(write):
    records = read_relations(write('1.T1.T2\t@GENE$ "b\ty\n2\tc\tx\n'), LABELS)
    assert records.to_dict() == {
        "text": ['@GENE$ "b', "c"],
        "label": [1, 0],
        "source": ["1", "2"],
    }


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("10471277.T1.T2", "10471277"),
        ("DDI-DrugBank.d519.s3.p0", "DDI-DrugBank.d519"),
        ("DDI-MedLine.d7.s0.p12", "DDI-MedLine.d7"),
        ("unheard-of.1", "unheard-of.1"),
    ],
)
def test_pairs_are_taken_from_documents(write, name, source):
    assert read_relations(write(f"{name}\ta\tx\n"), LABELS)["source"][:] == [source]


def test_associations(write):
    records = read_associations(write("index\tsentence\tlabel\n0\ta\ty\n"), LABELS)
    assert records.to_dict() == {"text": ["a"], "label": [1]}


def test_questions(write):
    records = read_questions(write("1\tWhy?\tBecause.\tx\n"), LABELS)
    assert records.to_dict() == {"question": ["Why?"], "context": ["Because."], "label": [0]}


@pytest.mark.parametrize(
    ("read", "row", "line", "problem"),
    [
        (read_relations, "1\ta\tz\n", 1, "the label 'z' is not one of x, y"),
        (read_relations, "1\ta\tx\n1\tx\n", 2, "2 fields stand where 3 belong"),
        (read_relations, "\n", 1, "1 fields stand where 3 belong"),
        (read_associations, "0\ta\tx\n", 1, "the header 'index sentence label'.* is missing"),
        (read_associations, "index\tsentence\tlabel\n0\ta\tz\n", 2, "the label 'z' is not"),
        (read_questions, "1\ta\tb\tmaybe\n", 1, "the label 'maybe' is not one of"),
        (read_questions, "1\ta\tx\n", 1, "3 fields stand where 4 belong"),
    ],
)
def test_a_wrong_line_is_refused(write, read, row, line, problem):
    with pytest.raises(WorkbenchError, match=rf"train\.tsv, line {line}: {problem}.*; mend the"):
        read(write(row), LABELS)
