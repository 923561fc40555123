"""When a study looks at its numbers, and how much of its error rate it may spend at each look."""

from collections.abc import Sequence

from workbench.analysis.intervals import sign_flips
from workbench.errors import WorkbenchError

LOOKS = (5, 10, 15, 20, 30, 40)
"""Numbers of seeds at which a study looks, unless it declares others.

Every look costs power, because the error rate is shared among them. In simulations these took a
tenth fewer runs than doubling (5, 10, 20, 40) and were as likely to find the margin.
"""

EXPONENT = 1.5
"""How spending grows with the share of the seeds. A larger exponent keeps more for the last look;
this is about the largest at which ten pairs can decide among three techniques."""


def rounds(start: int, most: int, step: int = 0) -> tuple[int, ...]:
    """Return numbers of seeds that rise by ``step``, or double where it is 0, up to ``most``.

    Examples
    --------
    >>> rounds(5, 40)
    (5, 10, 20, 40)
    >>> rounds(5, 17, step=5)
    (5, 10, 15, 17)
    """
    if not 0 < start <= most or step < 0:
        raise WorkbenchError(
            f"rounds from {start} to {most} seeds by {step} make no sense: "
            "start at 1 or more and end no earlier"
        )
    sizes = []
    while start < most:
        sizes.append(start)
        start += step or start
    return (*sizes, most)


def levels(looks: Sequence[int], error_rate: float) -> tuple[float, ...]:
    """Return the level at which each look may decide one contrast, all together the error rate.

    By a look, ``error_rate * (pairs / last) ** EXPONENT`` may be spent. A two-sided sign-flip test
    has only so many levels, ``2 k / flips``: each look takes the largest that fits, and what it
    leaves goes to the next. Five pairs get nothing, since 2 of 32 flips are 6% already.

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

    Notes
    -----
    Error spending of Lan and DeMets (1983, Biometrika 70, 659-663) with the power function of Kim
    and DeMets (1987, Biometrika 74, 149-154). Each look uses what is spent there as
    its own level, so that the union bound over looks holds whatever the distribution and the
    dependence of the looks; boundaries from the joint normal distribution would be a little
    narrower, and only approximate for few seeds.
    """
    chosen: list[float] = []
    for pairs in looks:
        available = error_rate * (pairs / looks[-1]) ** EXPONENT - sum(chosen)
        flips = sign_flips(pairs)
        chosen.append(2 * int(available * flips / 2 + 1e-9) / flips)
    return tuple(chosen)
