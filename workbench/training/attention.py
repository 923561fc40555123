"""Self-attention over packed lines, registered with transformers as an attention function.

Queries, keys and values are unpacked from the line into blocks of one sequence each, attended,
and packed again. The two moves are permutations of the real tokens, so each one's gradient is the
other, a gather instead of a scattered sum: exact, and deterministic on a GPU too.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from workbench.training.packing import Layout

NAME = "workbench_packed"


class _Move(torch.autograd.Function):
    """Gather rows; the gradient gathers back and is zero where nothing real came from."""

    @staticmethod
    def forward(ctx: Any, source: Tensor, take: Tensor, back: Tensor, real: Tensor) -> Tensor:
        ctx.save_for_backward(back, real)
        return source.index_select(0, take)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        back, real = ctx.saved_tensors
        return gradient.index_select(0, back).mul_(real), None, None, None


def packed_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    layout: Layout | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attend within each sequence of a packed line.

    Parameters
    ----------
    module
        The family's self-attention; its ``dropout`` is an `AddressedDropout`.
    query, key, value
        ``[runs, heads, tokens, width]``.
    attention_mask
        Not used: the layout tells what may be seen.
    scaling
        Factor on the scores.
    dropout
        Above 0 while attention probabilities are dropped.
    layout
        Of the batch.

    Returns
    -------
    Tensor
        ``[runs, tokens, heads, width]``.
    """
    if layout is None:
        raise TypeError("packed attention needs the layout of the batch")
    runs, heads, tokens, width = query.shape
    query, key, value = (_unpack(states, layout) for states in (query, key, value))
    if dropout > 0:
        attended = _explicit(module, query, key, value, scaling or width**-0.5, layout)
    else:
        bias = layout.bias.to(query.dtype)
        attended = scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=scaling)
    return _pack(attended, layout).view(runs, tokens, heads, width), None


def _unpack(states: Tensor, layout: Layout) -> Tensor:
    """From ``[runs, heads, tokens, width]`` to ``[runs * sequences, heads, length, width]``."""
    _, heads, _, width = states.shape
    line = states.transpose(1, 2).reshape(-1, heads * width)
    moved = _Move.apply(line, layout.rows, layout.cells, layout.real_rows)
    return moved.view(-1, layout.length, heads, width).transpose(1, 2)


def _pack(blocks: Tensor, layout: Layout) -> Tensor:
    """From ``[runs * sequences, heads, length, width]`` to ``[runs * tokens, heads * width]``."""
    _, heads, _, width = blocks.shape
    cells = blocks.transpose(1, 2).reshape(-1, heads * width)
    return _Move.apply(cells, layout.cells, layout.rows, layout.real_cells)


def _explicit(
    module: Any, query: Tensor, key: Tensor, value: Tensor, scaling: float, layout: Layout
) -> Tensor:
    """Attention with dropped probabilities: no fused kernel takes a mask that has an address."""
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling + layout.bias
    probabilities = torch.softmax(scores, dim=-1, dtype=torch.float32).to(value.dtype)
    return torch.matmul(module.dropout.probabilities(probabilities, layout.keys), value)


AttentionInterface.register(NAME, packed_attention)
