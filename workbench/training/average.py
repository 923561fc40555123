"""The mean of the weights after several steps, which is evaluated in place of the last weights."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from workbench.training.optimizer import CohortOptimizer


class MeanWeights:
    """The running mean of a network's parameters.

    Parameters
    ----------
    network
        Whose parameters it is of.
    optimizer
        What it says of embeddings that are never used is averaged along.

    Attributes
    ----------
    count
        Steps it is of.
    values
        The mean by the parameters' names; empty while there is none.
    unused
        The mean of `CohortOptimizer.unused`; empty while there is none.
    """

    def __init__(self, network: nn.Module, optimizer: CohortOptimizer):
        self.trained = {name: value.detach() for name, value in network.named_parameters()}
        self.optimizer = optimizer
        self.count = 0
        self.values: dict[str, Tensor] = {}
        self.unused: list[float] = []

    def add(self) -> None:
        """Take the parameters as they are now into the mean."""
        self.count += 1
        if self.count == 1:
            self.values = {name: value.clone() for name, value in self.trained.items()}
            self.unused = list(self.optimizer.unused)
            return
        share = 1 / self.count
        for name, value in self.values.items():
            value.lerp_(self.trained[name], share)
        pairs = zip(self.unused, self.optimizer.unused, strict=True)
        self.unused = [mean + share * (now - mean) for mean, now in pairs]

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
        self.count, self.values, self.unused = 0, {}, []

    def restore(self, values: dict[str, Tensor], count: int, unused: list[float]) -> None:
        """Take up the mean that a checkpoint holds."""
        self.count, self.unused = count, unused
        self.values = {
            name: value.to(self.trained[name].device, copy=True) for name, value in values.items()
        }

    @torch.no_grad()
    def _exchange(self) -> None:
        if not self.count:
            return
        # The values change places, not the tensors: recordings and the optimizer hold these.
        for name, value in self.values.items():
            held = value.clone()
            value.copy_(self.trained[name])
            self.trained[name].copy_(held)
        self.unused, self.optimizer.unused = self.optimizer.unused, self.unused
