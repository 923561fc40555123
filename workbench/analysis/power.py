"""What a fixed number of seeds can show, for paired differences that are normal."""

import itertools

from scipy.optimize import brentq
from scipy.special import nctdtr, stdtrit

from workbench.errors import WorkbenchError

POWER = 0.8
"""The share of studies that are meant to find a difference that is there (Cohen 1988)."""


def power(difference: float, n: int, sd: float, alpha: float = 0.05) -> float:
    """Return how often a two-sided paired t-test finds a true difference, on its own side.

    Parameters
    ----------
    difference
        The true mean of the paired differences; its sign does not matter.
    n
        Pairs of seeds, at least 2.
    sd
        Standard deviation of the paired differences, not of the scores.
    alpha
        Level of the test; for one of m comparisons ``0.05 / m`` (Bonferroni).

    Returns
    -------
    float
        The probability that t exceeds its critical value; ``alpha / 2`` where there is no
        difference.

    Raises
    ------
    WorkbenchError
        When there are fewer than two pairs, no spread, or alpha is no share.

    Notes
    -----
    t has n - 1 degrees of freedom and noncentrality ``difference * sqrt(n) / sd``. Cohen (1988),
    Statistical power analysis for the behavioral sciences, chapter 2.
    """
    _check(n, sd, alpha)
    critical = float(stdtrit(n - 1, 1 - alpha / 2))
    return 1 - float(nctdtr(n - 1, abs(difference) * n**0.5 / sd, critical))


def smallest_detectable(n: int, sd: float, alpha: float = 0.05, power: float = POWER) -> float:
    """Return the true difference that ``n`` pairs of seeds find with the given probability.

    Parameters
    ----------
    n, sd, alpha
        As in `power`.
    power
        How often the difference should be found; above ``alpha / 2``, below 1.

    Returns
    -------
    float
        On the scale of the standard deviation.

    Raises
    ------
    WorkbenchError
        As in `power`, or when no difference has the power.
    """
    _check(n, sd, alpha)
    if not alpha / 2 < power < 1:
        raise WorkbenchError(f"a power of {power} cannot be had: choose one between alpha and 1")
    critical = float(stdtrit(n - 1, 1 - alpha / 2))
    missed = 1 - power

    def surplus(noncentrality: float) -> float:
        return missed - float(nctdtr(n - 1, noncentrality, critical))

    high = next(step for step in (2.0**k for k in itertools.count()) if surplus(step) > 0)
    return float(brentq(surplus, 0.0, high, xtol=1e-12)) * sd / n**0.5


def seeds_needed(
    difference: float, sd: float, alpha: float = 0.05, power: float = POWER, most: int = 10_000
) -> int | None:
    """Return the fewest pairs of seeds that find a difference with the given probability.

    Parameters
    ----------
    difference, sd, alpha
        As in `power`.
    power
        How often the difference should be found.
    most
        Where the search ends.

    Returns
    -------
    int or None
        None where more than ``most`` would be needed, or there is no difference to find.
    """
    if abs(difference) < smallest_detectable(most, sd, alpha, power):
        return None
    low, high = 1, most  # `low` is too few, `high` is enough.
    while high - low > 1:
        middle = (low + high) // 2
        enough = abs(difference) >= smallest_detectable(middle, sd, alpha, power)
        low, high = (low, middle) if enough else (middle, high)
    return high


def _check(n: int, sd: float, alpha: float) -> None:
    if n < 2:
        raise WorkbenchError(f"{n} pairs of seeds have no spread: choose at least 2")
    if not sd > 0:
        raise WorkbenchError(f"a standard deviation of {sd} tells nothing: give one above 0")
    if not 0 < alpha < 1:
        raise WorkbenchError(f"an error rate of {alpha} is no share: choose one between 0 and 1")
