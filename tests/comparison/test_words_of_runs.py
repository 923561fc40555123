"""From runs to sentences: what the table says is what the words say."""

import pytest

from tests.comparison.runs import group, together
from workbench.comparison.best import best
from workbench.comparison.overview import overview
from workbench.comparison.pairs import pairs
from workbench.comparison.sentence import Answer
from workbench.comparison.table import compare
from workbench.comparison.verdicts import CONTRAST_QUESTIONS, verdicts

BASE = [0.50, 0.52, 0.54, 0.56, 0.58, 0.60, 0.62, 0.64, 0.66, 0.68]
NOISE = [0.01, -0.01, 0.02, -0.02, 0.0, 0.01, -0.01, 0.02, -0.02, 0.0]
RAISED = [score + 0.2 + noise for score, noise in zip(BASE, NOISE, strict=True)]


def asked(runs):
    """Return every answer about runs by question."""
    table = compare(runs)
    said = [*verdicts(table), *overview(table, pairs(runs, table))]
    return {each.question: each for each in said}


def test_ten_seeds_that_agree_are_better_and_marked():
    runs = together(group("baseline", BASE), group("freeze:6", RAISED))
    said = asked(runs)
    assert set(CONTRAST_QUESTIONS) < set(said)
    assert said["better here"].answer is Answer.YES
    assert said["better here"].text.startswith(
        "On biosses with tiny, freeze:6 is better than baseline on these test items: +20.0 ["
    )
    assert said["best"].answer is Answer.YES
    assert said["better on new items"].answer is Answer.UNDECIDED
    assert said["published claims"].answer is Answer.UNDECIDED
    table = compare(runs)
    assert best(table, pairs(runs, table)) == set(table["group"][table["technique"] == "freeze:6"])


@pytest.mark.parametrize(("seeds", "needed"), [(5, 6), (2, 6)])
def test_few_seeds_decide_nothing_however_much_they_agree(seeds, needed):
    said = asked(together(group("baseline", BASE[:seeds]), group("freeze:6", RAISED[:seeds])))
    assert said["better here"].answer is Answer.UNDECIDED
    assert said["enough seeds"].answer is Answer.NO
    assert f"whatever they show: {needed} could" in said["enough seeds"].text
    assert said["best"].answer is Answer.UNDECIDED


def test_two_arms_that_all_collapse_are_nothing_learned():
    everywhere = range(10)
    runs = together(
        group("baseline", BASE, collapsed=everywhere),
        group("freeze:6", RAISED, collapsed=everywhere),
    )
    said = asked(runs)
    assert said["better here"].text.endswith("freeze:6 against baseline says nothing.")
    assert said["learned"].answer is Answer.NO
    assert said["best"].answer is Answer.UNDECIDED


def test_settings_that_differ_are_named():
    runs = together(
        group("baseline", BASE),
        group("freeze:6", RAISED),
        group("baseline", BASE, learning_rate=1e-4),
    )
    said = asked(runs)
    assert said["same settings"].answer is Answer.NO
    assert "learning_rate 0.0001 (1)" in said["same settings"].text
