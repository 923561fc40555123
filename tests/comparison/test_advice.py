import pandas as pd
import pytest

from tests.comparison.frames import ARM, BETTER, IDENTICAL, NAN, TOO_FEW, WORSE, table
from workbench.comparison.advice import Basis, recommend, recommend_each
from workbench.comparison.advice_words import ADVICE_QUESTIONS, explained, main_reason, share
from workbench.comparison.belief import PRIOR
from workbench.comparison.evidence import Situation
from workbench.comparison.sentence import Answer
from workbench.errors import WorkbenchError

YES, NO, UNDECIDED = Answer
REINIT = {"group": "other", "technique": "reinit:1"}
FAR = {"task": "gad", "group": "far", "baseline": "far base"}


def far(arm, **baseline):
    """Return one contrast on another task."""
    return table(FAR | arm, **{"task": "gad", "group": "far base"} | baseline)


NOTHING = table().iloc[:0]
UNLIKELY = {"difference": -0.05, "difference_low": -0.12, "difference_high": 0.02}
FAILING = {
    "collapsed": 6,
    "collapses": "more often",
    "collapse_difference": 0.6,
    "collapse_difference_low": 0.2,
    "collapse_difference_high": 0.9,
}
RARE = {
    "collapses": "less often",
    "collapse_difference": -0.6,
    "collapse_difference_low": -0.9,
    "collapse_difference_high": -0.2,
}
SURE = {"difference_sd": 0.001, "item_sd": 0.0}


@pytest.mark.parametrize(
    ("model", "task", "shown", "technique", "basis", "sure"),
    [
        ("pubmedbert", "hoc", None, "freeze:6", Basis.RULE, "only the papers' rule"),
        ("bert-large", "hoc", NOTHING, "layerwise:0.9", Basis.RULE, "only the papers' rule"),
        # The claim for the task comes before the one for the model.
        ("pubmedbert", "biosses", None, "reinit:1", Basis.RULE, "only the papers' rule"),
        ("minilm", "biosses", None, "baseline", Basis.NOTHING, "nothing is known"),
        ("own/model", "hoc", None, "baseline", Basis.NOTHING, "nothing is known"),
        ("pubmedbert", "miniature-document", None, "baseline", Basis.NOTHING, "nothing is known"),
        ("pubmedbert", "hoc", table(BETTER), "freeze:6", Basis.DECIDED, "own evidence decides"),
        ("pubmedbert", "hoc", table(WORSE), "baseline", Basis.DECIDED, "own evidence decides"),
        (
            "pubmedbert",
            "hoc",
            table({}),
            "freeze:6",
            Basis.OWN,
            "the papers' rule and 1 own comparison, undecided",
        ),
        ("pubmedbert", "hoc", table(UNLIKELY), "baseline", Basis.OWN, None),
        # What is decided outranks what is only believed, however much.
        (
            "pubmedbert",
            "hoc",
            table({"difference": 0.2}, REINIT | BETTER),
            "reinit:1",
            Basis.DECIDED,
            None,
        ),
        ("pubmedbert", "hoc", table(BETTER | FAILING), "baseline", Basis.DECIDED, None),
        ("pubmedbert", "hoc", table(BETTER | {"undefined": 10}), "baseline", Basis.DECIDED, None),
        # Two pairs tell nothing that could be weighed: the rule alone stands.
        ("pubmedbert", "hoc", table(TOO_FEW | {"pairs": 2}), "freeze:6", Basis.RULE, None),
        ("pubmedbert", "hoc", far(BETTER), "freeze:6", Basis.SIMILAR, None),
        ("pubmedbert", "miniature-document", far(BETTER), "baseline", Basis.NOTHING, None),
        (
            "own/model",
            "hoc",
            table(BETTER, model="own/model").assign(model="own/model"),
            "freeze:6",
            Basis.DECIDED,
            None,
        ),
        # Against a claim of 1.25 points stand similar runs: half of either prior turns it.
        ("bert-large", "hoc", table(BETTER), "freeze:12", Basis.PRIOR, "depends on the prior"),
    ],
)
def test_advice_is_the_rule_moved_by_what_the_store_shows(
    model, task, shown, technique, basis, sure
):
    found = recommend(model, task, shown)
    assert (found.technique, found.basis) == (technique, basis)
    assert sure is None or found.sure == sure


def test_a_belief_is_the_prior_and_the_runs_by_their_variances():
    [found] = recommend("pubmedbert", "hoc", table({"item_sd": NAN})).considered
    seeds = 0.03**2 / 10 * 9 / 7
    weights = 1 / PRIOR.spread**2, 1 / seeds
    wanted = (PRIOR.claimed * weights[0] + 0.01 * weights[1]) / sum(weights)
    assert found.belief().mean == pytest.approx(wanted)
    assert found.belief().variance == pytest.approx(1 / sum(weights))


def test_without_a_claim_a_technique_starts_from_zero():
    found = recommend("roberta", "hoc", table({"difference": 0.02}).assign(model="roberta"))
    assert found.numbers["believed"].tolist() < [2.0]
    assert found.numbers["claim"].tolist() == [""]


def test_the_numbers_behind_it():
    numbers = recommend("pubmedbert", "biosses", far({})).numbers
    assert numbers["technique"].tolist() == ["reinit:1", "freeze:6"]
    assert numbers[["claim", "own", "similar"]].to_numpy().tolist() == [
        ["H3", 0, 0],
        ["H1", 0, 1],
    ]
    assert numbers["low"].lt(numbers["believed"]).all()
    assert numbers["believed"].iloc[0] == pytest.approx(100 * PRIOR.claimed)


def test_a_training_size_is_a_situation_of_its_own():
    shown = table(BETTER | {"settings": "train_size 64"}, settings="train_size 64")
    assert recommend("pubmedbert", "hoc", shown).basis is Basis.SIMILAR
    assert recommend("pubmedbert", "hoc", shown, train_size=64).basis is Basis.DECIDED


def test_contrasts_with_another_baseline_are_no_evidence():
    shown = table(BETTER, technique="longer:2")
    assert recommend("pubmedbert", "hoc", shown).basis is Basis.RULE


def test_an_unknown_task_is_refused_with_the_nearest():
    with pytest.raises(WorkbenchError, match="did you mean 'hoc'"):
        recommend("pubmedbert", "hco")


CASES = [
    ("use a technique", YES, "pubmedbert", None, "For pubmedbert on hoc use freeze:6 (only the"),
    ("use a technique", YES, "pubmedbert", None, "it is better than baseline with a chance of 69%"),
    ("use a technique", YES, "pubmedbert", table(BETTER), "use freeze:6 (own evidence decides)."),
    ("use a technique", NO, "pubmedbert", table(WORSE), "stay with baseline (own evidence decides"),
    ("use a technique", UNDECIDED, "minilm", None, "For minilm on hoc nothing is known: start"),
    (
        "use a technique",
        UNDECIDED,
        "bert-large",
        table(BETTER),
        "try freeze:12, but layerwise:0.9 is as good an answer (depends on the prior)",
    ),
    ("rule", YES, "pubmedbert", None, "for freeze:6 (H1: Tinn et al. 2023, arXiv:2112.07869)."),
    ("rule", NO, "minilm", None, "minilm is a model that was trained for sentence similarity"),
    ("rule", NO, "roberta", None, "roberta is of a family for which the published claims name"),
    ("rule", UNDECIDED, "own/model", None, "own/model is not in the catalogue"),
    ("own evidence", YES, "pubmedbert", table(BETTER), "+5.0 [+3.0, +7.0] points over 10 pairs"),
    ("own evidence", NO, "pubmedbert", table(WORSE), "decide against freeze:6: -5.0 [-7.0, -3.0]"),
    ("own evidence", UNDECIDED, "pubmedbert", table({}), "leave freeze:6 undecided: +1.0 [-1.0,"),
    (
        "own evidence",
        UNDECIDED,
        "pubmedbert",
        table(BETTER | {"collapsed": 10}, collapsed=10),
        "Own runs tell nothing of freeze:6: all of both sides collapsed.",
    ),
    ("own evidence", UNDECIDED, "pubmedbert", None, "No finished runs of this store compare"),
    (
        "similar evidence",
        YES,
        "biobert",
        table(BETTER | SURE | {"difference": 0.2}),
        "speak for freeze:6: +20.0 [+15.1, +24.9] points, carried over to here from 1 comparison: "
        "hoc with pubmedbert (counted as 75% alike).",
    ),
    (
        "similar evidence",
        NO,
        "biobert",
        table(WORSE | SURE | {"difference": -0.2}),
        "speak against freeze:6: -20.0 [-24.9, -15.1] points",
    ),
    ("similar evidence", UNDECIDED, "biobert", table({}), "leave freeze:6 undecided: +1.0 ["),
    ("similar evidence", UNDECIDED, "biobert", None, "No runs of similar situations"),
    (
        "fails more",
        YES,
        "pubmedbert",
        table(FAILING),
        "collapse more often than the baseline's: with freeze:6, of 10 runs 6 collapsed and 0 had "
        "no score, with baseline, of 10 runs 0 collapsed and 0 had no score.",
    ),
    ("fails more", NO, "pubmedbert", table(RARE, collapsed=6), "collapse less often than"),
    ("fails more", UNDECIDED, "pubmedbert", table({"undefined": 2}), "and 2 had no score"),
    ("fails more", UNDECIDED, "pubmedbert", None, "is not known: none has finished"),
    ("same under other priors", YES, "pubmedbert", table(BETTER), "the advice is the same (bel"),
    ("same under other priors", NO, "bert-large", table(BETTER), "layerwise:0.9 would be advised"),
    ("same under other priors", UNDECIDED, "pubmedbert", None, "This rests on the prior alone: no"),
]


@pytest.mark.parametrize(("question", "answer", "model", "shown", "words"), CASES)
def test_each_sentence_says_what_the_advice_rests_on(question, answer, model, shown, words):
    sentences = explained(recommend(model, "hoc", shown))
    [found] = [each for each in sentences if each.question == question]
    assert found.answer == answer
    assert words in found.text


@pytest.mark.parametrize(
    ("model", "shown", "question"),
    [
        ("minilm", None, "rule"),
        ("pubmedbert", None, "rule"),
        ("pubmedbert", table(BETTER), "own evidence"),
        ("pubmedbert", table({}), "own evidence"),
        ("pubmedbert", far(BETTER), "similar evidence"),
        ("bert-large", table(BETTER), "same under other priors"),
    ],
)
def test_the_main_reason_is_what_the_advice_rests_on(model, shown, question):
    assert main_reason(recommend(model, "hoc", shown)).question == question


def test_each_situation_of_a_table_has_its_advice():
    drawn = {"settings": "train_size 64"}
    unknown = {"task": "elsewhere"}
    shown = pd.concat(
        [
            table(BETTER),
            table(BETTER | drawn | {"group": "few", "baseline": "of few"}, **drawn, group="of few"),
            far(WORSE).assign(model="bert"),
            table(BETTER | unknown | {"group": "x", "baseline": "of x"}, **unknown, group="of x"),
        ],
        ignore_index=True,
    )
    found = recommend_each(shown)
    assert [each.situation for each in found] == [
        Situation("pubmedbert", "hoc"),
        Situation("pubmedbert", "hoc", 64),
        Situation("bert", "gad"),
    ]
    assert [each.technique for each in found] == ["freeze:6", "freeze:6", "baseline"]
    assert found[1].basis is Basis.DECIDED


def test_every_question_is_seen_to_be_answered_with_yes_no_and_undecided():
    wanted = {(question, answer) for question in ADVICE_QUESTIONS for answer in Answer}
    assert {(question, answer) for question, answer, *_ in CASES} == wanted


def test_every_question_is_answered_where_there_is_a_technique_to_speak_of():
    said = explained(recommend("pubmedbert", "hoc"))
    assert [each.question for each in said] == list(ADVICE_QUESTIONS)
    said = explained(recommend("minilm", "hoc"))
    assert [each.question for each in said] == list(ADVICE_QUESTIONS[:3])


@pytest.mark.parametrize(
    ("chance", "written"), [(0.999, "over 99%"), (0.001, "under 1%"), (0.5, "50%")]
)
def test_what_is_nearly_certain_is_not_certain(chance, written):
    assert share(chance) == written


def test_runs_that_learned_nothing_are_no_evidence():
    shown = table(BETTER | {"collapsed": 10}, collapsed=10)
    found = recommend("pubmedbert", "hoc", shown)
    assert found.technique == "freeze:6" and found.basis is Basis.RULE
    [belief] = [each.belief() for each in found.considered]
    assert belief == pytest.approx(PRIOR.belief(True))


def test_techniques_with_one_effect_are_told_apart_by_how_sure_it_is():
    """Of two measured alike the one with more pairs is believed more of."""
    arms = [ARM | {"difference": 0.03}, ARM | REINIT | {"difference": 0.03, "pairs": 40}]
    found = recommend("roberta", "hoc", table(*arms).assign(model="roberta"))
    assert [each.technique for each in found.considered] == ["reinit:1", "freeze:6"]
    assert found.technique == "reinit:1"


def test_no_difference_at_all_is_evidence_too():
    [belief] = [
        each.belief()
        for each in recommend("pubmedbert", "hoc", table(IDENTICAL | {"item_sd": NAN})).considered
    ]
    assert belief.mean == pytest.approx(0, abs=1e-6)


def test_evidence_of_several_tasks_is_one_table():
    shown = pd.concat([far(BETTER), table({})], ignore_index=True)
    [found] = recommend("pubmedbert", "hoc", shown).considered
    assert [each.own for each in found.evidence] == [True, False]
