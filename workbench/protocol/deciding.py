"""The declared rule, applied to what has finished: which contrasts are decided, what is missing."""

from collections.abc import Hashable, Iterable
from typing import NamedTuple

import pandas as pd

from workbench.analysis import spread
from workbench.analysis.adaptive import Rule, Standing, follow
from workbench.analysis.items import ItemError
from workbench.analysis.looks import LOOKS
from workbench.analysis.spread import Score
from workbench.errors import WorkbenchError
from workbench.protocol.declaration import AUTO, Declaration
from workbench.protocol.items import TaskItems
from workbench.protocol.stages import Place

_NOTHING = pd.DataFrame(columns=["arm", "task", "train_size", "subset_seed", "seed", "test"])
"""No run has finished."""


class Family(NamedTuple):
    """The arms that share a baseline on one training set."""

    task: str
    train_size: int
    baseline: str
    arms: tuple[str, ...]


def families(declaration: Declaration) -> list[Family]:
    """Return what is compared: on each task, at each size, with each baseline."""
    shared: dict[str, list[str]] = {}
    for arm, baseline in declaration.baselines.items():
        shared.setdefault(baseline, []).append(arm)
    return [
        Family(task, size, baseline, tuple(arms))
        for task, data in declaration.tasks.items()
        for size in dict.fromkeys(data.train_size)
        for baseline, arms in shared.items()
    ]


def rule(declaration: Declaration, family: Family) -> Rule:
    """Return how the contrasts of a family are decided, all contrasts of the study counted.

    Raises
    ------
    WorkbenchError
        When so few seeds can decide none of so many contrasts.
    """
    contrast = declaration.contrast
    looks = LOOKS if declaration.seeds == AUTO else (len(units(declaration, family)),)
    return Rule(number_of_contrasts(declaration), contrast.margin / 100, contrast.error, looks)


def paired_arms(declaration: Declaration, family: Family) -> list[str]:
    """Return the arms of the baseline's model: seeds pair runs of one checkpoint only."""
    model = declaration.model_of(family.baseline)
    return [arm for arm in family.arms if declaration.model_of(arm) == model]


def undecidable(declaration: Declaration) -> str:
    """Say why the declared seeds, or the budget, can decide nothing; empty where they can."""
    for family in families(declaration):
        if not paired_arms(declaration, family):
            continue
        try:
            standing(_NOTHING, declaration, family)
        except WorkbenchError as problem:
            return str(problem)
    return ""


def number_of_contrasts(declaration: Declaration) -> int:
    """Return how many differences the study decides."""
    return sum(len(family.arms) for family in families(declaration))


def units(declaration: Declaration, family: Family) -> list[int]:
    """Return what pairs runs: the subsets of a size where there are several, else the seeds."""
    subsets = declaration.tasks[family.task].subset_seeds
    if family.train_size and len(subsets) > 1:
        return list(subsets)
    return list(range(LOOKS[-1])) if declaration.seeds == AUTO else declaration.reporting_seeds


def standing(
    runs: pd.DataFrame,
    declaration: Declaration,
    family: Family,
    tested: TaskItems | None = None,
) -> Standing:
    """Apply the declared rule to what has finished of a family.

    Parameters
    ----------
    runs
        One row a finished run and arm: ``arm task train_size subset_seed seed test``, scores on
        their raw scale; ``run`` too where test items are given.
    declaration, family
        Of the study.
    tested
        What the test items add to the error; None for claims about these items alone.

    Raises
    ------
    WorkbenchError
        When the budget or the seeds can decide nothing.
    """
    subsets = over_subsets(declaration, family)
    arms = (family.baseline, *paired_arms(declaration, family))
    scores = {arm: scores_of(of(runs, family, arm), subsets) for arm in arms}

    def error(arm: str, chosen: Iterable[Hashable]) -> ItemError | None:
        mine, others = (of(runs, family, side) for side in (arm, family.baseline))
        return items_of(mine, others, chosen, subsets, tested)

    return follow(
        scores,
        rule(declaration, family),
        units(declaration, family),
        baseline=family.baseline,
        runs=_budget(declaration, family),
        items=error,
    )


def missing(
    runs: pd.DataFrame, declaration: Declaration, tested: TaskItems | None = None
) -> dict[tuple[int, ...], set[Place]]:
    """Return the seeds that the next round of undecided contrasts needs, and who needs them.

    Parameters
    ----------
    runs, declaration, tested
        As for `standing`.

    Returns
    -------
    dict
        The seeds of a whole round, so that it is the same sweep whenever it is gone on with, and
        the arms on the training sets where they are wanted.
    """
    wanted: dict[tuple[int, ...], set[Place]] = {}
    for family in families(declaration):
        for arm, seeds in standing(runs, declaration, family, tested).missing.items():
            place = Place(arm, family.task, family.train_size)
            wanted.setdefault(_round(int(str(seeds[-1]))), set()).add(place)
    return wanted


def _round(seed: int) -> tuple[int, ...]:
    """Return the seeds of the round that a seed belongs to."""
    start = max((look for look in LOOKS if look <= seed), default=0)
    return tuple(range(start, next(look for look in LOOKS if look > seed)))


def over_subsets(declaration: Declaration, family: Family) -> bool:
    """Tell whether several subsets were drawn, whose means are then compared."""
    return family.train_size > 0 and len(declaration.tasks[family.task].subset_seeds) > 1


def _budget(declaration: Declaration, family: Family) -> int | None:
    """Return a family's share of the runs that may be reported; None where nothing limits them."""
    if declaration.seeds != AUTO:
        return None
    total = sum(len(each.arms) + 1 for each in families(declaration))
    left = declaration.budget.runs - declaration.runs[0]
    return left * (len(family.arms) + 1) // total


def affordable(declaration: Declaration) -> int:
    """Return how many seeds rounds may come to before the budget of `AUTO` ends.

    Every family has a share of it by its arms, so it is the same number for all.
    """
    budget = declaration.budget.runs - declaration.runs[0]
    arms = sum(len(each.arms) + 1 for each in families(declaration))
    return max((look for look in LOOKS if look * arms <= budget), default=0)


def of(runs: pd.DataFrame, family: Family, arm: str) -> pd.DataFrame:
    """Return the runs of an arm on the training set of a family."""
    place = (runs["task"] == family.task) & (runs["train_size"] == family.train_size)
    return runs[place & (runs["arm"] == arm)]


def scores_of(runs: pd.DataFrame, subsets: bool) -> dict[Hashable, Score]:
    """Return the test score of each seed, or the mean of each subset, raw scale."""
    return {key: spread.mean(part["test"]) for key, part in runs.groupby(_unit(subsets))}


def items_of(
    mine: pd.DataFrame,
    others: pd.DataFrame,
    units: Iterable[Hashable],
    subsets: bool,
    tested: TaskItems | None,
    paired: bool = True,
) -> ItemError | None:
    """Return what the test items add to the error of a difference, None where it is not known.

    Parameters
    ----------
    mine, others
        The runs of an arm and of its baseline on one training set.
    units
        Seeds or, where ``subsets``, subsets, whose runs are compared.
    tested, paired
        As for `TaskItems.error`; without ``tested`` the claim is about these items alone.
    """
    if tested is None:
        return None
    arm, baseline = (_runs_of(side, units, subsets) for side in (mine, others))
    return tested.error(arm, baseline, paired)


def _runs_of(runs: pd.DataFrame, units: Iterable[Hashable], subsets: bool) -> list[list[str]]:
    """Return the runs of each seed, or subset, whose test score is defined."""
    defined = runs[runs["test"].notna()]
    found = {key: part["run"].tolist() for key, part in defined.groupby(_unit(subsets))}
    return [found.get(key, []) for key in units]


def _unit(subsets: bool) -> str:
    return "subset_seed" if subsets else "seed"
