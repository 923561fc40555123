"""Confidence limits of the centre of paired differences, for many series at once, and their tests.

A level is two-sided: half of it may be missed on either side. Limits are infinite where the series
is too short to exclude anything. A p is the lowest level at which the limits of the same name
exclude 0, so that a test and an interval never contradict each other.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr, stdtrit

BITS = 13
"""At most ``2 ** BITS`` sign flips are used, which resolves levels of 0.00024."""

ROUNDING = 1e-12
"""Differences closer than this are equal: they come from subtracting scores."""

_ROWS = 256  # Series a batch: each takes 8191 numbers.


class Limits(NamedTuple):
    """Lower and upper limits of the same shape."""

    low: np.ndarray
    high: np.ndarray


def student(differences: np.ndarray, level: float) -> Limits:
    """Return Student's limits of each mean.

    Parameters
    ----------
    differences
        ``float [..., pairs]``.
    level
        Share of such limits that miss, two-sided, for normal differences.

    Returns
    -------
    Limits
        ``float [...]``; infinite below two pairs, and where all differences are equal and not 0,
        since their spread is then unknown.

    Notes
    -----
    "Student" (1908), The probable error of a mean, Biometrika 6(1).
    """
    pairs = differences.shape[-1]
    if pairs < 2 or level <= 0:
        return _unlimited(differences)
    mean, sd = differences.mean(axis=-1), differences.std(axis=-1, ddof=1)
    half = stdtrit(pairs - 1, 1 - level / 2) * sd / pairs**0.5
    half = np.where((sd < ROUNDING) & (abs(mean) > ROUNDING), np.inf, half)
    return Limits(mean - half, mean + half)


def student_p(differences: np.ndarray) -> np.ndarray:
    """Return the p of the paired t-test of each mean against 0, ``float [...]``.

    It is 1 where `student` has no finite limits, or all differences are 0.

    Parameters
    ----------
    differences
        ``float [..., pairs]``.
    """
    pairs = differences.shape[-1]
    if pairs < 2:
        return np.ones(differences.shape[:-1])
    mean, sd = differences.mean(axis=-1), differences.std(axis=-1, ddof=1)
    constant = sd < ROUNDING
    t = abs(mean) * pairs**0.5 / np.where(constant, 1.0, sd)
    return np.where(constant, 1.0, 2 * stdtr(pairs - 1, -t))


def sign_flips(pairs: int) -> int:
    """Return how many sign flips the test of so many pairs uses: all, or ``2 ** BITS``."""
    return 2 ** min(pairs, BITS)


def sign_flip(differences: np.ndarray, level: float) -> Limits:
    """Return the limits that a sign-flip test of each centre does not reject.

    They miss with at most the given probability, exactly and for any distribution, where the
    differences are symmetric about one centre. Two techniques that are exchangeable within a
    seed, collapsed runs included, have differences that are symmetric about 0.

    Parameters
    ----------
    differences
        ``float [..., pairs]``, in an order that does not depend on their values.
    level
        Share of such limits that miss, two-sided.

    Returns
    -------
    Limits
        ``float [...]``; infinite where even the most extreme flip is more frequent than the level.

    Notes
    -----
    Fisher (1935), The design of experiments, section 21. A centre is rejected where few sums of
    flipped deviations from it are as extreme; the flips of a subset raise the sum exactly where
    the subset's mean lies beyond the centre. So the limits are order statistics of subset means:
    Hartigan (1969), Using subsample values as typical values, JASA 64, 1303-1317, who also shows
    that they stay exact for a group of subsets (closed under symmetric difference) in place of
    all, which `subsets` uses for long series.
    """
    pairs = differences.shape[-1]
    rank = int(level / 2 * sign_flips(pairs) + 1e-9)
    if pairs == 0 or rank == 0:
        return _unlimited(differences)
    rows = differences.reshape(-1, pairs)
    batches = [rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS)]
    found = np.concatenate([_ranked_means(batch, rank) for batch in batches])
    return Limits(*(side.reshape(differences.shape[:-1]) for side in found.T))


def sign_flip_p(differences: np.ndarray) -> np.ndarray:
    """Return the p of the sign-flip test of each centre against 0, ``float [...]``.

    It is twice the share of flips, none among them, that leave the sum as extreme on its own side.

    Parameters
    ----------
    differences
        As in `sign_flip`.
    """
    pairs = differences.shape[-1]
    if pairs == 0:
        return np.ones(differences.shape[:-1])
    rows = differences.reshape(-1, pairs)
    batches = [rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS)]
    extreme = 1 + np.concatenate([_least_crossing(batch) for batch in batches])
    return np.minimum(1.0, 2 * extreme / sign_flips(pairs)).reshape(differences.shape[:-1])


def _least_crossing(rows: np.ndarray) -> np.ndarray:
    """Count the subset means that are not above 0, or not below, whichever are fewer."""
    means = _subset_means(rows)
    return np.minimum((means <= ROUNDING).sum(axis=1), (means >= -ROUNDING).sum(axis=1))


def _ranked_means(rows: np.ndarray, rank: int) -> np.ndarray:
    """Return the rank-th lowest and highest subset mean of each row, ``float [rows, 2]``."""
    means = _subset_means(rows)
    ends = [rank - 1, means.shape[1] - rank]
    return np.partition(means, ends, axis=1)[:, ends]


def _subset_means(rows: np.ndarray) -> np.ndarray:
    """Return the mean of every subset of each row, ``float [rows, sign flips - 1]``."""
    chosen = subsets(rows.shape[1])
    return rows @ (chosen / chosen.sum(axis=1, keepdims=True)).T


@lru_cache(maxsize=16)
def subsets(pairs: int, bits: int = BITS) -> np.ndarray:
    """Return the subsets whose signs are flipped, without the empty one.

    Up to ``bits`` pairs these are all subsets. Beyond, each further pair is flipped where a fixed
    random choice of the first ones is flipped an odd number of times: a linear code, so that two
    flips after each other are again a flip.

    Returns
    -------
    numpy.ndarray
        ``float [2 ** min(pairs, bits) - 1, pairs]``, 1 where the sign is flipped.
    """
    free = min(pairs, bits)
    counted = np.arange(1, 2**free)[:, None] >> np.arange(free) & 1
    parities = np.random.PCG64(pairs).random_raw((free, pairs - free)) >> np.uint64(63)
    return np.hstack([counted, counted @ parities.astype(np.int64) % 2]).astype(float)


def _unlimited(differences: np.ndarray) -> Limits:
    unknown = np.full(differences.shape[:-1], np.inf)
    return Limits(-unknown, unknown)


def cautious(differences: np.ndarray, level: float) -> Limits:
    """Return the wider of Student's and the sign-flip limits on each side.

    Sign-flip limits keep their level exactly, also where runs collapse. Student's do not for few
    distinct values (of ten differences of the same size, nine agree in sign once in fifty, and its
    p is then 0.003), but they are what a table shows: the wider of both never claims what the
    table's interval does not.

    Parameters
    ----------
    differences, level
        As in `sign_flip`.
    """
    first, second = student(differences, level), sign_flip(differences, level)
    return Limits(np.minimum(first.low, second.low), np.maximum(first.high, second.high))


def cautious_p(differences: np.ndarray) -> np.ndarray:
    """Return the larger p of the two tests whose limits `cautious` joins, ``float [...]``."""
    return np.maximum(student_p(differences), sign_flip_p(differences))


def widened(limits: Limits, centre: np.ndarray, half: np.ndarray | float) -> Limits:
    """Add an independent error to limits: squared distances from the centre add up.

    Parameters
    ----------
    limits
        Of one source of error.
    centre
        The estimate, ``float [...]``.
    half
        Half-width of the other source's interval of the same level.

    Notes
    -----
    Zou and Donner (2008), Construction of confidence limits about effect measures: a general
    approach, Statistics in Medicine 27, 1693-1702.
    """
    return Limits(
        centre - np.hypot(centre - limits.low, half), centre + np.hypot(limits.high - centre, half)
    )
