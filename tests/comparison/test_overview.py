import pandas as pd
import pytest

from tests.comparison.frames import BETTER, IDENTICAL, NAN, WORSE, pairs, table
from workbench.comparison.overview import TABLE_QUESTIONS, overview
from workbench.comparison.sentence import Answer, in_words

YES, NO, UNDECIDED = Answer
BASE = [0.50, 0.52, 0.54, 0.56, 0.58, 0.60, 0.62, 0.64, 0.66, 0.68]
PAIRS = pairs({"base": BASE, "arm": [0.1 + score - score**2 / 50 for score in BASE]})


SILENT = IDENTICAL | {"collapsed": 10}
"""Where every run of the baseline has collapsed too."""


def tasks(*verdicts, comparisons=1):
    """Return a table of one technique on as many tasks as there are verdicts."""
    names = ["hoc", "gad", "ddi", "biosses"]
    return pd.concat(
        [
            table(
                verdict
                | {
                    "task": name,
                    "group": f"arm-{name}",
                    "baseline": f"base-{name}",
                    "comparisons": comparisons,
                },
                task=name,
                group=f"base-{name}",
                collapsed=verdict.get("collapsed", 0),
            )
            for name, verdict in zip(names, verdicts, strict=False)
        ],
        ignore_index=True,
    )


CASES = [
    ("helps over tasks", YES, tasks(BETTER, {}), "is better in 1 (hoc), worse in none, undecided"),
    ("helps over tasks", YES, tasks(BETTER, BETTER, {}), "better in 2 (hoc and gad), worse"),
    ("helps over tasks", YES, tasks(BETTER, {}), "undecided in 1 of 2 comparisons. The tasks were"),
    ("helps over tasks", YES, tasks(BETTER, {}, comparisons=2), "in 1 of 2 comparisons."),
    ("helps over tasks", NO, tasks(WORSE, {}), "is better in none, worse in 1 (hoc)"),
    ("helps over tasks", UNDECIDED, tasks({}, {}), "in none, worse in none, undecided in 2 of 2"),
    ("helps over tasks", UNDECIDED, tasks(WORSE, BETTER), "in 1 (gad), worse in 1 (hoc)"),
    ("helps over tasks", UNDECIDED, tasks(IDENTICAL, {}), "identical in 1 (hoc), undecided in 1"),
    (
        "helps over tasks",
        UNDECIDED,
        tasks(SILENT, {}),
        "none, nothing learned in 1 (hoc), undecided",
    ),
    ("best", YES, table(BETTER), "On hoc with pubmedbert, freeze:6 is decided against every other"),
    ("best", NO, table(IDENTICAL), "no technique is best: all have the same scores"),
    ("best", UNDECIDED, table(SILENT, collapsed=10), "nothing tells which technique is best: no"),
    ("best", UNDECIDED, table({}), "it is not decided which technique is best, so none is marked"),
    ("same settings", YES, table({}), "with the same settings"),
    (
        "same settings",
        NO,
        pd.concat([table({}), table({}, settings="train size 64")]).assign(),
        "differ in their settings: the defaults (3) and train size 64 (1)",
    ),
    ("same settings", UNDECIDED, table({"source": "a.csv"}), "imported runs are not known"),
    ("published claims", YES, table({}), "speak of all these models"),
    ("published claims", NO, table({}, model="minilm"), "minilm is a model that was trained for"),
    ("published claims", NO, table({"model": "roberta"}), "roberta is of a family for which the"),
    ("published claims", UNDECIDED, table({"model": "own/model"}), "speak of own/model is not"),
    ("benchmark", YES, table({}), "All tasks are BLURB's"),
    ("benchmark", YES, table({"task": "hoc:abstracts"}), "All tasks are BLURB's"),
    (
        "benchmark",
        NO,
        table({}, task="miniature-relation:size=64"),
        "The text of miniature-relation:size=64 is generated",
    ),
    ("benchmark", UNDECIDED, table({"task": "of a CSV"}), "of a CSV resembles a task of BLURB is"),
    ("trained here", YES, table({}), "trained by this workbench"),
    ("trained here", NO, table({"source": "a.csv"}), "1 group of this table from a.csv"),
    ("trained here", UNDECIDED, table({"source": NAN}), "is not recorded"),
]


@pytest.mark.parametrize(("question", "answer", "shown", "words"), CASES)
def test_each_sentence_says_what_the_table_shows(question, answer, shown, words):
    [found] = [each for each in overview(shown, PAIRS) if each.question == question]
    assert found.answer == answer
    assert words in found.text


def test_every_question_is_seen_to_be_answered_with_yes_no_and_undecided():
    wanted = {(question, answer) for question in TABLE_QUESTIONS for answer in Answer}
    assert {(question, answer) for question, answer, *_ in CASES} == wanted


def test_one_task_is_not_counted_over_tasks_and_a_lone_group_is_not_best():
    asked = {each.question for each in overview(table(), PAIRS)}
    assert asked == set(TABLE_QUESTIONS) - {"helps over tasks", "best"}


def test_nothing_is_said_of_nothing():
    assert overview(table().iloc[:0], PAIRS) == []


def test_what_is_expected_is_left_out_of_the_words():
    words = in_words(overview(table(BETTER, model="minilm"), PAIRS))
    assert words.count("\n") == 1
    assert words.startswith("- On hoc with minilm, it is not decided") is False
    assert "- minilm is a model that was trained for sentence similarity" in words
