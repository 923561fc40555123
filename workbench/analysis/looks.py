"""When a study looks at its numbers, and how much of its error rate it may spend at each look."""

from collections.abc import Sequence

from workbench.analysis.intervals import sign_flips
from workbench.errors import WorkbenchError


def doubling(start: int = 5, most: int = 40) -> tuple[int, ...]:
    """Return numbers of seeds that double from ``start``, with ``most`` as the last.

    Every look costs power, because the error rate is shared among the looks; doubling needs few.

    Examples
    --------
    >>> doubling(5, 40)
    (5, 10, 20, 40)
    """
    sizes = []
    while start < most:
        sizes.append(start)
        start *= 2
    return (*sizes, most)


def levels(looks: Sequence[int], error_rate: float) -> tuple[float, ...]:
    """Return the level at which each look may decide one contrast, all together the error rate.

    Spending grows in proportion to the seeds. A two-sided sign-flip test has only so many levels,
    ``2 k / flips``: each look takes the largest that fits, and what it leaves goes to the next.
    The first look at five pairs gets nothing, since 2 of 32 flips are 6% already.

    Parameters
    ----------
    looks
        Pairs of seeds at each look, rising.
    error_rate
        Of one contrast: the family's divided by the number of contrasts (Bonferroni).

    Returns
    -------
    tuple of float
        One for each look; 0 where nothing can be decided yet.

    Raises
    ------
    WorkbenchError
        When no look could ever decide anything.

    Notes
    -----
    Error spending of Lan and DeMets (1983, Biometrika 70, 659-663) with the power function of Kim
    and DeMets (1987, Biometrika 74, 149-154) at exponent 1. Each look uses what is spent there as
    its own level, so that the union bound over looks holds whatever the distribution and the
    dependence of the looks; boundaries from the joint normal distribution would be a little
    narrower, and only approximate for few seeds.
    """
    chosen: list[float] = []
    for pairs in looks:
        available = error_rate * pairs / looks[-1] - sum(chosen)
        flips = sign_flips(pairs)
        chosen.append(2 * int(available * flips / 2 + 1e-9) / flips)
    if not any(chosen):
        raise WorkbenchError(
            f"{looks[-1]} seeds cannot decide at an error rate of {error_rate:.3g} a contrast: "
            "allow more seeds or compare fewer arms"
        )
    return tuple(chosen)
