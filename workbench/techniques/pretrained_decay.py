"""Decay towards the pretrained weights instead of towards zero."""

from dataclasses import dataclass
from typing import ClassVar

from workbench.errors import WorkbenchError
from workbench.techniques.cost import Cost
from workbench.techniques.technique import Technique, setting


@dataclass(frozen=True)
class PretrainedDecay(Technique):
    """Take ``rate * strength * (w - w0)`` off every weight before its update.

    w0 is the value that the run starts from: the pretrained one, and the fresh draw of a new or a
    re-initialised layer. The decay is decoupled from the gradient as in AdamW, runs at the rate of
    the weight's own depth, and leaves out biases and LayerNorms as weight decay does. Zhang et al.
    (2021) and Lee et al. (2020) compare it with re-initialisation and mixout.
    """

    strength: float = setting(0.01, "times the learning rate: the share of the distance taken off")

    name: ClassVar[str] = "pretrained-decay"
    summary: ClassVar[str] = "weight decay towards the weights that training starts from"
    source: ClassVar[str] = "Zhang et al. 2021, arXiv:2006.05987; Lee et al. 2020, arXiv:1909.11299"
    cost: ClassVar[Cost] = Cost(copies=1)

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise WorkbenchError(
                f"pretrained-decay:{self.strength:g} is out of range: choose 0 to 1"
            )

    @property
    def neutral(self) -> bool:
        """Whether nothing is taken off."""
        return self.strength == 0

    @property
    def pull(self) -> float:
        """How strongly weights decay towards those that training started from."""
        return self.strength
