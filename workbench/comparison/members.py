"""The runs of groups as arrays, and those of two groups paired by their seeds."""

from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
import pandas as pd

from workbench.analysis.seeds import apart
from workbench.comparison.groups import SEEDS
from workbench.errors import WorkbenchError

Triple = tuple[Hashable, ...]
"""The seeds of the new weights, of the order of the data, and of dropout."""


class Members(NamedTuple):
    """The runs of a group, in the order of their seeds."""

    seeds: list[Triple]
    runs: np.ndarray
    """Their identities, missing where scores were imported, ``[runs]``."""
    scores: np.ndarray
    """``float64 [runs]``, NaN where undefined."""
    collapsed: np.ndarray
    """1 or 0, NaN where it is not known, ``float64 [runs]``."""

    def at(self, places: list[int]) -> "Members":
        """Return some of the runs."""
        seeds = [self.seeds[place] for place in places]
        return Members(seeds, *(column[places] for column in self[1:]))


class Pairs(NamedTuple):
    """The runs of an arm and of its baseline that have the same three seeds, in their order."""

    arm: Members
    baseline: Members

    @property
    def defined(self) -> np.ndarray:
        """Whether both scores of a pair are numbers, ``bool [pairs]``."""
        return np.isfinite(self.arm.scores - self.baseline.scores)

    @property
    def differences(self) -> np.ndarray:
        """Arm minus baseline of the pairs that are defined, ``float64 [defined pairs]``."""
        return (self.arm.scores - self.baseline.scores)[self.defined]

    @property
    def scores(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores of either side of the pairs that are defined, ``float64 [defined pairs]`` each."""
        return self.arm.scores[self.defined], self.baseline.scores[self.defined]

    @property
    def collapsed(self) -> tuple[np.ndarray, np.ndarray]:
        """Whether the runs of either side collapsed, where both say so, ``bool [pairs]`` each."""
        known = np.isfinite(self.arm.collapsed + self.baseline.collapsed)
        return self.arm.collapsed[known] == 1, self.baseline.collapsed[known] == 1

    @property
    def runs(self) -> tuple[list[list[str]], list[list[str]]]:
        """Identities of the runs of the defined pairs, as `TaskItems.error` takes them."""
        arm, baseline = ([[run] for run in side.runs[self.defined]] for side in self)
        return arm, baseline


def members(runs: pd.DataFrame, of_run: pd.Series, split: str) -> dict[str, Members]:
    """Return the runs of each group.

    Parameters
    ----------
    runs
        One row a run: ``run collapsed``, the three seeds and the scores of the split.
    of_run
        The group of each (`workbench.comparison.groups.sort_runs`).
    split
        ``"dev"`` or ``"test"``.

    Raises
    ------
    WorkbenchError
        When a group has a run of the same seeds twice.
    """
    if runs.empty:
        return {}
    _check(runs, of_run)
    # As arrays at once: cutting a table into its groups takes a second for a thousand of them.
    seeds = list(zip(*(runs[name].tolist() for name in SEEDS), strict=True))
    columns = (
        runs["run"].to_numpy(object),
        *(
            pd.to_numeric(runs[name]).to_numpy(float, na_value=np.nan)
            for name in (split, "collapsed")
        ),
    )
    places: dict[str, list[int]] = {}
    for place, group in enumerate(of_run.tolist()):
        places.setdefault(group, []).append(place)
    every = Members(seeds, *columns)
    return {group: every.at(sorted(mine, key=seeds.__getitem__)) for group, mine in places.items()}


def _check(runs: pd.DataFrame, of_run: pd.Series) -> None:
    twice = runs[list(SEEDS)].assign(group=of_run).duplicated()
    if twice.any():
        row = runs[twice].iloc[0]
        raise WorkbenchError(
            f"seed {row['seed']} of {row['technique']} with {row['model']} on {row['task']} occurs "
            "twice with the same settings: leave one of them out"
        )


def paired(arm: Members, baseline: Members) -> Pairs:
    """Pair the runs of two groups of one checkpoint by their seeds; crossed ones only `apart`."""
    places = {seeds: place for place, seeds in enumerate(baseline.seeds)}
    chosen = apart(places.keys() & set(arm.seeds))
    mine = [place for place, seeds in enumerate(arm.seeds) if seeds in chosen]
    return Pairs(arm.at(mine), baseline.at([places[arm.seeds[place]] for place in mine]))
