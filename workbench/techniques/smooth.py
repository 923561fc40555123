"""Adversarial smoothing: outputs may not change much when the embeddings are moved a little."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from workbench.errors import WorkbenchError
from workbench.models.depth import Anatomy
from workbench.techniques.cost import Cost
from workbench.techniques.passes import Passes
from workbench.techniques.technique import Technique, setting

START = 0.01
"""Deviation of the first, random offsets, as a share of the radius."""


@dataclass(frozen=True)
class Smooth(Technique):
    """Add ``weight`` times the divergence that the worst small move of the embeddings causes.

    This is the smoothness-inducing regulariser of SMART (Jiang et al. 2020, section 3.1), without
    its Bregman proximal updates. The states that leave the embeddings are moved by offsets that
    start from normal noise of deviation ``radius / 100``, take one step uphill of length ``radius``
    (the gradient of each token is divided by its largest component) and are cut to ``radius`` in
    every component. The divergence is R-Drop's; the paper adds both directions, so that its weight
    is half of this one, except in regression. A radius of 1e-3 and noise of 1e-5 are the defaults
    of the authors' code (MT-DNN), as is a weight of 1.

    All passes of a step have the same dropout masks: what differs is the move alone. In half
    precision products are rounded by more than the default radius.
    """

    weight: float = setting(1.0, "weight of the divergence that a small move causes")
    radius: float = setting(0.001, "largest move of a component of the embeddings' states")

    name: ClassVar[str] = "smooth"
    summary: ClassVar[str] = "adversarial smoothing: outputs that withstand small moves of the text"
    source: ClassVar[str] = "Jiang et al. 2020 (SMART), arXiv:1911.03437, section 3.1"
    cost: ClassVar[Cost] = Cost(passes=2, held=2, searches=1)

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 100:
            raise WorkbenchError(f"smooth:{self.weight:g} is out of range: choose 0 to 100")
        if not 0 < self.radius <= 1:
            raise WorkbenchError(
                f"smooth's radius {self.radius:g} is out of range: choose above 0, up to 1"
            )

    @property
    def neutral(self) -> bool:
        """Whether the divergence does not count."""
        return self.weight == 0

    @property
    def cohort_key(self) -> Hashable:
        """Runs of one cohort are smoothed alike."""
        return self.weight, self.radius

    def conflict(self, other: Technique, layers: int) -> str | None:
        """Where states are looked up, the embeddings are not computed."""
        if other.fixed(Anatomy(layers, 0.0, ())) >= 0:
            return f"{other.label} looks states up, so that there are no embeddings to be moved"
        return None

    def objective(self, loss: Tensor, passes: Passes) -> Tensor:
        """Add the divergence of the worst move found."""
        moved = passes.moved(self.offsets(passes))
        return loss + self.weight * passes.divergence(moved, passes.outputs)

    def offsets(self, passes: Passes) -> Tensor:
        """Look for the move that changes the outputs most, in one step from noise."""
        start = START * self.radius * passes.noise()
        gradient = passes.uphill(start)
        largest = gradient.abs().amax(dim=-1, keepdim=True)
        # Places that hold no token have no gradient.
        direction = gradient / largest.clamp(min=torch.finfo(gradient.dtype).tiny)
        return (start + self.radius * direction).clamp(-self.radius, self.radius)
