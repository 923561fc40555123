"""Advice in sentences: what to use, what speaks for it, and how sure that is."""

from workbench.comparison.advice import Advice, Basis, Considered
from workbench.comparison.belief import PRIOR, Belief
from workbench.comparison.claims import outside
from workbench.comparison.evidence import Evidence, Situation, decided, pooled
from workbench.comparison.sentence import (
    Answer,
    Row,
    Sentence,
    above,
    ask,
    below,
    either,
    in_points,
    known,
    listed,
)
from workbench.comparison.verdicts import nothing_learned, place
from workbench.tasks.catalogue import shown
from workbench.techniques import BASELINE
from workbench.wording import counted

USE = ask("use a technique", "Should a technique be used for this model and task?")
RULE = ask("rule", "Do papers claim that a technique helps here?")
OWN = ask("own evidence", "Do this store's runs of this model and task speak for it?")
SIMILAR = ask("similar evidence", "Do this store's runs of similar situations speak for it?")
FAILS = ask("fails more", "Do its runs fail more often?")
ROBUST = ask("same under other priors", "Would another prior give the same advice?")

ADVICE_QUESTIONS = (USE, RULE, OWN, SIMILAR, FAILS, ROBUST)


def explained(advice: Advice) -> list[Sentence]:
    """Return the advice and its reasons, an answer to each of `ADVICE_QUESTIONS`.

    Where no claim and no comparison speaks of any technique, it ends with that.
    """
    first = [_use(advice), _rule(advice), _own(advice)]
    if not advice.considered:
        return first
    return [*first, _similar(advice), _fails(advice), _robust(advice)]


def main_reason(advice: Advice) -> Sentence:
    """Return the one sentence that says most of why: what its basis (`Basis`) rests on."""
    reasons = {
        Basis.NOTHING: _rule,
        Basis.RULE: _rule,
        Basis.SIMILAR: _similar,
        Basis.OWN: _own,
        Basis.DECIDED: _own,
        Basis.PRIOR: _robust,
    }
    return reasons[advice.basis](advice)


def task_in_words(situation: Situation) -> str:
    """Write a situation's task, and how many of its training units are drawn where not all are."""
    drawn = f" ({situation.train_size} drawn)" if situation.train_size else ""
    return f"{shown(situation.task)}{drawn}"


def _where(advice: Advice) -> str:
    return f"{advice.situation.model} on {task_in_words(advice.situation)}"


def _use(advice: Advice) -> Sentence:
    where, sure = _where(advice), f" ({advice.sure})"
    if advice.basis is Basis.NOTHING:
        text = f"For {where} nothing is known: start from {BASELINE}, and compare."
        return Sentence(USE, Answer.UNDECIDED, text)
    if advice.basis is Basis.PRIOR:
        others = listed(advice.alternatives)
        text = (
            f"For {where} try {advice.technique}, but {others} is as good an answer{sure}: "
            "more paired seeds would tell."
        )
        return Sentence(USE, Answer.UNDECIDED, text)
    if advice.technique == BASELINE:
        return Sentence(USE, Answer.NO, f"For {where} stay with {BASELINE}{sure}.")
    return Sentence(USE, Answer.YES, f"For {where} use {advice.technique}{sure}{_chance(advice)}.")


def _chance(advice: Advice) -> str:
    """Say how probable a gain is, where that is not decided by intervals."""
    if advice.basis is Basis.DECIDED or advice.leading is None:
        return ""
    chance = share(advice.leading.belief().chance)
    return f": by what the prior assumes, it is better than {BASELINE} with a chance of {chance}"


def share(chance: float) -> str:
    """Write a probability in percent; what is nearly certain is not certain."""
    written = f"{chance:.0%}"
    return {"100%": "over 99%", "0%": "under 1%"}.get(written, written)


def _rule(advice: Advice) -> Sentence:
    model, claims = advice.situation.model, [each for each in advice.considered if each.claim]
    if claims:
        each = [f"{one.technique} ({_cited(one)})" for one in claims]
        return Sentence(RULE, Answer.YES, f"Papers claim a gain here for {listed(each)}.")
    if outside(model):
        return Sentence(RULE, Answer.NO, f"No paper's rule applies: {model} is {outside(model)}.")
    if advice.situation.facts is None:
        text = f"{model} is not in the catalogue, so whether a paper's rule covers it is not known."
        return Sentence(RULE, Answer.UNDECIDED, text)
    text = f"No paper known here claims a technique for {_where(advice)}."
    return Sentence(RULE, Answer.NO, text)


def _cited(considered: Considered) -> str:
    claim = considered.claim
    return f"{claim.hypothesis}: {claim.source}" if claim else ""


def _own(advice: Advice) -> Sentence:
    leading = advice.leading
    found = leading.own if leading else []
    if leading is None or not found:
        text = f"No finished runs of this store compare a technique for {_where(advice)}."
        return Sentence(OWN, Answer.UNDECIDED, text)
    if all(nothing_learned(each.row) for each in found):
        text = f"Own runs tell nothing of {leading.technique}: all of both sides collapsed."
        return Sentence(OWN, Answer.UNDECIDED, text)
    answer = either(
        bool(decided(found, Answer.YES)),
        bool(decided(found, Answer.NO)),
    )
    words = {
        Answer.YES: f"Own runs decide for {leading.technique}",
        Answer.NO: f"Own runs decide against {leading.technique}",
        Answer.UNDECIDED: f"Own runs leave {leading.technique} undecided",
    }[answer]
    return Sentence(OWN, answer, f"{words}: {'; '.join(_measured(each.row) for each in found)}.")


def _measured(row: Row) -> str:
    pairs = counted(int(row["pairs"]) if known(row["pairs"]) else 0, "pair")
    if not known(row["difference"]):
        return f"no score of both over {pairs}"
    size = in_points(row["difference"], row["difference_low"], row["difference_high"])
    return f"{size} over {pairs}"


def _similar(advice: Advice) -> Sentence:
    leading = advice.leading
    found = [each for each in leading.evidence if not each.own] if leading else []
    belief = pooled(found, PRIOR)
    if leading is None or not known(belief.variance):
        text = "No runs of similar situations in this store tell anything of it."
        return Sentence(SIMILAR, Answer.UNDECIDED, text)
    low, high = belief.limits()
    answer = either(above(low), below(high))
    words = {
        Answer.YES: f"Similar situations speak for {leading.technique}",
        Answer.NO: f"Similar situations speak against {leading.technique}",
        Answer.UNDECIDED: f"Similar situations leave {leading.technique} undecided",
    }[answer]
    size = in_points(belief.mean, low, high)
    carried = f"{size}, carried over to here from {counted(len(found), 'comparison')}"
    return Sentence(SIMILAR, answer, f"{words}: {carried}: {_places(found)}.")


def _places(found: list[Evidence]) -> str:
    named = [f"{place(each.row)} (counted as {each.similarity:.0%} alike)" for each in found[:3]]
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"{'; '.join(named)}{more}"


def _fails(advice: Advice) -> Sentence:
    leading = advice.leading
    rows = [each.row for each in leading.own] if leading else []
    if leading is None or not rows:
        text = "How often its runs fail here is not known: none has finished in this store."
        return Sentence(FAILS, Answer.UNDECIDED, text)
    more = any(each["collapses"] == "more often" and above(_end(each, "low")) for each in rows)
    less = any(each["collapses"] == "less often" and below(_end(each, "high")) for each in rows)
    answer = either(more, less)
    words = {
        Answer.YES: f"Runs with {leading.technique} collapse more often than the baseline's",
        Answer.NO: f"Runs with {leading.technique} collapse less often than the baseline's",
        Answer.UNDECIDED: f"Whether runs with {leading.technique} collapse more often is undecided",
    }[answer]
    return Sentence(FAILS, answer, f"{words}: {'; '.join(_failed(row) for row in rows)}.")


def _end(row: Row, end: str) -> float:
    return row[f"collapse_difference_{end}"]


def _failed(row: Row) -> str:
    """Count the runs that collapsed and those without a score, of both sides."""
    sides = ((row["technique"], ""), (row["baseline_technique"], "baseline_"))
    counts = [
        f"with {name}, of {int(row[f'{side}n'])} runs {_count(row[f'{side}collapsed'])} collapsed "
        f"and {_count(row[f'{side}undefined'])} had no score"
        for name, side in sides
    ]
    return ", ".join(counts)


def _count(value: float) -> str:
    return str(int(value)) if known(value) else "an unknown number"


def _robust(advice: Advice) -> Sentence:
    if not any(known(pooled(each.evidence, PRIOR).variance) for each in advice.considered):
        text = "This rests on the prior alone: no run of this store could move the advice yet."
        return Sentence(ROBUST, Answer.UNDECIDED, text)
    if advice.alternatives:
        text = (
            f"It depends on the prior: with its numbers at half or twice themselves, "
            f"{listed(advice.alternatives)} would be advised."
        )
        return Sentence(ROBUST, Answer.NO, text)
    believed = f" ({_believed(advice.leading.belief())})" if advice.leading else ""
    text = f"With the prior's numbers at half or twice themselves the advice is the same{believed}."
    return Sentence(ROBUST, Answer.YES, text)


def _believed(belief: Belief) -> str:
    return f"believed difference {in_points(belief.mean, *belief.limits())}, 95%"
