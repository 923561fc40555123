"""Weight averaging: what is reported is the mean of the weights over the end of training."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from workbench.errors import WorkbenchError
from workbench.techniques.cost import Cost
from workbench.techniques.moment import Moment
from workbench.techniques.technique import Technique, setting


@dataclass(frozen=True)
class Average(Technique):
    """Report the mean of the weights after each of the last steps, all with equal weight.

    Training itself goes on from the last weights; the mean is evaluated and saved. Dev scores are
    those of what would be reported if training ended there: of the weights in training while no
    mean has begun, then of the mean so far. After Izmailov et al. (2018), who average a few
    points of a constant or cyclic rate; here the baseline's schedule is kept and every step counts.
    """

    share: float = setting(0.25, "share of the steps, the last ones, that are averaged")

    name: ClassVar[str] = "average"
    summary: ClassVar[str] = "report the mean of the weights over the last part of training"
    source: ClassVar[str] = "Izmailov et al. 2018, arXiv:1803.05407"
    cost: ClassVar[Cost] = Cost(copies=1, saved=1)

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise WorkbenchError(f"average:{self.share:g} is out of range: choose 0 to 1")

    @property
    def neutral(self) -> bool:
        """Whether the mean is of the last weights alone."""
        return self.share == 0

    @property
    def cohort_key(self) -> Hashable:
        """Means of one cohort begin together."""
        return self.share

    def averages(self, moment: Moment) -> bool:
        """Take the last steps, one of them at least."""
        return moment.step >= moment.steps - max(1, round(self.share * moment.steps))
