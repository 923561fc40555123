"""R-Drop: two passes with other dropout masks are to say the same."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from workbench.errors import WorkbenchError
from workbench.techniques.cost import Cost
from workbench.techniques.passes import Passes
from workbench.techniques.technique import Technique, setting


@dataclass(frozen=True)
class RDrop(Technique):
    """Minimise the mean loss of two passes plus ``alpha`` times their divergence.

    The divergence is the mean of both Kullback-Leibler divergences between the two outputs of an
    example (of a token in a token task, of each class where classes are independent), and the
    squared difference in regression. That is the form of the authors' code; the formula of Liang
    et al. (2021) adds the two losses, so that its alpha is twice this one.
    """

    alpha: float = setting(1.0, "weight of the divergence between the two passes")

    name: ClassVar[str] = "r-drop"
    summary: ClassVar[str] = "two passes with other dropout masks, kept close to each other"
    source: ClassVar[str] = "Liang et al. 2021, arXiv:2106.14448"
    cost: ClassVar[Cost] = Cost(passes=2, held=2)

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 100:
            raise WorkbenchError(f"r-drop:{self.alpha:g} is out of range: choose 0 to 100")

    @property
    def cohort_key(self) -> Hashable:
        """Runs of one cohort pass as often, and weigh alike."""
        return self.alpha

    def objective(self, loss: Tensor, passes: Passes) -> Tensor:
        """Add the second pass and its divergence from the first."""
        second = passes.again(1)
        mean = (loss + passes.loss(second)) / 2
        return mean + self.alpha * passes.divergence(passes.outputs, second)
