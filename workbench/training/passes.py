"""The passes of a micro-batch, as a technique's objective asks for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from workbench.training.objective import summed_divergence, summed_loss
from workbench.training.packing import PackedBatch
from workbench.training.randomness import combine, normal_each

if TYPE_CHECKING:
    from workbench.training.cohort import Cohort

_BEYOND_SITES = 1 << 16
"""Places in the network have lower numbers: see `workbench.training.stacked`."""


@dataclass
class BatchPasses:
    """What `workbench.techniques.Passes` promises, of one micro-batch of all runs.

    Attributes
    ----------
    cohort
        Whose network it is.
    part
        The micro-batch.
    scales
        What each run's loss is multiplied with, ``float32 [runs]``.
    outputs
        Of the first pass.
    """

    cohort: Cohort
    part: PackedBatch
    scales: Tensor
    outputs: Tensor

    def again(self, number: int) -> Tensor:
        """Return the outputs with the dropout masks, and the weights in use, of another pass."""
        address = _BEYOND_SITES + number
        other = replace(
            self.part,
            token_keys=combine(self.part.token_keys, address),
            start_keys=combine(self.part.start_keys, address),
            run_keys=combine(self.part.run_keys, address),
        )
        return self.cohort.forward(other)

    def moved(self, offsets: Tensor) -> Tensor:
        """Return the outputs when the embeddings' states are moved."""
        return self.cohort.forward(self.part, offsets)

    def noise(self) -> Tensor:
        """Draw standard normal values for the states of all tokens."""
        keys = combine(self.part.token_keys, _BEYOND_SITES)
        return normal_each(keys, self.cohort.width)

    def uphill(self, offsets: Tensor) -> Tensor:
        """Return the gradient of the divergence, times each run's scale."""
        offsets = offsets.detach().requires_grad_()
        found = self.divergence(self.moved(offsets), self.outputs.detach())
        return torch.autograd.grad((found * self.scales).sum(), offsets)[0]

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the task's losses of some outputs, added up."""
        return summed_loss(self.cohort.objective, outputs, self.part)

    def divergence(self, one: Tensor, other: Tensor) -> Tensor:
        """Return the divergences of two outputs, added up."""
        return summed_divergence(self.cohort.objective, one, other, self.part)
