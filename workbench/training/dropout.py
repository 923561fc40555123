"""Dropout whose masks have an address: (seed, step, site, example, position)."""

from typing import Any

import torch
from torch import Tensor, nn

from workbench.training.device import has_triton
from workbench.training.native import kernels
from workbench.training.randomness import combine, keep, keep_each, realised


class Address:
    """Where the current batch's values are: shared by all dropout sites of a network.

    Attributes
    ----------
    tokens
        Keys of the line's tokens, ``int64 [runs, tokens]``.
    starts
        Keys of the sequences' first tokens, ``int64 [runs, sequences]``.
    runs
        Keys of what all of a run's tokens share, ``int64 [runs, 1]``.
    """

    tokens: Tensor
    starts: Tensor
    runs: Tensor


class Drop(torch.autograd.Function):
    """Drop on the way forth and back; the mask is computed twice instead of being kept."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, keys: Tensor, probability: float) -> Tensor:
        ctx.save_for_backward(keys)
        ctx.probability = probability
        return drop(values, keys, probability)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (keys,) = ctx.saved_tensors
        return drop(gradient, keys, ctx.probability), None, None


def drop(values: Tensor, keys: Tensor, probability: float) -> Tensor:
    """Zero what is not kept, and scale the rest so that the expectation stays.

    Parameters
    ----------
    values
        Floats ``[..., width]``.
    keys
        One for each row, ``int64``.
    """
    scale = 1 / (1 - realised(probability))
    native = kernels() if values.device.type == "cpu" and not _compiling() else None
    if native and native.drops(values.dtype):
        return native.drop(values.contiguous(), keys.contiguous(), probability, scale)
    width = values.shape[-1]
    if native:
        kept = native.keep(keys.contiguous(), width, probability)
    else:
        kept = (keep_each if _compiling() else keep)(keys, width, probability)
    return values * kept.view(values.shape) * scale


def _compiling() -> bool:
    return torch.compiler.is_compiling()


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
        # A tensor, so that code compiled for one block serves all.
        self.site = nn.Buffer(torch.tensor(site), persistent=False)
        self.address = address
        self.at_starts = at_starts

    def forward(self, values: Tensor) -> Tensor:
        """Drop values ``[runs, tokens, features]`` (with any dimensions of length 1 between)."""
        if not self.training or self.p == 0:
            return values
        if has_triton(values.device) and not _compiling():
            from workbench.training import triton_dropout

            return triton_dropout.Drop.apply(values, self.keys, self.site, self.p)
        return Drop.apply(values, combine(self.keys, self.site), self.p)

    def rows(self, heads: int) -> Tensor:
        """Return the keys of attention's rows, ``int64 [runs, heads, tokens]``."""
        keys = combine(self.keys, self.site).unsqueeze(1)
        return combine(keys, torch.arange(heads, device=keys.device).view(1, -1, 1))

    @property
    def keys(self) -> Tensor:
        """The keys of the values' rows before the site is part of them, ``int64``."""
        return self.address.starts if self.at_starts else self.address.tokens


class SharedDropout(AddressedDropout):
    """Drops values that belong to a run instead of to one of its tokens, ``[runs, rows, width]``.

    A row is part of the address, so micro-batches of one step drop the same.
    """

    def forward(self, values: Tensor) -> Tensor:
        """Drop values ``[runs, rows, width]``."""
        if not self.training or self.p == 0:
            return values
        rows = torch.arange(values.shape[1], device=values.device)
        keys = combine(combine(self.address.runs, self.site), rows)
        return Drop.apply(values, keys, self.p)


def switch_off(network: nn.Module) -> None:
    """Let no site of a network drop anything any more."""
    for module in network.modules():
        if isinstance(module, AddressedDropout):
            module.p = 0.0
