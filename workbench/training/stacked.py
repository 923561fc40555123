"""The run axis: modules that hold one weight per run, so that several runs train as one network.

Packed input is one line of tokens a run, so the run axis is the model's own batch axis and the
families' code works unchanged on top of these.
"""

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from workbench.errors import WorkbenchError
from workbench.models.families import FAMILIES
from workbench.models.network import Network
from workbench.training.attention import NAME
from workbench.training.dropout import Address, AddressedDropout, SharedDropout


def _stack(value: Tensor, runs: int) -> nn.Parameter:
    return nn.Parameter(value.detach().unsqueeze(0).repeat(runs, *[1] * value.dim()))


class _Product(torch.autograd.Function):
    """Multiply ``[runs, tokens, in]`` with weights ``[runs, out, in]``, run by run.

    Autograd's own gradient of the weights would stand transposed in memory, to be copied once more.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(states, weight)
        return torch.bmm(states, weight.transpose(1, 2))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        states, weight = ctx.saved_tensors
        for_states, for_weight = ctx.needs_input_grad
        return (
            torch.bmm(gradient, weight) if for_states else None,
            torch.bmm(gradient.transpose(1, 2), states) if for_weight else None,
        )


def _as_multiplied(values: Tensor) -> Tensor:
    """Return values in the precision of matrix products: autocast does not see into `_Product`."""
    kind = values.device.type
    return values.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else values


class StackedLinear(nn.Module):
    """One `torch.nn.Linear` per run: ``weight [runs, out, in]``, ``bias [runs, out]``."""

    def __init__(self, linear: nn.Linear, runs: int):
        super().__init__()
        self.weight = _stack(linear.weight, runs)
        self.bias = None if linear.bias is None else _stack(linear.bias, runs)

    def forward(self, states: Tensor) -> Tensor:
        """Map ``[runs, ..., in]`` to ``[runs, ..., out]``."""
        if len(self.weight) == 1:
            bias = None if self.bias is None else self.bias.squeeze(0)
            return functional.linear(states, self.weight.squeeze(0), bias)
        flat = states.reshape(len(states), -1, states.shape[-1])
        mapped = _Product.apply(_as_multiplied(flat), _as_multiplied(self.weight))
        if self.bias is not None:
            mapped = mapped + _as_multiplied(self.bias).unsqueeze(1)
        return mapped.view(*states.shape[:-1], -1)


class StackedLayerNorm(nn.Module):
    """One `torch.nn.LayerNorm` per run: ``weight`` and ``bias [runs, features]``."""

    def __init__(self, norm: nn.LayerNorm, runs: int):
        super().__init__()
        self.shape, self.eps = norm.normalized_shape, norm.eps
        self.weight = _stack(norm.weight, runs)
        self.bias = None if norm.bias is None else _stack(norm.bias, runs)

    def forward(self, states: Tensor) -> Tensor:
        """Normalise the last dimension of ``[runs, ..., features]``."""
        if len(self.weight) == 1:
            bias = None if self.bias is None else self.bias.squeeze(0)
            return functional.layer_norm(states, self.shape, self.weight.squeeze(0), bias, self.eps)
        between = [1] * (states.dim() - 2)
        weight = self.weight.view(len(states), *between, -1)
        normalised = functional.layer_norm(states, self.shape, eps=self.eps)
        if self.bias is None:
            return normalised * weight
        return torch.addcmul(self.bias.view(len(states), *between, -1), normalised, weight)


class StackedEmbedding(nn.Module):
    """One `torch.nn.Embedding` per run: ``weight [runs, entries, features]``."""

    def __init__(self, embedding: nn.Embedding, runs: int):
        super().__init__()
        self.padding_idx = embedding.padding_idx
        self.weight = _stack(embedding.weight, runs)

    def forward(self, indices: Tensor) -> Tensor:
        """Look ``[runs, tokens]`` up in each run's own table."""
        runs, entries, features = self.weight.shape
        if runs == 1:
            return functional.embedding(indices, self.weight.squeeze(0), self.padding_idx)
        # The padding row needs no special case: nothing reads the states of padding tokens, so
        # their gradient is zero.
        first = torch.arange(runs, device=indices.device).mul_(entries).unsqueeze(1)
        return functional.embedding(indices + first, self.weight.view(-1, features))


_KINDS = {
    nn.Linear: StackedLinear,
    nn.LayerNorm: StackedLayerNorm,
    nn.Embedding: StackedEmbedding,
}


def stack(network: Network, runs: int) -> tuple[Network, Address]:
    """Copy a network into one that trains several runs.

    Parameters
    ----------
    network
        As loaded; it is not changed.
    runs
        How many copies of every weight to hold.

    Returns
    -------
    network
        Its parameters have the same names and a first dimension over runs.
    address
        To be filled with each batch's dropout keys.

    Raises
    ------
    WorkbenchError
        When the network has a layer with weights of an unknown kind.
    """
    stacked: Network = copy.deepcopy(network)
    address = Address()
    sites = iter(range(1 << 16))

    top = stacked.blocks[-1]

    def replace(module: nn.Module, at_starts: bool) -> None:
        # Only the sequence starts leave the top block, unless the head reads every token.
        at_starts = at_starts or (module is top and not network.reads_all)
        for name, child in module.named_children():
            if type(child) in _KINDS:
                setattr(module, name, _KINDS[type(child)](child, runs))
            elif isinstance(child, nn.Dropout):
                shared = name in network.family.shared_dropouts
                kind = SharedDropout if shared else AddressedDropout
                setattr(module, name, kind(child.p, next(sites), address, at_starts))
            else:
                _refuse_own_parameters(child)
                replace(child, at_starts)

    replace(stacked.encoder, at_starts=False)
    for part in (stacked.pooler, stacked.head):
        if part is not None:
            replace(part, at_starts=not network.per_token)
    stacked.family.use_attention(stacked.encoder, NAME)
    return stacked, address


def _refuse_own_parameters(module: nn.Module) -> None:
    if next(module.parameters(recurse=False), None) is not None:
        raise WorkbenchError(
            f"the layer {type(module).__name__} cannot be trained here: choose a model of the "
            f"families {', '.join(FAMILIES)}"
        )
