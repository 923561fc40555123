"""Attention over packed lines as one Triton kernel, its dropped probabilities with an address.

The algorithm is FlashAttention's (Dao et al. 2022, arXiv:2205.14135; backward as in Dao 2023,
arXiv:2307.08691): scores are computed tile by tile and never written to memory, and the backward
pass computes them anew. Every sequence is attended at its own length where it stands on its line,
so there is no padding to a block. torch's own fused kernels draw their dropout masks themselves;
here a mask is hashed in the forward pass and kept for the backward pass, a bit for a probability.
No sum depends on the order in which programs run: results repeat bitwise.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from workbench.training.randomness import lane_limit, realised
from workbench.training.triton_dropout import combine, decide, spread

_LOG2_E = 1.4426950408889634
_TILE, _SMALLEST_TILE = 64, 16
"""Queries and keys of a tile; a matrix product needs at least the smallest."""


@triton.jit
def _places(row, there, head, HEADS: tl.constexpr, WIDTH: tl.constexpr, PADDED: tl.constexpr):
    """Return where the rows of one head stand, ``[rows, PADDED]``, and which places exist."""
    feature = tl.arange(0, PADDED)
    place = (row.to(tl.int64) * HEADS + head)[:, None] * WIDTH + feature[None, :]
    return place, there[:, None] & (feature < WIDTH)[None, :]


@triton.jit
def _load(states, row, there, head, HEADS: tl.constexpr, WIDTH: tl.constexpr, PADDED: tl.constexpr):
    place, exists = _places(row, there, head, HEADS, WIDTH, PADDED)
    return tl.load(states + place, mask=exists, other=0)


@triton.jit
def _store(
    states, values, row, there, head, HEADS: tl.constexpr, WIDTH: tl.constexpr, PADDED: tl.constexpr
):
    place, exists = _places(row, there, head, HEADS, WIDTH, PADDED)
    tl.store(states + place, values.to(states.dtype.element_ty), mask=exists)


@triton.jit
def _words(row, head, word, words, HEADS: tl.constexpr):
    """Return where the decisions about some rows and words of one head stand."""
    return ((row.to(tl.int64) * HEADS + head) * words)[:, None] + word[None, :]


@triton.jit
def _row_keys(keys, site, row, there, head, DROPS: tl.constexpr):
    """Return the keys of attention's rows: of a token, a site and a head."""
    if DROPS:
        key = tl.load(keys + row, mask=there, other=0).to(tl.uint64, bitcast=True)
        return combine(combine(key, tl.load(site)), head)
    else:  # Nobody asks.
        return row.to(tl.uint64)


@triton.jit
def _inside(place, column, length, WINDOW: tl.constexpr):
    """Tell which columns a row sees: those of its sequence, at most a window away."""
    there = (column < length)[None, :]
    if WINDOW:
        return there & (tl.abs(place[:, None] - column[None, :]) < WINDOW)
    else:
        return there


@triton.jit
def _forward(
    query,
    key,
    value,
    out,
    logsums,
    masks,
    keys,
    site,
    firsts,
    lengths,
    words,
    scaling,
    limit,
    scale,
    HEADS: tl.constexpr,
    WIDTH: tl.constexpr,
    PADDED: tl.constexpr,
    STARTS: tl.constexpr,
    WINDOW: tl.constexpr,
    DROPS: tl.constexpr,
    ASKING: tl.constexpr,
    SEEN: tl.constexpr,
    PRECISION: tl.constexpr,
):
    sequence, head = tl.program_id(1), tl.program_id(2)
    length, first = tl.load(lengths + sequence), tl.load(firsts + sequence)
    asking = tl.minimum(length, 1) if STARTS else length
    place = tl.program_id(0) * ASKING + tl.arange(0, ASKING)
    if tl.program_id(0) * ASKING < asking:
        row = (sequence if STARTS else first) + place
        there = place < asking
        asked = _load(query, row, there, head, HEADS, WIDTH, PADDED)
        row_keys = _row_keys(keys, site, row, there, head, DROPS)
        top = tl.full([ASKING], float("-inf"), tl.float32)
        total = tl.zeros([ASKING], tl.float32)
        gathered = tl.zeros([ASKING, PADDED], tl.float32)
        for start in range(0, length, SEEN):
            column = start + tl.arange(0, SEEN)
            seen = _load(key, first + column, column < length, head, HEADS, WIDTH, PADDED)
            scores = tl.dot(asked, tl.trans(seen), input_precision=PRECISION) * scaling
            # A whole tile may lie outside a window: what a row gathered there fades to nothing as
            # soon as it meets itself, which the difference of two infinities would not.
            outside = -1.0e30 if WINDOW else float("-inf")
            scores = tl.where(_inside(place, column, length, WINDOW), scores, outside)
            higher = tl.maximum(top, tl.max(scores, 1))
            weights = tl.exp2(scores - higher[:, None])
            shrink = tl.exp2(top - higher)
            total = total * shrink + tl.sum(weights, 1)
            if DROPS:
                bits = decide(row_keys, start // 4, limit, SEEN // 4)
                word = start // 4 + tl.arange(0, SEEN // 4)
                kept = masks + _words(row, head, word, words, HEADS)
                tl.store(kept, bits, mask=there[:, None])
                weights = tl.where(spread(bits, ASKING, SEEN // 4), weights, 0.0)
            said = _load(value, first + column, column < length, head, HEADS, WIDTH, PADDED)
            gathered = gathered * shrink[:, None]
            gathered += tl.dot(weights.to(said.dtype), said, input_precision=PRECISION)
            top = higher
        gathered = gathered * (scale / total)[:, None]
        _store(out, gathered, row, there, head, HEADS, WIDTH, PADDED)
        tl.store(logsums + row * HEADS + head, top + tl.log2(total), mask=there)


@triton.jit
def _weights_and_gradient(
    asked,
    seen,
    said,
    gradient,
    logsum,
    delta,
    masks,
    row,
    there,
    head,
    words,
    start,
    inside,
    scaling,
    scale,
    HEADS: tl.constexpr,
    DROPS: tl.constexpr,
    ASKING: tl.constexpr,
    SEEN: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Compute a tile's probabilities anew, as dropped, and the gradient of its scores."""
    scores = tl.dot(asked, tl.trans(seen), input_precision=PRECISION) * scaling
    weights = tl.where(inside, tl.exp2(scores - logsum[:, None]), 0.0)
    back = tl.dot(gradient, tl.trans(said), input_precision=PRECISION)
    dropped = weights
    if DROPS:
        word = start // 4 + tl.arange(0, SEEN // 4)
        place = _words(row, head, word, words, HEADS)
        bits = tl.load(masks + place, mask=there[:, None], other=0)
        mask = spread(bits, ASKING, SEEN // 4)
        dropped = tl.where(mask, weights * scale, 0.0)
        back = tl.where(mask, back * scale, 0.0)
    return dropped, weights * (back - delta[:, None])


@triton.jit
def _backward_asking(
    query,
    key,
    value,
    out,
    gradient,
    for_query,
    logsums,
    deltas,
    masks,
    firsts,
    lengths,
    words,
    scaling,
    turned,
    scale,
    HEADS: tl.constexpr,
    WIDTH: tl.constexpr,
    PADDED: tl.constexpr,
    STARTS: tl.constexpr,
    WINDOW: tl.constexpr,
    DROPS: tl.constexpr,
    ASKING: tl.constexpr,
    SEEN: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Gradient of the queries, and each row's product of output and gradient."""
    sequence, head = tl.program_id(1), tl.program_id(2)
    length, first = tl.load(lengths + sequence), tl.load(firsts + sequence)
    asking = tl.minimum(length, 1) if STARTS else length
    place = tl.program_id(0) * ASKING + tl.arange(0, ASKING)
    if tl.program_id(0) * ASKING < asking:
        row = (sequence if STARTS else first) + place
        there = place < asking
        asked = _load(query, row, there, head, HEADS, WIDTH, PADDED)
        coming = _load(gradient, row, there, head, HEADS, WIDTH, PADDED)
        said_out = _load(out, row, there, head, HEADS, WIDTH, PADDED)
        delta = tl.sum(coming.to(tl.float32) * said_out.to(tl.float32), 1)
        tl.store(deltas + row * HEADS + head, delta, mask=there)
        logsum = tl.load(logsums + row * HEADS + head, mask=there, other=0)
        total = tl.zeros([ASKING, PADDED], tl.float32)
        for start in range(0, length, SEEN):
            column = start + tl.arange(0, SEEN)
            seen = _load(key, first + column, column < length, head, HEADS, WIDTH, PADDED)
            said = _load(value, first + column, column < length, head, HEADS, WIDTH, PADDED)
            _, back = _weights_and_gradient(
                asked, seen, said, coming, logsum, delta, masks, row, there, head, words, start,
                _inside(place, column, length, WINDOW), scaling, scale, HEADS, DROPS, ASKING, SEEN,
                PRECISION,
            )  # fmt: skip
            total += tl.dot(back.to(seen.dtype), seen, input_precision=PRECISION)
        _store(for_query, (total * turned), row, there, head, HEADS, WIDTH, PADDED)


@triton.jit
def _backward_seen(
    query,
    key,
    value,
    gradient,
    for_key,
    for_value,
    logsums,
    deltas,
    masks,
    firsts,
    lengths,
    words,
    scaling,
    turned,
    scale,
    HEADS: tl.constexpr,
    WIDTH: tl.constexpr,
    PADDED: tl.constexpr,
    STARTS: tl.constexpr,
    WINDOW: tl.constexpr,
    DROPS: tl.constexpr,
    ASKING: tl.constexpr,
    SEEN: tl.constexpr,
    PRECISION: tl.constexpr,
):
    """Gradients of keys and values."""
    sequence, head = tl.program_id(1), tl.program_id(2)
    length, first = tl.load(lengths + sequence), tl.load(firsts + sequence)
    asking = tl.minimum(length, 1) if STARTS else length
    start = tl.program_id(0) * SEEN
    column = start + tl.arange(0, SEEN)
    if start < length:
        column_there = column < length
        seen = _load(key, first + column, column_there, head, HEADS, WIDTH, PADDED)
        said = _load(value, first + column, column_there, head, HEADS, WIDTH, PADDED)
        total_key = tl.zeros([SEEN, PADDED], tl.float32)
        total_value = tl.zeros([SEEN, PADDED], tl.float32)
        for begin in range(0, asking, ASKING):
            place = begin + tl.arange(0, ASKING)
            row = (sequence if STARTS else first) + place
            there = place < asking
            asked = _load(query, row, there, head, HEADS, WIDTH, PADDED)
            coming = _load(gradient, row, there, head, HEADS, WIDTH, PADDED)
            # A row that is not there must not count: its probabilities become zero.
            logsum = tl.load(logsums + row * HEADS + head, mask=there, other=float("inf"))
            delta = tl.load(deltas + row * HEADS + head, mask=there, other=0)
            dropped, back = _weights_and_gradient(
                asked, seen, said, coming, logsum, delta, masks, row, there, head, words, start,
                _inside(place, column, length, WINDOW), scaling, scale, HEADS, DROPS, ASKING, SEEN,
                PRECISION,
            )  # fmt: skip
            total_value += tl.dot(
                tl.trans(dropped.to(coming.dtype)), coming, input_precision=PRECISION
            )
            total_key += tl.dot(tl.trans(back.to(asked.dtype)), asked, input_precision=PRECISION)
        _store(
            for_key, (total_key * turned), first + column, column_there, head, HEADS, WIDTH, PADDED
        )
        _store(for_value, total_value, first + column, column_there, head, HEADS, WIDTH, PADDED)


def _settings(query: Tensor, starts_only: bool, window: int, dropout: float) -> dict[str, Any]:
    """Return what the kernels are compiled for."""
    _, heads, width = query.shape
    exact = "tf32" if torch.backends.cuda.matmul.allow_tf32 else "ieee"
    return {
        "HEADS": heads,
        "WIDTH": width,
        "PADDED": max(_SMALLEST_TILE, triton.next_power_of_2(width)),
        "STARTS": starts_only,
        "WINDOW": window,
        "DROPS": dropout > 0,
        "ASKING": _SMALLEST_TILE if starts_only else _TILE,
        "SEEN": _TILE,
        "PRECISION": exact,
    }


@torch.library.custom_op("workbench::attend", mutates_args=())
def _attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    keys: Tensor,
    site: Tensor,
    firsts: Tensor,
    lengths: Tensor,
    longest: int,
    starts_only: bool,
    window: int,
    scaling: float,
    dropout: float,
) -> tuple[Tensor, Tensor, Tensor]:
    # Padding stays zero: what follows must not meet numbers that are none.
    out = torch.zeros_like(query)
    logsums, masks = _for_backward(query, longest, dropout)
    settings = _settings(query, starts_only, window, dropout)
    asking = 1 if starts_only else longest
    grid = (triton.cdiv(asking, settings["ASKING"]), len(firsts), settings["HEADS"])
    _forward[grid](
        query, key, value, out, logsums, masks, keys, site, firsts, lengths, masks.shape[-1],
        scaling * _LOG2_E, lane_limit(dropout), 1 / (1 - realised(dropout)), **settings,
    )  # fmt: skip
    return out, logsums, masks


def _for_backward(query: Tensor, longest: int, dropout: float) -> tuple[Tensor, Tensor]:
    """Return room for the logarithm of each row's sum, and for four decisions in each byte."""
    words = -(-longest // _TILE) * _TILE // 4 if dropout else 0
    return (
        query.new_empty(query.shape[:2], dtype=torch.float32),
        query.new_empty((*query.shape[:2], words), dtype=torch.uint8),
    )


@_attend.register_fake
def _(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    keys: Tensor,
    site: Tensor,
    firsts: Tensor,
    lengths: Tensor,
    longest: int,
    starts_only: bool,
    window: int,
    scaling: float,
    dropout: float,
) -> tuple[Tensor, Tensor, Tensor]:
    return torch.empty_like(query), *_for_backward(query, longest, dropout)


@torch.library.custom_op("workbench::attend_backward", mutates_args=())
def _attend_backward(
    gradient: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    out: Tensor,
    logsums: Tensor,
    masks: Tensor,
    firsts: Tensor,
    lengths: Tensor,
    longest: int,
    starts_only: bool,
    window: int,
    scaling: float,
    dropout: float,
) -> tuple[Tensor, Tensor, Tensor]:
    for_query, for_key, for_value = (torch.zeros_like(part) for part in (query, key, value))
    deltas = torch.empty_like(logsums)
    settings = _settings(query, starts_only, window, dropout)
    numbers = masks.shape[-1], scaling * _LOG2_E, scaling, 1 / (1 - realised(dropout))
    asking = 1 if starts_only else longest
    places = len(firsts), settings["HEADS"]
    _backward_asking[(triton.cdiv(asking, settings["ASKING"]), *places)](
        query, key, value, out, gradient, for_query, logsums, deltas, masks, firsts, lengths,
        *numbers, **settings,
    )  # fmt: skip
    _backward_seen[(triton.cdiv(longest, settings["SEEN"]), *places)](
        query, key, value, gradient, for_key, for_value, logsums, deltas, masks, firsts, lengths,
        *numbers, **settings,
    )  # fmt: skip
    return for_query, for_key, for_value


@_attend_backward.register_fake
def _(gradient: Tensor, query: Tensor, key: Tensor, value: Tensor, *_: Any) -> Any:
    return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)


def _keep_for_backward(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    query, key, value, _, _, firsts, lengths, *numbers = inputs
    ctx.save_for_backward(query, key, value, *output, firsts, lengths)
    ctx.numbers = numbers


def _gradients(ctx: Any, gradient: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
    found = _attend_backward(gradient.contiguous(), *ctx.saved_tensors, *ctx.numbers)
    return (*found, *[None] * 9)


_attend.register_autograd(_gradients, setup_context=_keep_for_backward)


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    keys: Tensor,
    site: Tensor,
    firsts: Tensor,
    lengths: Tensor,
    longest: int,
    starts_only: bool,
    window: int,
    scaling: float,
    dropout: float,
) -> Tensor:
    """Attend within each sequence.

    Parameters
    ----------
    query
        ``[tokens, heads, width]``, or ``[sequences, heads, width]`` of the sequence starts.
    key, value
        ``[tokens, heads, width]``.
    keys
        Dropout keys of what asks, before site and head are part of the address, ``int64``.
    site
        Of the dropout in the network, ``int64 []``.
    firsts, lengths
        Of each sequence among the tokens, ``int32 [sequences]``; an empty one has length 0.
    longest
        At least the greatest length.
    starts_only
        Whether only the sequence starts ask.
    window
        How far a token sees to either side, itself included; 0 is everywhere.
    scaling
        Factor on the scores.
    dropout
        Probability of dropping a probability.

    Returns
    -------
    Tensor
        Like the query; zero for tokens of no sequence.
    """
    parts = (part.contiguous() for part in (query, key, value))
    numbers = longest, starts_only, window, scaling, dropout
    out, *_ = _attend(*parts, keys, site, firsts, lengths, *numbers)
    return out
