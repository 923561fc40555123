"""Runs of an arm beside those of its baseline, paired by their seeds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.comparison.groups import SEEDS


@dataclass(frozen=True)
class Pairs:
    """The runs of two groups that have the same three seeds, in the order of the seeds.

    Attributes
    ----------
    arm, baseline
        Rows of the table of runs, as many of each.
    split
        Which scores count.
    """

    arm: pd.DataFrame
    baseline: pd.DataFrame
    split: str

    @property
    def scores(self) -> tuple[np.ndarray, np.ndarray]:
        """Scores of the arm and of the baseline, ``float64 [pairs]`` each, NaN where undefined."""
        arm, baseline = (
            side[self.split].to_numpy(float, na_value=np.nan) for side in (self.arm, self.baseline)
        )
        return arm, baseline

    @property
    def defined(self) -> np.ndarray:
        """Whether both scores of a pair are numbers, ``bool [pairs]``."""
        return np.logical_and(*map(np.isfinite, self.scores))

    @property
    def differences(self) -> np.ndarray:
        """Arm minus baseline of the pairs that are defined, ``float64 [defined pairs]``."""
        arm, baseline = self.scores
        return (arm - baseline)[self.defined]

    @property
    def collapsed(self) -> tuple[np.ndarray, np.ndarray]:
        """Whether the runs of either side collapsed, where both say so, ``bool [pairs]`` each."""
        sides = [side["collapsed"] for side in (self.arm, self.baseline)]
        known = (sides[0].notna().to_numpy()) & (sides[1].notna().to_numpy())
        arm, baseline = (side.eq(True).to_numpy(bool)[known] for side in sides)
        return arm, baseline

    @property
    def runs(self) -> tuple[list[list[str]], list[list[str]]]:
        """Identities of the runs of the defined pairs, as `TaskItems.error` takes them."""
        arm, baseline = (
            [[run] for run in side.loc[self.defined, "run"]] for side in (self.arm, self.baseline)
        )
        return arm, baseline


def paired(arm: pd.DataFrame, baseline: pd.DataFrame, split: str) -> Pairs:
    """Pair the runs of two groups of one checkpoint by their seeds.

    Parameters
    ----------
    arm, baseline
        One row a run, each triple of seeds once.
    split
        ``"dev"`` or ``"test"``.
    """
    sides = [side.set_index(list(SEEDS), drop=False) for side in (arm, baseline)]
    both = sides[0].index.intersection(sides[1].index).sort_values()
    mine, others = (side.loc[both].reset_index(drop=True) for side in sides)
    return Pairs(mine, others, split)
