"""Self-attention over packed lines, registered with transformers as an attention function.

On a CPU each sequence is attended by itself, at its own length. A GPU wants few large products:
there the line is unpacked to blocks of one sequence each, attended, and packed again; the two moves
are permutations of the real tokens, so each one's gradient is the other, a gather instead of a
scattered sum: exact, and deterministic on a GPU too.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from workbench.training.dropout import Drop, drop
from workbench.training.packing import Blocks, Layout, Spans

NAME = "workbench_packed"


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
    query
        ``[runs, heads, tokens, width]``, or ``[runs, heads, sequences, width]`` where only the
        sequence starts ask.
    key, value
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
        ``[runs, tokens, heads, width]``, or ``[runs, sequences, heads, width]``.
    """
    if layout is None:
        raise TypeError("packed attention needs the layout of the batch")
    scaling = scaling or query.shape[-1] ** -0.5
    rows = module.dropout.rows(query.shape[1]) if dropout > 0 else None
    if isinstance(layout, Spans):
        return _by_sequence(query, key, value, rows, layout, scaling, dropout), None
    return _by_blocks(query, key, value, rows, layout, scaling, dropout), None


# Each sequence by itself.


def _by_sequence(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    rows: Tensor | None,
    spans: Spans,
    scaling: float,
    dropout: float,
) -> Tensor:
    if torch.is_grad_enabled():
        return _Attend.apply(query, key, value, rows, spans, scaling, dropout)
    result = _line_like(query)
    for asking, seen in _places(query, spans):
        result[asking] = scaled_dot_product_attention(
            query[asking].unsqueeze(0),
            key[seen].unsqueeze(0),
            value[seen].unsqueeze(0),
            scale=scaling,
        ).squeeze(0)
    return result.transpose(1, 2)


def _line_like(states: Tensor) -> Tensor:
    """Return zeros of a shape ``[runs, heads, tokens, width]``, in memory token by token."""
    runs, heads, tokens, width = states.shape
    return states.new_zeros(runs, tokens, heads, width).transpose(1, 2)


def _places(query: Tensor, spans: Spans) -> Iterator[tuple[Any, Any]]:
    """Yield for each sequence the index of what asks and of what it sees."""
    starts_only = query.shape[2] != spans.tokens
    for run, number, first, end in spans.places:
        seen = (run, slice(None), slice(first, end))
        yield (run, slice(None), slice(number, number + 1)) if starts_only else seen, seen


class _Attend(torch.autograd.Function):
    """Softmax attention with dropped probabilities, each sequence at its own length.

    One node for a whole line: autograd's own nodes for slices would fill a line with zeros for
    every sequence.
    """

    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        rows: Tensor | None,
        spans: Spans,
        scaling: float,
        dropout: float,
    ) -> Tensor:
        result, weights = _line_like(query), []
        with torch.autocast(query.device.type, enabled=False):
            for asking, seen in _places(query, spans):
                weights.append(_weights(query[asking], key[seen], scaling))
                kept = weights[-1] if rows is None else drop(weights[-1], rows[asking], dropout)
                result[asking] = torch.bmm(kept, value[seen])
        ctx.save_for_backward(query, key, value, rows, *weights)
        ctx.spans, ctx.scaling, ctx.dropout = spans, scaling, dropout
        return result.transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, rows, *weights = ctx.saved_tensors
        gradient = gradient.transpose(1, 2)
        for_query, for_key, for_value = (_line_like(part) for part in (query, key, value))
        places = _places(query, ctx.spans)
        for (asking, seen), probabilities in zip(places, weights, strict=True):
            kept, back = probabilities, torch.bmm(gradient[asking], value[seen].transpose(1, 2))
            if rows is not None:
                kept = drop(probabilities, rows[asking], ctx.dropout)
                back = drop(back, rows[asking], ctx.dropout)
            for_value[seen] = torch.bmm(kept.transpose(1, 2), gradient[asking])
            back = torch._softmax_backward_data(back, probabilities, -1, back.dtype)
            back *= ctx.scaling
            for_query[asking] = torch.bmm(back, key[seen])
            for_key[seen] = torch.bmm(back.transpose(1, 2), query[asking])
        return for_query, for_key, for_value, None, None, None, None


def _weights(query: Tensor, key: Tensor, scaling: float) -> Tensor:
    """Return the probabilities of ``[heads, asking, width]`` for ``[heads, seen, width]``."""
    scores = torch.bmm(query, key.transpose(1, 2)).mul_(scaling)
    # In single precision whatever the states are in: probabilities add up to one.
    return torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)


# Blocks.


class _Move(torch.autograd.Function):
    """Gather rows; the gradient gathers back and is zero where nothing real came from."""

    @staticmethod
    def forward(ctx: Any, source: Tensor, take: Tensor, back: Tensor, real: Tensor) -> Tensor:
        ctx.save_for_backward(back, real)
        return source.index_select(0, take)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        back, real = ctx.saved_tensors
        return gradient.index_select(0, back).mul(real.to(gradient.dtype)), None, None, None


def _by_blocks(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    rows: Tensor | None,
    blocks: Blocks,
    scaling: float,
    dropout: float,
) -> Tensor:
    runs, heads, asking, width = query.shape
    starts_only = asking != blocks.tokens
    key, value = (_unpack(states, blocks) for states in (key, value))
    query = _first_of_blocks(query) if starts_only else _unpack(query, blocks)
    bias = blocks.bias.clamp(min=torch.finfo(query.dtype).min).to(query.dtype)
    if rows is None:
        attended = scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=scaling)
    else:
        keys = _first_of_blocks(rows.unsqueeze(-1)) if starts_only else _cells(rows, blocks)
        attended = _explicit(query, key, value, keys.squeeze(-1), bias, scaling, dropout)
    packed = attended.transpose(1, 2) if starts_only else _pack(attended, blocks)
    return packed.reshape(runs, asking, heads, width)


def _first_of_blocks(states: Tensor) -> Tensor:
    """From ``[runs, heads, sequences, width]`` to ``[runs * sequences, heads, 1, width]``."""
    return states.transpose(1, 2).flatten(0, 1).unsqueeze(2)


def _unpack(states: Tensor, blocks: Blocks) -> Tensor:
    """From ``[runs, heads, tokens, width]`` to ``[runs * sequences, heads, length, width]``."""
    _, heads, _, width = states.shape
    line = states.transpose(1, 2).reshape(-1, heads * width)
    moved = _Move.apply(line, blocks.rows, blocks.cells, blocks.real_rows)
    return moved.view(-1, blocks.length, heads, width).transpose(1, 2)


def _pack(states: Tensor, blocks: Blocks) -> Tensor:
    """From ``[runs * sequences, heads, length, width]`` to ``[runs * tokens, heads * width]``."""
    _, heads, _, width = states.shape
    cells = states.transpose(1, 2).reshape(-1, heads * width)
    return _Move.apply(cells, blocks.cells, blocks.rows, blocks.real_cells)


def _cells(rows: Tensor, blocks: Blocks) -> Tensor:
    """Lay the keys of attention's rows out as ``[runs * sequences, heads, length, 1]``."""
    line = rows.transpose(1, 2).flatten(0, 1)
    cells = line.index_select(0, blocks.rows)
    return cells.view(-1, blocks.length, rows.shape[1]).transpose(1, 2).unsqueeze(-1)


def _explicit(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    keys: Tensor,
    bias: Tensor,
    scaling: float,
    dropout: float,
) -> Tensor:
    """Attention with dropped probabilities: no fused kernel takes a mask that has an address."""
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling + bias
    probabilities = torch.softmax(scores, dim=-1, dtype=torch.float32).to(value.dtype)
    return torch.matmul(Drop.apply(probabilities, keys, dropout), value)


AttentionInterface.register(NAME, packed_attention)
