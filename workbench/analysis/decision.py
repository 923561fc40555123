"""The one rule by which a paired difference is called better or worse.

The verdict is read off the interval that is shown beside it, and the test's p agrees with both: p
is at most the interval's level exactly where the interval excludes 0. Several comparisons share one
probability of any wrong claim (Holm).
"""

from collections.abc import Hashable, Iterable, Mapping
from enum import StrEnum
from math import ceil, log2
from typing import NamedTuple, TypeVar

import numpy as np

from workbench.analysis import spread
from workbench.analysis.intervals import BITS, ROUNDING, cautious, cautious_p, sign_flips
from workbench.analysis.spread import Score
from workbench.errors import WorkbenchError

ERROR = 0.05
"""Probability of any wrong claim among the comparisons that are decided together."""


class Verdict(StrEnum):
    """What is said of one comparison."""

    BETTER = "better"
    WORSE = "worse"
    IDENTICAL = "identical"
    """Every difference is 0."""
    UNDECIDED = "undecided"
    TOO_FEW = "too few"
    """Not even differences that all have one sign could be decided with so few pairs."""


class Decision(NamedTuple):
    """One comparison: how large the difference is, how sure that is, and what is said of it."""

    difference: float
    """Mean of the differences, NaN without a pair."""
    sd: float
    """Sample standard deviation of the differences, NaN below two pairs."""
    pairs: int
    """Pairs with a defined difference."""
    low: float
    """Lower limit of the difference at ``level``, infinite where nothing is excluded."""
    high: float
    level: float
    """Two-sided level at which the interval was tested: at most the error of the whole family."""
    p: float
    """Of this comparison alone, not adjusted: compare it with ``level``."""
    verdict: Verdict


Name = TypeVar("Name", bound=Hashable)


def decide(
    differences: Mapping[Name, Iterable[Score]], error: float = ERROR
) -> dict[Name, Decision]:
    """Decide several comparisons together, a lone one as it stands.

    A comparison is better or worse where both the paired t-test and the sign-flip test reject: p is
    the larger of the two, the interval the wider of both on each side. The sign-flip test keeps its
    level exactly where arm and baseline are exchangeable, collapsed runs included; the t-test keeps
    the verdict from claiming more than the interval that tables of means show.

    Each comparison is tested, and its interval taken, at its level of `holm_levels`: so with
    probability ``1 - error`` no verdict is wrong. Each interval alone covers with ``1 - level`` or
    more; they need not all cover together.

    Parameters
    ----------
    differences
        Score minus baseline score of each pair, by comparison, in the order of their seeds (which
        does not depend on the scores, and is the same wherever they are compared); undefined ones
        (None, NaN) are left out.
    error
        Probability of any wrong verdict, all comparisons together.

    Returns
    -------
    dict
        By comparison, in their order.

    Raises
    ------
    WorkbenchError
        When the error is no share.

    Notes
    -----
    "Student" (1908), The probable error of a mean, Biometrika 6(1); Fisher (1935), The design of
    experiments, section 21. Rejecting where both reject has at most the error of either.
    """
    values = {name: spread.defined(each) for name, each in differences.items()}
    ps = {name: float(cautious_p(each)) for name, each in values.items()}
    levels = holm_levels(ps, error)
    return {name: _decision(each, ps[name], levels[name]) for name, each in values.items()}


def holm_levels(ps: Mapping[Name, float], error: float = ERROR) -> dict[Name, float]:
    """Return the level at which each of several comparisons is tested, so that they share an error.

    The one with the k-th smallest of m p is tested at ``error / (m - k + 1)``, until one is not
    rejected, that is, until its p exceeds its level; it and all after it keep that level, and none
    of them is rejected.

    Parameters
    ----------
    ps
        By comparison.
    error
        Probability of any wrong rejection, all comparisons together.

    Raises
    ------
    WorkbenchError
        When the error is no share.

    Notes
    -----
    Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
    Statistics 6, 65-70.
    """
    _check(error)
    levels: dict[Name, float] = {}
    level, rejecting = error, True
    for place, name in enumerate(sorted(ps, key=ps.__getitem__)):
        level = error / (len(ps) - place) if rejecting else level
        levels[name] = level
        rejecting = ps[name] <= level
    return levels


def fewest_pairs(error: float = ERROR, comparisons: int = 1) -> int | None:
    """Return how many pairs it takes to decide the first of several comparisons at all.

    If all differences of n pairs have one sign, one flip in ``2 ** n`` is as extreme on that side,
    so p cannot go below ``2 ** (1 - n)``: 0.0625 with five pairs.

    Returns
    -------
    int or None
        None where no number does, since at most ``2 ** BITS`` flips are looked at.

    Raises
    ------
    WorkbenchError
        When the error is no share.
    """
    _check(error)
    pairs = max(2, ceil(1 - log2(error / comparisons)))
    return pairs if pairs <= BITS else None


def _decision(differences: np.ndarray, p: float, level: float) -> Decision:
    low, high = map(float, cautious(differences, level))
    mean, sd = spread.mean(differences), spread.sd(differences)
    return Decision(
        np.nan if mean is None else mean,
        np.nan if sd is None else sd,
        len(differences),
        low,
        high,
        level,
        p,
        _verdict(differences, low, high, level),
    )


def _verdict(differences: np.ndarray, low: float, high: float, level: float) -> Verdict:
    pairs = len(differences)
    if pairs > 1 and not (abs(differences) > ROUNDING).any():
        return Verdict.IDENTICAL
    if pairs < 2 or 2 / sign_flips(pairs) > level:
        return Verdict.TOO_FEW
    if low > ROUNDING:
        return Verdict.BETTER
    return Verdict.WORSE if high < -ROUNDING else Verdict.UNDECIDED


def _check(error: float) -> None:
    if not 0 < error < 1:
        raise WorkbenchError(
            f"an error rate of {error} is no share: choose one between 0 and 1, such as {ERROR}"
        )
