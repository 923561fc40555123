"""Almost stochastic order: how far one distribution of scores is from lying above another.

A description and never a verdict: it compares whole distributions, ignores that seeds pair the
runs, and rests on an error from large-sample theory that few seeds do not have.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from workbench.analysis.spread import Score, defined

RESAMPLES = 1000


class StochasticOrder(NamedTuple):
    """How much of the distance between two distributions speaks against the first."""

    violation: float
    """0 where every quantile of the first is the higher one, 1 where every one is the lower."""
    error: float
    """Standard error; 0 where no resample differs, which few scores that do not overlap give."""
    bound: float
    """The violation that is not exceeded, at the confidence asked for: below 0.5 some call the
    first better (Dror et al.); no sentence here does."""


def stochastic_order(
    scores: Iterable[Score], baseline: Iterable[Score], confidence: float = 0.95
) -> StochasticOrder | None:
    """Describe how nearly the scores are stochastically larger than those of the baseline.

    Parameters
    ----------
    scores, baseline
        Two samples, which need not be of one size; undefined scores take no part.
    confidence
        Of the one-sided bound.

    Returns
    -------
    StochasticOrder or None
        None below two scores on either side, and where both distributions are the same.

    Notes
    -----
    The violation ratio is ``integral of max(G^-1 - F^-1, 0)^2 / integral of (G^-1 - F^-1)^2`` over
    the quantile functions of the scores, ``F^-1``, and of the baseline, ``G^-1``: del Barrio,
    Cuesta-Albertos and Matran (2018), An optimal transportation approach for assessing almost
    stochastic order (arXiv:1705.01788). Its ratio is asymptotically normal; the error is the
    standard deviation over bootstrap samples of each side, and the bound the ratio and the
    confidence's normal quantile times the error, within 0 and 1: Dror, Shlomov and Reichart
    (2019), Deep dominance, ACL, 2773-2785.

    The bound is too low for few scores: of normal ones with means 0.5 and 0 and standard deviations
    1 and 2, whose ratio is 0.168, the 95% bound held in 87% of 300 draws of 5 and of 10 a side, in
    88% of 20, 89% of 60 and 93% of 200.
    """
    first, second = defined(scores), defined(baseline)
    if min(len(first), len(second)) < 2:
        return None
    violation = float(violation_ratio(first, second))
    if np.isnan(violation):
        return None
    rng = np.random.default_rng(0)
    resampled = (rng.choice(side, (RESAMPLES, len(side))) for side in (first, second))
    error = float(np.nanstd(violation_ratio(*resampled)))
    bound = violation + float(ndtri(confidence)) * error
    return StochasticOrder(violation, error, float(np.clip(bound, 0, 1)))


def violation_ratio(scores: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Return the violation ratio of samples, exactly: quantile functions of samples are steps.

    Parameters
    ----------
    scores, baseline
        ``float [..., n]`` and ``float [..., m]``.

    Returns
    -------
    numpy.ndarray
        ``float [...]`` from 0 to 1, NaN where both distributions are the same.
    """
    n, m = scores.shape[-1], baseline.shape[-1]
    # In units of 1 / (n m), so that no step is lost to rounding.
    ends = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)
    start, width = ends[:-1], np.diff(ends)
    gap = np.sort(baseline)[..., start // n] - np.sort(scores)[..., start // m]
    total = (gap**2 * width).sum(axis=-1)
    against = (np.maximum(gap, 0) ** 2 * width).sum(axis=-1)
    return np.divide(against, total, out=np.full(total.shape, np.nan), where=total > 0)
