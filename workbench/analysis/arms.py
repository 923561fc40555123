"""Invented pairs of runs whose truth is known: an arm, its baseline, and what seeds make of both.

Unless told otherwise the two are exchangeable: nothing but chance tells them apart. Scores are in
units of the standard deviation of runs that do not collapse.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from workbench.errors import WorkbenchError, unknown

DEPTH = 25.0
"""How far a collapsed run falls: 50 points where scores spread by 2."""

SHAPES = {
    "normal": lambda generator, shape: generator.standard_normal(shape),
    "heavy tails": lambda generator, shape: generator.standard_t(3, shape) / 3**0.5,
}
"""How scores spread, with variance 1: heavy tails are Student's t with 3 degrees of freedom."""


@dataclass(frozen=True)
class Arms:
    """How the scores of an arm and its baseline come about.

    Raises
    ------
    WorkbenchError
        When the shape does not exist, or no pair has a spread.
    """

    seeds: int
    shape: str = "normal"
    collapse: float = 0.0
    """Probability that a run of the arm collapses."""
    correlation: float = 0.0
    """Of the two scores at the same seed; which runs collapse is independent."""
    shift: float = 0.0
    """Of the arm's scores against the baseline's."""
    scale: float = 1.0
    """Standard deviation of the arm's scores, collapsed runs apart."""
    baseline_collapse: float | None = None
    """None: as for the arm."""

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise unknown("shape", self.shape, list(SHAPES))
        if self.seeds < 2:
            raise WorkbenchError(f"{self.seeds} pairs of runs have no spread: choose at least 2")

    @property
    def collapses(self) -> tuple[float, float]:
        """Probability that a run collapses, of the arm and of the baseline."""
        other = self.collapse if self.baseline_collapse is None else self.baseline_collapse
        return self.collapse, other

    @property
    def difference_sd(self) -> float:
        """Standard deviation of paired differences without a collapsed run, of equal spreads."""
        return (2 * (1 - self.correlation)) ** 0.5

    @property
    def mean(self) -> float:
        """True mean of the arm, collapsed runs included."""
        return self.shift - DEPTH * self.collapse

    @property
    def difference(self) -> float:
        """True mean of the differences."""
        return self.mean + DEPTH * self.collapses[1]

    @property
    def sd(self) -> float:
        """True standard deviation of the arm, collapsed runs included."""
        return (self.scale**2 + _variance(self.collapse)) ** 0.5

    @property
    def ratio(self) -> float:
        """True standard deviation of the arm over that of the baseline."""
        return self.sd / (1 + _variance(self.collapses[1])) ** 0.5


def _variance(collapse: float) -> float:
    """Return what collapsed runs add to the variance."""
    return collapse * (1 - collapse) * DEPTH**2


class Sample(NamedTuple):
    """Many samples of pairs, one a row."""

    scores: np.ndarray
    """Of the arm, ``float [samples, seeds]``."""
    baseline: np.ndarray
    collapsed: np.ndarray
    """Which runs of the arm collapsed, ``bool [samples, seeds]``."""
    baseline_collapsed: np.ndarray

    @property
    def differences(self) -> np.ndarray:
        """Score minus baseline score of each pair, ``float [samples, seeds]``."""
        return self.scores - self.baseline


def draw(arms: Arms, samples: int, seed: int = 0) -> Sample:
    """Draw samples, the same at every call.

    Parameters
    ----------
    arms
        What is true of them.
    samples
        How many.
    seed
        Of everything drawn.
    """
    generator, shape = np.random.default_rng(seed), (samples, arms.seeds)
    common, own, other = (SHAPES[arms.shape](generator, shape) for _ in range(3))
    shared, rest = arms.correlation**0.5, (1 - arms.correlation) ** 0.5
    fallen = [generator.random(shape) < probability for probability in arms.collapses]
    scores = arms.shift + arms.scale * (shared * common + rest * own)
    baseline = shared * common + rest * other
    return Sample(scores - DEPTH * fallen[0], baseline - DEPTH * fallen[1], *fallen)
