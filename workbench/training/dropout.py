"""Dropout whose masks have an address: (seed, step, site, example, position)."""

from typing import Any

import torch
from torch import Tensor, nn

from workbench.training.randomness import combine, keep, realised


class Address:
    """Where the current batch's values are: shared by all dropout sites of a network.

    Attributes
    ----------
    tokens
        Keys of the line's tokens, ``int64 [runs, tokens]``.
    starts
        Keys of the sequences' first tokens, ``int64 [runs, sequences]``.
    """

    tokens: Tensor
    starts: Tensor


class _Drop(torch.autograd.Function):
    """Zero what is not kept and scale the rest; only the mask is kept for the way back."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, kept: Tensor, scale: float) -> Tensor:
        ctx.save_for_backward(kept)
        ctx.scale = scale
        return (values * kept).mul_(scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (kept,) = ctx.saved_tensors
        return (gradient * kept).mul_(ctx.scale), None, None


class AddressedDropout(nn.Module):
    """Stands in for `torch.nn.Dropout` in a packed network.

    Parameters
    ----------
    p
        Probability of dropping.
    site
        The number of this place in the network.
    address
        Shared by all sites.
    at_starts
        Whether the values belong to the sequence starts instead of to all tokens.
    """

    def __init__(self, p: float, site: int, address: Address, at_starts: bool):
        super().__init__()
        self.p = p
        self.site = site
        self.address = address
        self.at_starts = at_starts

    def forward(self, values: Tensor) -> Tensor:
        """Drop values ``[runs, tokens, features]`` (with any dimensions of length 1 between)."""
        if not self.training or self.p == 0:
            return values
        keys = self.address.starts if self.at_starts else self.address.tokens
        kept = keep(combine(keys, self.site), values.shape[-1], self.p)
        return self.drop(values, kept.view(values.shape))

    def probabilities(self, values: Tensor, keys: Tensor) -> Tensor:
        """Drop attention probabilities.

        Parameters
        ----------
        values
            ``[sequences, heads, queries, keys]``.
        keys
            Keys of the queries' tokens, ``int64 [sequences, queries]``.
        """
        heads = torch.arange(values.shape[1], device=keys.device).view(1, -1, 1)
        rows = combine(combine(keys, self.site).unsqueeze(1), heads)
        return self.drop(values, keep(rows, values.shape[-1], self.p))

    def drop(self, values: Tensor, kept: Tensor) -> Tensor:
        """Zero what is not kept and scale the rest so that the expectation stays."""
        return _Drop.apply(values, kept, 1 / (1 - realised(self.p)))
