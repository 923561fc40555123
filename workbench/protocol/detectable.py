"""What differences a declared study can find, before any of its test scores is seen."""

from collections.abc import Hashable, Sequence
from statistics import mean

import numpy as np
import pandas as pd

from workbench.analysis import spread
from workbench.analysis.power import POWER, smallest_detectable
from workbench.analysis.spread import Score
from workbench.protocol.deciding import (
    Family,
    affordable,
    families,
    number_of_contrasts,
    of,
    over_subsets,
    paired_arms,
    undecidable,
    units,
)
from workbench.protocol.declaration import AUTO, Declaration

ASSUMED = 2.0
"""Points by which paired differences are assumed to spread while nothing is known of them."""


def detectable(declaration: Declaration, dev: pd.DataFrame) -> str:
    """Say what differences the declared seeds can find.

    Each contrast is tested at its share of the declared error (Bonferroni), by a paired t-test. Its
    spread is taken from dev scores, where there are some: test scores are sealed.

    Parameters
    ----------
    declaration
        Of the study.
    dev
        One row a finished run of a chosen candidate, with those that tuned: ``arm task train_size
        subset_seed seed dev``, raw scale.
    """
    compared = [each for each in families(declaration) if paired_arms(declaration, each)]
    if not compared:
        return ""
    if reason := undecidable(declaration):
        return f"Too little to decide: {reason}."
    fewest = min(_pairs(declaration, family) for family in compared)
    most = "at most " if declaration.seeds == AUTO else ""
    return (
        f"Detectable on these test items: {_smallest(declaration, fewest):.2g} standard deviations "
        f"of the paired differences, in {POWER:.0%} of such studies, with {most}{fewest} pairs and "
        f"an error of {declaration.contrast.error:g} for all contrasts together "
        f"({number_of_contrasts(declaration)})\n{_points(declaration, compared, dev)}"
    )


def _pairs(declaration: Declaration, family: Family) -> int:
    """Return how many pairs a contrast may have in the end."""
    return affordable(declaration) if declaration.seeds == AUTO else len(units(declaration, family))


def _smallest(declaration: Declaration, pairs: int, sd: float = 1.0) -> float:
    level = declaration.contrast.error / number_of_contrasts(declaration)
    return smallest_detectable(pairs, sd, level)


def _points(declaration: Declaration, compared: Sequence[Family], dev: pd.DataFrame) -> str:
    """Say it in points: by dev scores where they are known, else by what is assumed."""
    known = [text for family in compared if (text := _known(declaration, family, dev))]
    if known:
        return f"In points, as dev scores spread in finished runs: {'; '.join(known)}"
    fewest = min(_pairs(declaration, family) for family in compared)
    return (
        f"In points: {_smallest(declaration, fewest, ASSUMED):.1f}, assuming that paired "
        f"differences have a standard deviation of {ASSUMED:g}: how they spread is not known yet"
    )


def _known(declaration: Declaration, family: Family, dev: pd.DataFrame) -> str:
    """Return the difference in points that one training set shows; empty where none is known."""
    if over_subsets(declaration, family):  # What differs between subsets is not tuned on.
        return ""
    base = _by_seed(of(dev, family, family.baseline))
    each = [
        found
        for arm in paired_arms(declaration, family)
        if (found := spread.paired(_by_seed(of(dev, family, arm)), base)).sd
    ]
    if not each:
        return ""
    # Arms have as many pairs, so that the variances weigh the same.
    sd = float(np.sqrt(mean(found.sd**2 for found in each if found.sd)))
    points = 100 * _smallest(declaration, _pairs(declaration, family), sd)
    size = f", {family.train_size} training examples" if family.train_size else ""
    pairs = sum(found.pairs for found in each)
    return f"{points:.1f} on {family.task}{size}, against {family.baseline} ({pairs} pairs)"


def _by_seed(runs: pd.DataFrame) -> dict[Hashable, Score]:
    return dict(zip(runs["seed"], runs["dev"], strict=True))
