import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.comparison.frames import ARM, BETTER, IDENTICAL, NAN, TOO_FEW, WORSE, table
from workbench.comparison.sentence import Answer, in_points
from workbench.comparison.verdicts import CONTRAST_QUESTIONS, verdicts

YES, NO, UNDECIDED = Answer
ALL_FAILED = ({"collapsed": 10}, {"collapsed": 10})

CASES = [
    ("better here", YES, BETTER, {}, "freeze:6 is better than baseline on these test items: "),
    ("better here", YES, BETTER, {}, "+5.0 [+3.0, +7.0] points over 10 pairs of seeds"),
    ("better here", YES, BETTER | {"level": 0.05 / 3, "comparisons": 3}, {}, "of 98.33%, one of 3"),
    ("better here", NO, WORSE, {}, "freeze:6 is worse than baseline on these test items: -5.0"),
    ("better here", NO, IDENTICAL, {}, "the same score in each of 10 pairs of seeds"),
    ("better here", UNDECIDED, {}, {}, "is undecided on these test items: +1.0 [-1.0, +3.0]"),
    ("better here", UNDECIDED, TOO_FEW, {}, "is undecided on these test items: +1.0 points over 5"),
    (
        "better here",
        UNDECIDED,
        BETTER | ALL_FAILED[0],
        ALL_FAILED[1],
        "against baseline says nothing.",
    ),
    ("better here", UNDECIDED, {"difference": NAN, "pairs": 0}, {}, "no seed has a score of both"),
    (
        "better on new items",
        YES,
        BETTER | {"items_low": 0.01, "items_high": 0.09, "items_verdict": "better"},
        {},
        "is better on new test items like these too: +5.0 [+1.0, +9.0] points",
    ),
    (
        "better on new items",
        NO,
        WORSE | {"items_low": -0.09, "items_high": -0.01, "items_verdict": "worse"},
        {},
        "is worse on new test items like these too: -5.0 [-9.0, -1.0] points",
    ),
    ("better on new items", UNDECIDED, BETTER, {}, "is undecided: +5.0 [-2.0, +4.0] points"),
    ("better on new items", UNDECIDED, {"items_low": NAN}, {}, "it is not known"),
    (
        "steadier",
        YES,
        {"sd_ratio": 0.5, "sd_ratio_low": 0.3, "sd_ratio_high": 0.8, "steadier": "steadier"},
        {},
        "freeze:6 is steadier than baseline: its standard deviation is 0.50 [0.30, 0.80] times",
    ),
    (
        "steadier",
        NO,
        {"sd_ratio": 2.0, "sd_ratio_low": 1.004, "sd_ratio_high": 3.0, "steadier": "less steady"},
        {},
        "freeze:6 is less steady than baseline: its standard deviation is 2.000 [1.004, 3.000]",
    ),
    ("steadier", UNDECIDED, {}, {}, "is undecided: its standard deviation is 0.90 [0.50, 1.60]"),
    ("steadier", UNDECIDED, {"sd_ratio": NAN}, {}, "cannot be told from 10 pairs"),
    (
        "collapses less",
        YES,
        {
            "collapses": "less often",
            "collapse_difference": -0.8,
            "collapse_difference_low": -0.9,
            "collapse_difference_high": -0.3,
        },
        {"collapsed": 8},
        "less often than baseline: 0 of 10 runs with freeze:6 and 8 of 10 runs with baseline "
        "collapsed, -80.0 [-90.0, -30.0] percentage points",
    ),
    (
        "collapses less",
        NO,
        {
            "collapsed": 8,
            "collapses": "more often",
            "collapse_difference": 0.8,
            "collapse_difference_low": 0.3,
            "collapse_difference_high": 0.9,
        },
        {},
        "freeze:6 collapses more often than baseline: 8 of 10 runs",
    ),
    ("collapses less", UNDECIDED, {}, {}, "+0.0 [-30.0, +30.0] percentage points"),
    ("collapses less", UNDECIDED, {"collapsed": NAN}, {}, "not recorded which runs collapsed"),
    (
        "collapses less",
        UNDECIDED,
        {"comparisons": 2},
        {},
        "percentage points, one of 2 comparisons",
    ),
    (
        "enough seeds",
        YES,
        {},
        {},
        "10 pairs of seeds find a true difference of 3 points in at most 80% of such comparisons, "
        "a smaller one less often: undecided does not mean no difference.",
    ),
    ("enough seeds", YES, BETTER, {}, "a smaller one less often."),
    (
        "enough seeds",
        NO,
        TOO_FEW,
        {},
        "5 pairs of seeds are too few to decide anything, whatever they show: 6 ",
    ),
    ("enough seeds", NO, TOO_FEW | {"level": 0.0125}, {}, "whatever they show: 8 could."),
    ("enough seeds", UNDECIDED, IDENTICAL | {"detectable": NAN}, {}, "is not known"),
    ("learned", YES, {"collapsed": 9}, {}, "learned"),
    ("learned", NO, *ALL_FAILED, "every run with freeze:6 and with baseline collapsed"),
    ("learned", NO, ALL_FAILED[0], {}, "Nothing learned: every run with freeze:6 collapsed."),
    ("learned", UNDECIDED, {"collapsed": NAN}, {}, "is not recorded"),
]


def said(question, arm, baseline=()):
    """Return the one answer to a question about one arm."""
    sentences = verdicts(table(arm, **dict(baseline)))
    [found] = [each for each in sentences if each.question == question]
    assert found.group == "arm"
    return found


@pytest.mark.parametrize(("question", "answer", "arm", "baseline", "words"), CASES)
def test_each_sentence_says_what_the_row_shows(question, answer, arm, baseline, words):
    found = said(question, arm, baseline)
    assert found.answer == answer
    assert words in found.text
    assert found.text.endswith(".")


def test_every_question_is_seen_to_be_answered_with_yes_no_and_undecided():
    wanted = {(question, answer) for question in CONTRAST_QUESTIONS for answer in Answer}
    assert {(question, answer) for question, answer, *_ in CASES} == wanted


def test_what_readers_expect_may_stay_unsaid():
    assert said("learned", {}).expected
    assert not said("learned", {"collapsed": 10}).expected
    assert not said("better here", BETTER).expected


def test_every_contrast_of_a_table_is_answered_and_a_baseline_is_not():
    found = verdicts(table({}, {"group": "other"}))
    assert [each.group for each in found] == ["arm"] * 6 + ["other"] * 6
    assert verdicts(table()) == []
    assert verdicts(table({"baseline": "elsewhere"})) == []


@pytest.mark.parametrize(
    ("arm", "baseline", "asked"),
    [
        (TOO_FEW, {}, ["better here", "enough seeds", "learned"]),
        (*ALL_FAILED, ["better here", "learned"]),
    ],
)
def test_of_a_contrast_that_shows_nothing_the_rest_is_not_asked(arm, baseline, asked):
    assert [each.question for each in verdicts(table(arm, **baseline))] == asked


def test_place_names_what_is_not_the_default():
    text = said("better here", {"settings": "learning rate 0.0001"}).text
    assert text.startswith("On hoc with pubmedbert (learning rate 0.0001), freeze:6 ")


ENDS = st.tuples(*[st.floats(-1, 1)] * 2).map(sorted)
ROWS = st.fixed_dictionaries(
    {
        "verdict": st.sampled_from(["better", "worse", "identical", "undecided", "too few"]),
        "items_verdict": st.sampled_from(["better", "worse", "undecided", None]),
        "steadier": st.sampled_from(["steadier", "less steady", "undecided", "too few"]),
        "collapses": st.sampled_from(["less often", "more often", "undecided", "too few"]),
        "collapsed": st.sampled_from([0, 3, 10]),
        "difference": st.floats(-1, 1),
        "pairs": st.integers(0, 20),
        "limits": ENDS,
        "items": ENDS,
        "collapse": ENDS,
        "ratio": st.tuples(*[st.floats(0.01, 100)] * 2).map(sorted),
    }
)
CLAIMS = {
    ("better here", YES): lambda row: row["difference_low"] > 0,
    ("better on new items", YES): lambda row: min(row["difference_low"], row["items_low"]) > 0,
    ("better on new items", NO): lambda row: max(row["difference_high"], row["items_high"]) < 0,
    ("steadier", YES): lambda row: row["sd_ratio_high"] < 1,
    ("steadier", NO): lambda row: row["sd_ratio_low"] > 1,
    ("collapses less", YES): lambda row: row["collapse_difference_high"] < 0,
    ("collapses less", NO): lambda row: row["collapse_difference_low"] > 0,
}
"""What must be true of a row where a claim is made of it."""


@settings(max_examples=60)
@given(ROWS, st.integers(0, 10))
def test_no_sentence_claims_more_than_its_interval(drawn, failed):
    ends = {"limits": "difference", "items": "items", "collapse": "collapse_difference"}
    ends |= {"ratio": "sd_ratio"}
    row = ARM | drawn
    for key, name in ends.items():
        row[f"{name}_low"], row[f"{name}_high"] = row.pop(key)
    row["sd_ratio"] = row["sd_ratio_low"]
    for each in verdicts(table(row, collapsed=failed)):
        if (claim := CLAIMS.get((each.question, each.answer))) is not None:
            assert claim(row), each.text
            assert excludes(each.text, 1 if each.question == "steadier" else 0)
        if each.question == "better here" and each.answer is NO:
            assert row["difference_high"] < 0 or row["verdict"] == "identical", each.text


def excludes(text, border):
    """Tell whether the interval that a sentence prints lies on one side of a border."""
    low, high = map(float, re.search(r"\[([^,]+), ([^]]+)\]", text).groups())
    return low > border or high < border


@pytest.mark.parametrize(
    ("difference", "low", "high", "shown"),
    [
        (0.01, 0.0003, 0.02, "+1.00 [+0.03, +2.00] points"),
        (-0.01, -0.02, -0.000012, "-1.000 [-2.000, -0.001] points"),
        (0.01, -0.0003, 0.02, "+1.0 [-0.0, +2.0] points"),
        (0.01, -math.inf, math.inf, "+1.0 points"),
    ],
)
def test_an_interval_shows_on_which_side_of_zero_it_lies(difference, low, high, shown):
    assert in_points(difference, low, high) == shown
