"""Self-attention over packed lines, registered with transformers as an attention function.

Each sequence is attended at its own length, without padding: on a GPU by one kernel for all of them
(`workbench.training.triton_attention`), elsewhere one after another.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface

from workbench.models.families.deberta import Distances
from workbench.training.device import has_triton
from workbench.training.disentangled import padded
from workbench.training.dropout import AddressedDropout, drop
from workbench.training.packing import Spans
from workbench.training.reach import Reach

NAME = "workbench_packed"


def packed_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    layout: Spans | None = None,
    starts_only: bool = False,
    sliding_window: int | None = None,
    distances: Distances | None = None,
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
    starts_only
        Whether only the sequence starts ask.
    sliding_window
        How far a token sees to either side, itself included; None is everywhere.
    distances
        What a family scores beside content: it goes the padded way.

    Returns
    -------
    Tensor
        ``[runs, tokens, heads, width]``, or ``[runs, sequences, heads, width]``.
    """
    if layout is None:
        raise TypeError("packed attention needs the spans of the batch's sequences")
    scaling = scaling or query.shape[-1] ** -0.5
    asked, seen, said = (part.transpose(1, 2).flatten(0, 1) for part in (query, key, value))
    # What the family says tells training from evaluation; the probability is the site's, where all
    # that changes dropout changes it.
    dropout = module.dropout.p if dropout > 0 else 0.0
    numbers = starts_only, sliding_window or 0, scaling, dropout
    attend: Callable[..., Tensor] = _at_once if has_triton(query.device) else _one_by_one
    if distances is not None:
        attend = partial(padded, distances)
    attended = attend(asked, seen, said, module.dropout, layout, *numbers)
    return attended.unflatten(0, (len(query), -1)), None


def _at_once(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    site: AddressedDropout,
    spans: Spans,
    starts_only: bool,
    window: int,
    scaling: float,
    dropout: float,
) -> Tensor:
    """Attend to all sequences in one kernel; states are ``[tokens, heads, width]``."""
    from workbench.training.triton_attention import attend

    # Without dropout the keys are not read.
    keys, place = (site.keys, site.site) if dropout > 0 else (spans.firsts, spans.firsts)
    return attend(
        query,
        key,
        value,
        keys,
        place,
        spans.firsts,
        spans.lengths,
        spans.longest,
        starts_only,
        window,
        scaling,
        dropout,
    )


@torch.compiler.disable
def _one_by_one(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    site: AddressedDropout,
    spans: Spans,
    starts_only: bool,
    window: int,
    scaling: float,
    dropout: float,
) -> Tensor:
    """Attend to one sequence after another; states are ``[tokens, heads, width]``."""
    rows = site.rows(query.shape[1]).transpose(0, 1).flatten(1) if dropout > 0 else None
    states = [part.transpose(0, 1) for part in (query, key, value)]
    reach = Reach(spans, starts_only, window)
    if torch.is_grad_enabled():
        return _Attend.apply(*states, rows, reach, scaling, dropout)
    result = _line_like(states[0])
    for asking, place in reach.places():
        asks, sees = states[0][asking], states[1][place]
        result[asking] = scaled_dot_product_attention(
            asks.unsqueeze(0),
            sees.unsqueeze(0),
            states[2][place].unsqueeze(0),
            attn_mask=reach.inside(asks.shape[1], sees.shape[1], asks.device),
            scale=scaling,
        ).squeeze(0)
    return result.transpose(0, 1)


def _line_like(states: Tensor) -> Tensor:
    """Return zeros of a shape ``[heads, tokens, width]``, in memory token by token."""
    heads, tokens, width = states.shape
    return states.new_zeros(tokens, heads, width).transpose(0, 1)


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
        reach: Reach,
        scaling: float,
        dropout: float,
    ) -> Tensor:
        result, weights, places = _line_like(query), [], list(reach.places())
        with torch.autocast(query.device.type, enabled=False):
            for asking, seen in places:
                weights.append(_weights(query[asking], key[seen], scaling, reach))
                kept = weights[-1] if rows is None else drop(weights[-1], rows[asking], dropout)
                result[asking] = torch.bmm(kept, value[seen])
        ctx.save_for_backward(query, key, value, rows, *weights)
        ctx.places, ctx.scaling, ctx.dropout = places, scaling, dropout
        return result.transpose(0, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, rows, *weights = ctx.saved_tensors
        gradient = gradient.transpose(0, 1)
        for_query, for_key, for_value = (_line_like(part) for part in (query, key, value))
        for (asking, seen), probabilities in zip(ctx.places, weights, strict=True):
            kept, back = probabilities, torch.bmm(gradient[asking], value[seen].transpose(1, 2))
            if rows is not None:
                kept = drop(probabilities, rows[asking], ctx.dropout)
                back = drop(back, rows[asking], ctx.dropout)
            for_value[seen] = torch.bmm(kept.transpose(1, 2), gradient[asking])
            back = torch._softmax_backward_data(back, probabilities, -1, back.dtype)
            back *= ctx.scaling
            for_query[asking] = torch.bmm(back, key[seen])
            for_key[seen] = torch.bmm(back.transpose(1, 2), query[asking])
        return for_query, for_key, for_value, *[None] * 4


def _weights(query: Tensor, key: Tensor, scaling: float, reach: Reach) -> Tensor:
    """Return the probabilities of ``[heads, asking, width]`` for ``[heads, seen, width]``."""
    scores = torch.bmm(query, key.transpose(1, 2)).mul_(scaling)
    inside = reach.inside(query.shape[1], key.shape[1], scores.device)
    if inside is not None:
        scores.masked_fill_(~inside, float("-inf"))
    # In single precision whatever the states are in: probabilities add up to one.
    return torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)


AttentionInterface.register(NAME, packed_attention)
