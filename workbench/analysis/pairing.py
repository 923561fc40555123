"""What pairs of runs with the same seed say beside their mean difference."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from workbench.analysis.intervals import ROUNDING
from workbench.analysis.rates import clopper_pearson
from workbench.analysis.spread import Score, defined


class Improvement(NamedTuple):
    """How often a technique beats the baseline at the same seed, ties counting half."""

    probability: float
    low: float
    high: float
    pairs: int


def improvement(differences: Iterable[Score], confidence: float = 0.95) -> Improvement | None:
    """Estimate the probability that a technique beats the baseline at a seed, ties counting half.

    Parameters
    ----------
    differences
        Score of the technique less that of the baseline at each seed; undefined ones take no part.
    confidence
        The share of such intervals that hold the true probability is at least this.

    Returns
    -------
    Improvement or None
        None without a pair.

    Notes
    -----
    Agarwal et al. 2021 (arXiv:2108.13264) estimate it over all pairs of runs, which is right where
    nothing pairs them. The interval is that of `rates.clopper_pearson`, exact where nothing ties;
    a tie spreads less than a win or a loss, so that with ties it is wider than it need be.
    """
    values = defined(differences)
    if not len(values):
        return None
    wins = float((values > ROUNDING).sum() + (abs(values) <= ROUNDING).sum() / 2)
    low, high = clopper_pearson(wins, len(values), confidence)
    return Improvement(wins / len(values), low, high, len(values))


def correlation(scores: Iterable[Score], baseline: Iterable[Score]) -> float | None:
    """Return Pearson's correlation of paired scores: how much pairing by seed is worth.

    The variance of a paired difference is ``sd1^2 + sd2^2 - 2 r sd1 sd2``: at ``r = 0`` pairing
    gains nothing.

    Parameters
    ----------
    scores, baseline
        In the same order of seeds; a pair counts where both are defined.

    Returns
    -------
    float or None
        None below three pairs, since two always lie on a line, and where either side is constant.
    """
    sides = zip(scores, baseline, strict=True)
    pairs = np.array([pair for both in sides if len(pair := defined(both)) == 2])
    if len(pairs) < 3 or (np.ptp(pairs, axis=0) < ROUNDING).any():
        return None
    return float(np.corrcoef(pairs.T)[0, 1])
