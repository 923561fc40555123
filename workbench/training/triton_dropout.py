"""Dropout masks with an address on a GPU: the hash of `randomness` as a Triton kernel.

torch has no fused kernel for the hash and would write every intermediate value to memory. Imported
only where Triton is there; the masks are those of `workbench.training.randomness.keep`.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from workbench.training.randomness import lane_limit, realised

_VALUES = 4096
"""Values that one program computes."""


@triton.jit
def mix(values):
    """Scramble uint64 values; see `workbench.training.randomness.mix`."""
    values = values ^ (values >> 30)
    values = values * 0xBF58476D1CE4E5B9
    values = values ^ (values >> 27)
    values = values * 0x94D049BB133111EB
    return values ^ (values >> 31)


@triton.jit
def combine(keys, part):
    """Return the keys of addresses that are one part longer."""
    return mix(keys + (part + 1).to(tl.uint64) * 0x9E3779B97F4A7C15)


@triton.jit
def decide(keys, first, limit, WORDS: tl.constexpr):
    """Decide about columns ``4 * first`` and on for keys ``[rows]``: four bits a word of the hash.

    Returns ``uint8 [rows, WORDS]``; the lowest bit is the first column's.
    """
    counters = (first + tl.arange(0, WORDS) + 1).to(tl.uint64) * 0x9E3779B97F4A7C15
    words = mix(keys[:, None] + counters[None, :])
    bits = (words.to(tl.int16) >= limit).to(tl.uint8)
    bits |= ((words >> 16).to(tl.int16) >= limit).to(tl.uint8) << 1
    bits |= ((words >> 32).to(tl.int16) >= limit).to(tl.uint8) << 2
    return bits | ((words >> 48).to(tl.int16) >= limit).to(tl.uint8) << 3


@triton.jit
def spread(bits, ROWS: tl.constexpr, WORDS: tl.constexpr):
    """Spread decisions ``[ROWS, WORDS]`` out to columns, bool ``[ROWS, 4 * WORDS]``."""
    even, odd = tl.join(bits & 1, bits & 4), tl.join(bits & 2, bits & 8)
    return tl.join(even, odd).reshape(ROWS, 4 * WORDS) != 0


@triton.jit
def _drop(
    out,
    values,
    keys,
    site,
    rows,
    width,
    limit,
    scale,
    ROWS: tl.constexpr,
    WORDS: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
    column = tl.arange(0, 4 * WORDS)
    key = tl.load(keys + row, mask=row < rows, other=0).to(tl.uint64, bitcast=True)
    mask = spread(decide(combine(key, tl.load(site)), 0, limit, WORDS), ROWS, WORDS)
    place = row[:, None] * width + column[None, :]
    there = (row < rows)[:, None] & (column < width)[None, :]
    value = tl.load(values + place, mask=there & mask, other=0).to(tl.float32)
    tl.store(out + place, (value * scale).to(out.dtype.element_ty), mask=there)


def drop(values: Tensor, keys: Tensor, site: Tensor, probability: float) -> Tensor:
    """Zero what is not kept, and scale the rest.

    Parameters
    ----------
    values
        Floats ``[..., width]`` on a GPU.
    keys
        Of the rows before the site is part of their address, ``int64``.
    site
        The number of the place in the network, ``int64 []``.
    probability
        Of dropping.
    """
    values, width = values.contiguous(), values.shape[-1]
    out, rows = torch.empty_like(values), keys.numel()
    words = triton.next_power_of_2(-(-width // 4))
    together = max(1, _VALUES // (4 * words))
    _drop[(triton.cdiv(rows, together),)](
        out,
        values,
        keys.contiguous(),
        site,
        rows,
        width,
        lane_limit(probability),
        1 / (1 - realised(probability)),
        ROWS=together,
        WORDS=words,
    )
    return out


class Drop(torch.autograd.Function):
    """Drop on the way forth and back; the mask is computed twice instead of being kept."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, keys: Tensor, site: Tensor, probability: float) -> Tensor:
        ctx.save_for_backward(keys, site)
        ctx.probability = probability
        return drop(values, keys, site, probability)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        keys, site = ctx.saved_tensors
        return drop(gradient, keys, site, ctx.probability), None, None, None
