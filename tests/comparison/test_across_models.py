import pandas as pd
import pytest
from scipy import stats

from tests.comparison.frames import BETTER, IDENTICAL, TOO_FEW, WORSE, table
from workbench.comparison.across_models import MODEL_QUESTIONS, across_models
from workbench.comparison.sentence import Answer

YES, NO, UNDECIDED = Answer


def models(base, large, large_baseline=None, technique="freeze:12"):
    """Return one technique with a base and with a large model."""
    named = {"model": "bert-large", "technique": technique, "group": "arm2", "baseline": "base2"}
    other = {"model": "bert-large", "group": "base2"} | (large_baseline or {})
    both = [table(base | {"model": "bert"}, model="bert"), table(named | large, **other)]
    return pd.concat(both, ignore_index=True)


CASES = [
    (
        YES,
        {},
        BETTER,
        "freeze:12 with bert-large gains more than freeze:6 with bert: +4.0 [+1.2, +6",
    ),
    (NO, BETTER, {}, "freeze:12 with bert-large gains less than freeze:6 with bert: -4.0 ["),
    (UNDECIDED, {}, {}, "whether freeze:12 with bert-large gains more than freeze:6 with bert is"),
    (UNDECIDED, TOO_FEW, BETTER, "too few runs that learned tell whether"),
    (UNDECIDED, IDENTICAL, IDENTICAL, "too few runs that learned tell whether"),
]


@pytest.mark.parametrize(("answer", "base", "large", "words"), CASES)
def test_the_sentence_says_what_two_independent_differences_show(answer, base, large, words):
    [found] = across_models(models(base, large))
    assert found.answer == answer
    assert words in found.text


def test_it_is_answered_with_yes_no_and_undecided():
    assert {answer for answer, *_ in CASES} == set(Answer)
    assert across_models(models({}, {}))[0].question in MODEL_QUESTIONS


def test_the_interval_is_welchs_at_a_share_of_the_error():
    whole = pd.concat([models({}, BETTER), _renamed(models({}, BETTER))], ignore_index=True)
    first, second = across_models(whole)
    assert "97.5%" in first.text and "97.5%" in second.text
    # Two means of ten differences with sd 0.03 each: as many degrees of freedom as pooled.
    half = stats.t.ppf(1 - 0.025 / 2, 18) * (2 * 0.03**2 / 10) ** 0.5
    assert f"[{100 * (0.04 - half):+.1f}, {100 * (0.04 + half):+.1f}]" in first.text


def _renamed(other):
    names = {name: f"{name}-gad" for name in other["group"]}
    return other.assign(
        task="gad", group=other["group"].map(names), baseline=other["baseline"].map(names)
    )


@pytest.mark.parametrize(
    "shown",
    [
        table({}),
        models({}, {}).replace("bert", "biobert"),
        models({}, {}, technique="reinit:1"),
        models({}, {"task": "gad"}, {"task": "gad"}),
        models({}, {"settings": "train_size 64"}),
        table({}, {"group": "other"}),
        table(),
    ],
)
def test_only_one_technique_on_one_task_is_compared_between_models(shown):
    assert across_models(shown) == []


def test_runs_that_learned_nothing_gain_nothing():
    failed = {"collapsed": 10}
    [found] = across_models(models({}, WORSE | failed, failed))
    assert found.answer is UNDECIDED and "too few runs that learned" in found.text
