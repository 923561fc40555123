"""Whether a technique's scores spread less over seeds than the baseline's, by pairs of seeds.

The ratio of the standard deviations has an interval that is its test turned round, so the two never
contradict each other: the squared deviations of both from a centre are compared by the sign-flip
test, which swaps a technique's deviation with the baseline's of the same seed.

Why not the usual tests: in simulations of 10 and of 20 exchangeable pairs, where 5% may reject,
that of Pitman and of Morgan (both 1939, Biometrika 31) rejects in up to 30% for scores with heavy
tails (Student's t with 3 degrees of freedom) and in 46% where a tenth of the runs collapse; that of
Bonett and Seier (2003, Computational Statistics & Data Analysis 43) in 9% and in 26%. A sign-flip
test of deviations from the mean rejects in up to 50% where runs collapse, since one collapsed run
moves the mean, and with it the deviations of all others, to one side. From the median it rejects in
3.5% of normal samples of ten, and gives power away. From a trimmed mean of the scores that are not
far out it rejects in 4% to 5% in all of these (`python -m workbench simulate --calibration`).

What no test can tell: a technique that collapses now and then spreads more, and ten seeds need not
hold a collapsed run. The ratio is then that of the runs that did not; the rate of collapse is a
question of its own, to be shown beside it (`workbench.analysis.rates`).
"""

from collections.abc import Hashable, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, TypeVar

import numpy as np

from workbench.analysis import spread
from workbench.analysis.decision import ERROR, holm_levels
from workbench.analysis.intervals import ROUNDING, Limits, sign_flips, subsets
from workbench.analysis.spread import Score

FAR = 6.0
"""Scores so many median absolute deviations from the median, such as those of collapsed runs, do
not enter the centre; of normal scores one in 20,000 lies so far out."""

TRIMMED = 0.2
"""Share of the other scores on either side that does not enter the centre either."""

_ROWS = 64  # Series a batch: each takes 8191 numbers, several times.

_SAME = 1e-9  # Ratios closer to 1 than this are 1: they come from dividing sums.


Name = TypeVar("Name", bound=Hashable)


class Steadier(StrEnum):
    """What paired runs say of two standard deviations."""

    STEADIER = "steadier"
    LESS = "less steady"
    UNDECIDED = "undecided"
    TOO_FEW = "too few"
    """Not even a difference that all pairs agree on could be decided."""


class Steadiness(NamedTuple):
    """The standard deviation of a technique over that of the baseline."""

    ratio: float
    """NaN below two pairs, and where neither side varies."""
    low: float
    high: float
    level: float
    """Two-sided level at which the interval was tested."""
    p: float
    """At most the level exactly where the interval excludes 1."""
    pairs: int
    verdict: Steadier


def steadier(
    scores: Iterable[Score], baseline: Iterable[Score], error: float = ERROR
) -> Steadiness:
    """Compare the standard deviations of paired scores.

    Parameters
    ----------
    scores, baseline
        Of a technique and of the baseline, one seed after the other in the same order; a pair
        counts where both are defined.
    error
        Share of such comparisons that may claim a difference where there is none.

    Returns
    -------
    Steadiness
        Limits are 0 and infinite where the pairs are too few to exclude anything.
    """
    return steadier_together({0: (scores, baseline)}, error)[0]


def steadier_together(
    sides: Mapping[Name, tuple[Iterable[Score], Iterable[Score]]], error: float = ERROR
) -> dict[Name, Steadiness]:
    """Compare several techniques with their baselines, so that they share one error.

    Parameters
    ----------
    sides
        By technique its scores and those of its baseline, as for `steadier`.
    error
        Probability of any wrong verdict, all of them together
        (`workbench.analysis.decision.holm_levels`).

    Returns
    -------
    dict
        By technique, in their order.

    Raises
    ------
    WorkbenchError
        When the error is no share.
    """
    paired = {name: _paired(*each) for name, each in sides.items()}
    ps = {name: float(ratio_p(*each)) for name, each in paired.items()}
    levels = holm_levels(ps, error)
    return {name: _steadiness(*each, levels[name], ps[name]) for name, each in paired.items()}


def _paired(scores: Iterable[Score], baseline: Iterable[Score]) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of both sides of each pair whose scores are defined."""
    sides = zip(scores, baseline, strict=True)
    both = [pair for side in sides if len(pair := spread.defined(side)) == 2]
    mine, others = np.array(both).reshape(-1, 2).T
    return mine, others


def _steadiness(scores: np.ndarray, baseline: np.ndarray, level: float, p: float) -> Steadiness:
    low, high = map(float, ratio_limits(scores, baseline, level))
    few = len(scores) < 2 or 2 / sign_flips(len(scores)) > level
    verdict = Steadier.TOO_FEW if few else _verdict(low, high)
    return Steadiness(float(_ratio(scores, baseline)), low, high, level, p, len(scores), verdict)


def _verdict(low: float, high: float) -> Steadier:
    if high < 1 - _SAME:
        return Steadier.STEADIER
    return Steadier.LESS if low > 1 + _SAME else Steadier.UNDECIDED


def ratio_limits(scores: np.ndarray, baseline: np.ndarray, level: float) -> Limits:
    """Return the limits of the ratio of two standard deviations.

    Parameters
    ----------
    scores, baseline
        ``float [..., pairs]``, in an order that does not depend on their values.
    level
        Share of such limits that miss, two-sided.

    Returns
    -------
    Limits
        ``float [...]``, 0 and infinite where nothing is excluded.

    Notes
    -----
    A ratio is rejected where, of the deviations of the technique divided by it and those of the
    baseline, few swaps leave as large a difference; a swap raises it where the ratio of the swapped
    subset alone lies beyond. So the limits are order statistics of subset ratios, as those of
    `workbench.analysis.intervals.sign_flip` are of subset means (Hartigan 1969, JASA 64). They are
    widened to hold the ratio of the ordinary standard deviations, whose centre is the mean.
    """
    pairs = scores.shape[-1]
    rank = int(level / 2 * sign_flips(pairs) + 1e-9)
    if pairs < 2 or rank == 0:
        return Limits(np.zeros(scores.shape[:-1]), np.full(scores.shape[:-1], np.inf))
    found = [
        (np.partition(low, rank - 1)[:, rank - 1], -np.partition(-high, rank - 1)[:, rank - 1])
        for low, high in _batches(scores, baseline)
    ]
    low, high = (
        np.concatenate(side).reshape(scores.shape[:-1]) for side in zip(*found, strict=True)
    )
    ratio = _ratio(scores, baseline)
    return Limits(np.fmin(low, ratio), np.fmax(high, ratio))


def ratio_p(scores: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Return the lowest level at which `ratio_limits` exclude 1, ``float [...]``.

    Parameters
    ----------
    scores, baseline
        As there.
    """
    pairs = scores.shape[-1]
    if pairs < 2:
        return np.ones(scores.shape[:-1])
    crossing = [
        [(low <= 1 + _SAME).sum(axis=1), (high >= 1 - _SAME).sum(axis=1)]
        for low, high in _batches(scores, baseline)
    ]
    below, above = np.concatenate(crossing, axis=1).reshape(2, *scores.shape[:-1])
    ratio = _ratio(scores, baseline)
    crossed = np.where(ratio > 1 + _SAME, below, above)
    p = np.minimum(1.0, 2 * (1 + crossed) / sign_flips(pairs))
    return np.where(abs(ratio - 1) > _SAME, p, 1.0)


def _batches(scores: np.ndarray, baseline: np.ndarray):
    """Yield subset ratios of many rows, ``float [rows, sign flips - 1]``, at their least and most.

    They differ where neither side deviates at all, which excludes no ratio.
    """
    pairs = scores.shape[-1]
    chosen = subsets(pairs).T
    mine, others = (_deviations(side.reshape(-1, pairs)) for side in (scores, baseline))
    for start in range(0, len(mine), _ROWS):
        above, below = (side[start : start + _ROWS] @ chosen for side in (mine, others))
        known = (above > 0) | (below > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.sqrt(above / below)
        yield np.where(known, ratios, 0.0), np.where(known, ratios, np.inf)


def _deviations(rows: np.ndarray) -> np.ndarray:
    """Return squared deviations from the centre of each row, 0 up to rounding."""
    deviations = rows - _centre(rows)[:, None]
    return np.where(abs(deviations) > ROUNDING, deviations, 0.0) ** 2


def _centre(rows: np.ndarray) -> np.ndarray:
    """Return the trimmed mean of the scores of each row that are not far out."""
    apart = abs(rows - np.median(rows, axis=1, keepdims=True))
    near = apart <= FAR * np.median(apart, axis=1, keepdims=True) + ROUNDING
    ordered = np.sort(np.where(near, rows, np.inf), axis=1)
    kept = near.sum(axis=1, keepdims=True)
    cut = np.minimum(np.ceil(TRIMMED * kept), (kept - 1) // 2)
    place = np.arange(rows.shape[1])
    inner = (place >= cut) & (place < kept - cut)
    return np.where(inner, ordered, 0.0).sum(axis=1) / inner.sum(axis=1)


def _ratio(scores: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """Return the ratio of the standard deviations, NaN where neither varies."""
    if scores.shape[-1] < 2:
        return np.full(scores.shape[:-1], np.nan)
    mine, others = scores.std(axis=-1, ddof=1), baseline.std(axis=-1, ddof=1)
    mine, others = (np.where(side > ROUNDING, side, 0.0) for side in (mine, others))
    with np.errstate(divide="ignore", invalid="ignore"):
        return mine / others
