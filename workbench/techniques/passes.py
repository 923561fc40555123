"""What a technique may ask of the engine while it computes a step's loss or its weights."""

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

Keep = Callable[[int, float], Tensor]
"""Draws for each run of a cohort which of so many values it keeps, each dropped with a probability:
``bool [runs, values]``. What is drawn depends on run, step and parameter alone."""

Mixing = Callable[[Tensor, Tensor, Keep], Tensor]
"""Makes the weights in use from those that are trained and those that training started from, all
``[runs, ...]`` as the parameter."""


class Passes(Protocol):
    """The passes of one micro-batch through the network at one step.

    Attributes
    ----------
    outputs
        Of the first pass, ``float [runs, sequences or tokens, outputs]``.
    """

    outputs: Tensor

    def again(self, number: int) -> Tensor:
        """Return the outputs of another pass, with the dropout masks of that number (from 1)."""
        ...

    def moved(self, offsets: Tensor) -> Tensor:
        """Return the outputs when the embeddings' states are moved; masks are the first pass's.

        Parameters
        ----------
        offsets
            ``float32 [runs, tokens, hidden]``.
        """
        ...

    def noise(self) -> Tensor:
        """Draw standard normal values, ``float32 [runs, tokens, hidden]``, the same every time."""
        ...

    def uphill(self, offsets: Tensor) -> Tensor:
        """Return the gradient of the divergence between moved and first outputs by the offsets.

        It stands up to a positive factor for each run.
        """
        ...

    def loss(self, outputs: Tensor) -> Tensor:
        """Return the task's own losses of some outputs, added up, ``float32 [runs]``."""
        ...

    def divergence(self, one: Tensor, other: Tensor) -> Tensor:
        """Return how far two outputs say different things, added up as losses are, ``[runs]``.

        See `workbench.training.objective.summed_divergence`.
        """
        ...
