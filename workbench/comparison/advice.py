"""What to use for a model and a task: what papers claim, moved by what the store's runs show.

Each technique's true difference to the baseline is believed to be normal: around 0, or around a
small gain where a paper claims that it helps for this family, size and task
(`workbench.comparison.claims`); how small, and how sure that is, are choices of the workbench
(`workbench.comparison.belief.Prior`). The store's paired contrasts move it: those of the very model
and task by their variance alone, others also by how little the two situations have in common
(`workbench.comparison.evidence`). This is the shrinkage of a normal mean towards a prior mean
(Efron and Morris 1975, Data analysis using Stein's estimator and its generalizations, JASA 70).

Advised is the technique of the highest believed difference, or the baseline where none is above 0.
Own runs that decide outrank beliefs: where techniques are decided for, one of them is advised, and
none that is decided against, or whose own runs fail more often. The advice is worked out again with
each number of the prior at half and at twice itself, and where it then changes it says that it
depends on the prior.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from workbench.comparison.belief import PRIOR, Belief, Prior, joined
from workbench.comparison.claims import Claim, claims_for
from workbench.comparison.evidence import (
    Evidence,
    Situation,
    decided,
    evidence_for,
    fails_more,
    pooled,
)
from workbench.comparison.sentence import Answer, listed
from workbench.techniques import BASELINE
from workbench.wording import counted


class Basis(StrEnum):
    """What advice rests on: how sure it is."""

    NOTHING = "nothing is known"
    RULE = "only the papers' rule"
    SIMILAR = "other situations of this store"
    OWN = "this store's own runs, not decided"
    DECIDED = "own evidence decides"
    PRIOR = "depends on the prior"


@dataclass(frozen=True)
class Considered:
    """A technique, with what speaks for and against it."""

    technique: str
    """As users type it."""
    claim: Claim | None
    evidence: tuple[Evidence, ...]

    @property
    def own(self) -> list[Evidence]:
        """The contrasts of the very model, task and training set."""
        return [each for each in self.evidence if each.own]

    @property
    def barred(self) -> bool:
        """Whether its own runs decide against it, or fail more often than the baseline's."""
        return bool(decided(self.evidence, Answer.NO)) or any(
            fails_more(each.row) for each in self.own
        )

    def belief(self, prior: Prior = PRIOR) -> Belief:
        """Return what is believed of its difference to the baseline."""
        return joined([prior.belief(self.claim is not None), pooled(self.evidence, prior)])


@dataclass(frozen=True)
class Advice:
    """What to use for a model and a task, why, and how sure that is."""

    situation: Situation
    technique: str
    """As users type it; ``baseline`` where nothing speaks for another one."""
    basis: Basis
    considered: tuple[Considered, ...]
    """Every technique that a claim or a contrast speaks of, the most promising first."""
    alternatives: tuple[str, ...]
    """What would be advised under another prior, where that is something else."""

    @property
    def leading(self) -> Considered | None:
        """The technique that is advised, else the most promising one; None where there is none."""
        named = {each.technique: each for each in self.considered}
        return named.get(self.technique) or next(iter(self.considered), None)

    @property
    def sure(self) -> str:
        """How sure it is, in a few words."""
        if self.basis not in (Basis.OWN, Basis.SIMILAR) or self.leading is None:
            return self.basis.value
        telling = [each for each in self.leading.evidence if each.tells]
        own = sum(each.own for each in telling)
        similar = len(telling) - own
        parts = [
            "the papers' rule" if self.leading.claim else "",
            f"{counted(own, 'own comparison')}, undecided" if own else "",
            f"{counted(similar, 'similar comparison')} of this store" if similar else "",
        ]
        return listed(part for part in parts if part)

    @property
    def numbers(self) -> pd.DataFrame:
        """What is believed of each technique: scores times 100, the most promising first.

        ``technique claim own similar low believed high chance``: the claim's number, how many
        contrasts there are of the very situation and of similar ones, the central 95% of the
        belief and its mean, and the probability that the difference is above 0.
        """
        columns = ["technique", "claim", "own", "similar", "believed", "low", "high", "chance"]
        return pd.DataFrame([_numbers(each) for each in self.considered], columns=columns)


def _numbers(considered: Considered) -> dict[str, object]:
    belief, own = considered.belief(), len(considered.own)
    low, high = belief.limits()
    return {
        "technique": considered.technique,
        "claim": considered.claim.hypothesis if considered.claim else "",
        "own": own,
        "similar": len(considered.evidence) - own,
        "believed": 100 * belief.mean,
        "low": 100 * low,
        "high": 100 * high,
        "chance": belief.chance,
    }


def recommend(
    model: str, task: str, table: pd.DataFrame | None = None, train_size: int = 0
) -> Advice:
    """Advise on a technique for a model and a task.

    Parameters
    ----------
    model
        As its runs name it.
    task
        As users type it.
    table
        The store's contrasts, from `workbench.comparison.table.compare`; without them there is the
        papers' rule alone.
    train_size
        Training units that will be drawn; 0 is all.

    Raises
    ------
    WorkbenchError
        For an unknown task.
    """
    return _advice(Situation.of(model, task, train_size), table)


def recommend_each(table: pd.DataFrame) -> list[Advice]:
    """Advise on every model, task and training size of a table, in its order.

    Parameters
    ----------
    table
        From `workbench.comparison.table.compare`. Tasks that are not known here are left out: what
        others have in common with them is not known either.
    """
    situations = dict.fromkeys(Situation.of_row(row) for row in table.to_dict("records"))
    return [_advice(situation, table) for situation in situations if situation.about]


def _advice(situation: Situation, table: pd.DataFrame | None) -> Advice:
    considered = _considered(situation, evidence_for(situation, table))
    technique = _choice(considered, PRIOR)
    others = dict.fromkeys(_choice(considered, prior) for prior in PRIOR.varied())
    alternatives = tuple(name for name in others if name != technique)
    basis = _basis(considered, technique, alternatives)
    return Advice(situation, technique, basis, tuple(considered), alternatives)


def _considered(situation: Situation, evidence: Iterable[Evidence]) -> list[Considered]:
    claims: dict[str, Claim] = {}
    facts, about = situation.facts, situation.about
    if facts is not None and about is not None:
        claims = {claim.label(facts): claim for claim in reversed(claims_for(about, facts))}
    told: dict[str, list[Evidence]] = {name: [] for name in reversed(claims)}
    for each in evidence:
        told.setdefault(each.technique, []).append(each)
    found = [Considered(name, claims.get(name), tuple(each)) for name, each in told.items()]
    return sorted(found, key=lambda each: -each.belief().mean)


def _choice(considered: Iterable[Considered], prior: Prior) -> str:
    """Return the technique of the highest believed difference, of those decided for if any is."""
    allowed = [each for each in considered if not each.barred]
    chosen = [each for each in allowed if decided(each.evidence, Answer.YES)]
    if chosen:
        return max(chosen, key=lambda each: each.belief(prior).mean).technique
    means = {each.technique: each.belief(prior).mean for each in allowed}
    # Of claims that are believed alike the one for the task comes first, and max keeps it.
    best = max(means, key=means.__getitem__, default=BASELINE)
    return best if means.get(best, 0.0) > 0 else BASELINE


def _basis(
    considered: Iterable[Considered], technique: str, alternatives: tuple[str, ...]
) -> Basis:
    each = {item.technique: item for item in considered}
    chosen = [each[technique]] if technique in each else list(each.values())
    evidence = [item for one in chosen for item in one.evidence]
    answer = Answer.NO if technique == BASELINE else Answer.YES
    if evidence and all(one.barred or decided(one.evidence, answer) for one in chosen):
        return Basis.DECIDED
    if alternatives:
        return Basis.PRIOR
    telling = [item for item in evidence if item.tells]
    if telling:
        return Basis.OWN if any(item.own for item in telling) else Basis.SIMILAR
    return Basis.RULE if any(one.claim for one in chosen) else Basis.NOTHING
