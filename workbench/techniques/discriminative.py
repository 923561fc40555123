"""Discriminative fine-tuning: every layer runs at a fraction of the rate of the one above."""

from dataclasses import dataclass
from typing import ClassVar

from workbench.errors import WorkbenchError
from workbench.models.depth import Anatomy
from workbench.techniques.moment import Moment
from workbench.techniques.technique import Technique, setting


@dataclass(frozen=True)
class Discriminative(Technique):
    """Divide the rate by ``factor`` once more for every layer further down.

    Pooler and head, the last layer, run at the full rate; the embeddings are one more layer below
    the lowest block. Howard and Ruder (2018, section 3.1) found a factor of 2.6 to work well for
    a language model of three recurrent layers; in a model of 12 blocks it leaves the lowest ones
    where they are (2.6**-12 is 1e-5). Layerwise decay is the same with gentler factors.
    """

    factor: float = setting(2.6, "divides the learning rate, once more for each layer down")

    name: ClassVar[str] = "discriminative"
    summary: ClassVar[str] = "each lower layer at the upper one's learning rate / 2.6"
    source: ClassVar[str] = "Howard and Ruder 2018 (ULMFiT), arXiv:1801.06146, section 3.1"

    def __post_init__(self) -> None:
        if not 1 <= self.factor <= 10:
            raise WorkbenchError(f"discriminative:{self.factor:g} is out of range: choose 1 to 10")

    @property
    def neutral(self) -> bool:
        """Whether every layer runs at the full rate."""
        return self.factor == 1

    def rate(self, depth: int, moment: Moment, anatomy: Anatomy) -> float:
        """Return the power of the factor that belongs to a depth."""
        return self.factor ** (depth - anatomy.top)
