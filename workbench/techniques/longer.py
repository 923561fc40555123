"""Longer training: more steps on the same data."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from workbench.errors import WorkbenchError
from workbench.techniques.cost import Cost
from workbench.techniques.technique import Technique, setting


@dataclass(frozen=True)
class Longer(Technique):
    """Train ``factor`` times the baseline's steps; the schedule stretches with them.

    Zhang et al. (2021, section 6) train 200 to 3,200 steps where three epochs are 96; Mosbach et
    al. (2021) train 20 epochs instead of 3.
    """

    factor: float = setting(2.0, "times the baseline's steps")

    name: ClassVar[str] = "longer"
    summary: ClassVar[str] = "train for several times as many steps"
    source: ClassVar[str] = "Zhang et al. 2021, section 6; Mosbach et al. 2021, arXiv:2006.04884"
    cost: ClassVar[Cost] = Cost(note="as many times the steps")

    def __post_init__(self) -> None:
        if not 1 <= self.factor <= 1000:
            raise WorkbenchError(f"longer:{self.factor:g} is out of range: choose 1 to 1000")

    @property
    def neutral(self) -> bool:
        """Whether the training is not longer at all."""
        return self.factor == 1

    @property
    def cohort_key(self) -> Hashable:
        """Runs of one cohort end together."""
        return self.factor

    def steps(self, steps: int) -> int:
        """Return the stretched number of steps, rounded."""
        return round(steps * self.factor)
