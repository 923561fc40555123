"""PubMedQA's questions and the folds they are divided by."""

import json
import random

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.blurb import pubmedqa
from workbench.tasks.blurb.pubmedqa import QUESTIONS, TEST, fold, read_pubmedqa

LABELS = ("yes", "no", "maybe")


def entry(question, answer):
    return {
        "QUESTION": question,
        "CONTEXTS": ["One.", "Two."],
        "LONG_ANSWER": "The conclusion.",
        "final_decision": answer,
    }


@pytest.fixture
def paths(write, monkeypatch):
    monkeypatch.setattr(pubmedqa, "fold", lambda: {"train": ("3", "1"), "dev": ("2",)})
    questions = {str(n): entry(f"Q{n}", LABELS[n % 3]) for n in range(1, 6)}
    return {
        QUESTIONS: write(json.dumps(questions), QUESTIONS),
        TEST: write(json.dumps({"5": "maybe", "4": "no"}), TEST),
    }


def edit(paths, change):
    content = json.loads(paths[QUESTIONS].read_text())
    change(content)
    paths[QUESTIONS].write_text(json.dumps(content))


def test_the_splits(paths):
    splits = read_pubmedqa(paths, LABELS)
    questions = {name: list(records["question"]) for name, records in splits.items()}
    assert questions == {"train": ["Q3", "Q1"], "dev": ["Q2"], "test": ["Q5", "Q4"]}
    assert splits["test"].to_list()[0] == {"question": "Q5", "context": "One. Two.", "label": 2}


def test_the_conclusion_is_never_read(paths):
    before = [records.to_list() for records in read_pubmedqa(paths, LABELS).values()]
    edit(paths, lambda content: [each.pop("LONG_ANSWER") for each in content.values()])
    assert [records.to_list() for records in read_pubmedqa(paths, LABELS).values()] == before


def test_the_fold_is_that_of_the_authors(corpora):
    for split, size in (("train", 450), ("dev", 50)):
        listed = (corpora / "pubmedqa" / f"fold0_{split}_pmids.txt").read_text().split()
        assert list(fold()[split]) == listed and len(listed) == size


def shares(pmids, count):
    """Divide shuffled ids evenly, as the authors' script does."""
    random.shuffle(pmids)
    size = -(-len(pmids) // count)
    return [pmids[start : start + size] for start in range(0, len(pmids), size)]


def first_part(questions, count):
    """Return the first of some parts of the questions, the same share of each answer."""
    by_answer = {answer: [] for answer in LABELS}
    for pmid, question in questions.items():
        by_answer[question["final_decision"]].append(pmid)
    parts = [shares(pmids, count) for pmids in by_answer.values()]
    return {pmid: questions[pmid] for part in parts for pmid in part[0]}


def test_the_fold_is_what_the_authors_script_makes(corpora):
    questions = json.loads((corpora / "pubmedqa" / QUESTIONS).read_text(encoding="utf-8"))
    random.seed(0)
    learned = first_part(questions, 2)
    test = json.loads((corpora / "pubmedqa" / TEST).read_text(encoding="utf-8"))
    assert set(learned) == set(questions) - set(test)
    train, dev = map(set, fold().values())
    assert train | dev == set(learned) and not train & dev
    # Rounding up gave one question too many, which the script then puts into the last fold.
    held = set(first_part(learned, 10))
    assert dev < held and len(held) == len(dev) + 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda content: content.pop("2"), "PMID 2 is missing"),
        (
            lambda content: content["1"].pop("CONTEXTS"),
            "PMID 1 has no QUESTION or no list of CONTEXTS",
        ),
        (
            lambda content: content["1"].update(CONTEXTS="One."),
            "PMID 1 has no QUESTION or no list of CONTEXTS",
        ),
        (
            lambda content: content["1"].update(QUESTION=None),
            "PMID 1 has no QUESTION or no list of CONTEXTS",
        ),
        (
            lambda content: content["1"].update(final_decision="Yes"),
            "the final_decision of PMID 1 is not yes, no, maybe",
        ),
        (lambda content: content.clear(), "no object with an entry for each PMID"),
    ],
)
def test_damaged_questions_are_refused(paths, change, problem):
    edit(paths, change)
    with pytest.raises(WorkbenchError, match=f"{QUESTIONS} is damaged, .*{problem}: replace"):
        read_pubmedqa(paths, LABELS)


@pytest.mark.parametrize("content", [b"{", b"\xff{}", b"[]"])
def test_a_file_that_is_no_json_is_refused(paths, write, content):
    paths[TEST] = write(content, TEST)
    with pytest.raises(WorkbenchError, match=f"{TEST} is damaged, it is no"):
        read_pubmedqa(paths, LABELS)
