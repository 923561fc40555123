import math

import pytest

from workbench.comparison.across_models import MODEL_QUESTIONS
from workbench.comparison.advice_words import ADVICE_QUESTIONS
from workbench.comparison.overview import TABLE_QUESTIONS
from workbench.comparison.sentence import (
    QUESTIONS,
    Answer,
    Sentence,
    either,
    in_words,
    known,
    listed,
    places,
)
from workbench.comparison.verdicts import CONTRAST_QUESTIONS
from workbench.comparison.zero_shot import ZERO_SHOT_QUESTIONS


def test_no_question_is_left_out_of_the_lists_that_are_held_to_three_cases():
    held = [*CONTRAST_QUESTIONS, *TABLE_QUESTIONS, *ADVICE_QUESTIONS, *ZERO_SHOT_QUESTIONS]
    held += MODEL_QUESTIONS
    assert sorted(QUESTIONS) == sorted(held)
    assert all(question.text.endswith("?") for question in QUESTIONS.values())


@pytest.mark.parametrize(
    ("yes", "no", "answer"),
    [
        (True, False, Answer.YES),
        (False, True, Answer.NO),
        (False, False, Answer.UNDECIDED),
        (True, True, Answer.UNDECIDED),
    ],
)
def test_an_answer_holds_alone(yes, no, answer):
    assert either(yes, no) is answer


@pytest.mark.parametrize(
    ("value", "finite"),
    [(1, True), (0.5, True), (math.nan, False), (math.inf, False), (None, False), ("1", False)],
)
def test_what_is_known_is_a_finite_number(value, finite):
    assert known(value) is finite


@pytest.mark.parametrize(
    ("names", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_list_in_a_sentence(names, text):
    assert listed(names) == text


@pytest.mark.parametrize(
    ("low", "high", "border", "decimals"),
    [(-1, 1, 0, 1), (0.2, 1, 0, 1), (0.02, 1, 0, 2), (-3, -0.0004, 0, 4), (0.5, 0.9996, 1, 4)],
)
def test_decimals_show_on_which_side_of_a_border_an_interval_lies(low, high, border, decimals):
    assert places(low, high, border, 1) == decimals


def test_words_are_a_list_without_what_readers_expect():
    said = [
        Sentence("benchmark", Answer.YES, "All tasks are BLURB's."),
        Sentence("benchmark", Answer.NO, "Not all are."),
        Sentence("better here", Answer.YES, "It is."),
    ]
    assert in_words(said) == "- Not all are.\n- It is."
