"""The mean of the weights after several steps, which is evaluated in place of the last weights."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class MeanWeights:
    """The running mean of a network's parameters.

    Parameters
    ----------
    network
        Whose parameters it is of.

    Attributes
    ----------
    count
        Steps it is of.
    values
        The mean by the parameters' names; empty while there is none.
    """

    def __init__(self, network: nn.Module):
        self.trained = {name: value.detach() for name, value in network.named_parameters()}
        self.count = 0
        self.values: dict[str, Tensor] = {}

    def add(self) -> None:
        """Take the parameters as they are now into the mean."""
        self.count += 1
        if self.count == 1:
            self.values = {name: value.clone() for name, value in self.trained.items()}
            return
        for name, value in self.values.items():
            value.lerp_(self.trained[name], 1 / self.count)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let the network hold the mean for a while; training must not go on meanwhile."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def settle(self) -> None:
        """Leave the mean in the network for good."""
        self._exchange()
        self.count, self.values = 0, {}

    def restore(self, values: dict[str, Tensor], count: int) -> None:
        """Take up the mean that a checkpoint holds."""
        self.count = count
        self.values = {
            name: value.to(self.trained[name].device, copy=True) for name, value in values.items()
        }

    @torch.no_grad()
    def _exchange(self) -> None:
        # The values change places, not the tensors: recordings and the optimizer hold these.
        for name, value in self.values.items():
            held = value.clone()
            value.copy_(self.trained[name])
            self.trained[name].copy_(held)
