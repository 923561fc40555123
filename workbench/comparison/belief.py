"""What is believed of a technique's true difference to the baseline, and how evidence moves it.

Everything is normal, so that a belief is a mean and a variance, and two independent sources are
joined by weighing each with the inverse of its variance (Lindley and Smith 1972, Bayes estimates
for the linear model, JRSS B 34; Gelman et al. 2013, Bayesian data analysis, section 2.5).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from math import isinf
from typing import NamedTuple

from scipy.special import ndtr


@dataclass(frozen=True)
class Prior:
    """The numbers that advice assumes before it has seen a run: they are choices.

    No paper gives them: they are the workbench's, they stand here alone, and advice that another
    choice would change says so (`varied`). Scores are raw: 0.0125 is 1.25 points.
    """

    claimed: float = 0.0125
    """Mean of the true difference of a technique that a paper claims to help; 0 without a claim.
    It is the mean gain of re-initialised layers on the four tasks of Zhang et al. 2021
    (arXiv:2006.05987: RTE 3.1, MRPC 0.6, STS-B 0.4, CoLA 0.9 points)."""
    spread: float = 0.025
    """Standard deviation of the true difference around that mean, claimed or not: twice the size of
    a claim, so that about three claims in ten are expected to be wrong."""
    between: float = 0.05
    """Standard deviation between the true differences of one technique in two situations that have
    nothing in common."""

    def belief(self, claimed: bool) -> "Belief":
        """Return what is believed of a technique before any run."""
        return Belief(self.claimed if claimed else 0.0, self.spread**2)

    def varied(self) -> list["Prior"]:
        """Return the priors in which each number is half, once, or twice itself."""
        numbers = (self.claimed, self.spread, self.between)
        return [
            Prior(*(number * factor for number, factor in zip(numbers, factors, strict=True)))
            for factors in product((0.5, 1.0, 2.0), repeat=len(numbers))
        ]


PRIOR = Prior()
"""What advice assumes."""


class Belief(NamedTuple):
    """A normal distribution of a true difference, raw scale."""

    mean: float
    variance: float
    """Infinite where nothing is known."""

    @property
    def sd(self) -> float:
        """Its standard deviation."""
        return self.variance**0.5

    @property
    def chance(self) -> float:
        """Probability that the true difference is above 0."""
        return float(ndtr(self.mean / self.sd))

    def limits(self, half_widths: float = 1.959964) -> tuple[float, float]:
        """Return the interval of so many standard deviations, by default the central 95%."""
        return self.mean - half_widths * self.sd, self.mean + half_widths * self.sd


UNKNOWN = Belief(0.0, float("inf"))
"""Of no evidence."""


def joined(beliefs: Iterable[Belief]) -> Belief:
    """Join independent sources on one difference: each weighs by the inverse of its variance."""
    told = [belief for belief in beliefs if not isinf(belief.variance)]
    weight = sum(1 / belief.variance for belief in told)
    if not weight:
        return UNKNOWN
    return Belief(sum(each.mean / each.variance for each in told) / weight, 1 / weight)
