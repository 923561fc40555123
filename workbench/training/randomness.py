"""Randomness with an address: every random value is a function of where it is used.

No generator is shared or advanced, so a value is the same whoever trains beside, however a batch
is packed or split, and after any resume. The mixing function is the finalizer of SplitMix64
(Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", with Stafford's
constants), in 64-bit integers that wrap around.
"""

import hashlib
import math

import torch
from torch import Tensor

_LANES = 4
"""Decisions that one 64-bit word serves, 16 bits each."""

_LANE_VALUES = 1 << 16


def _signed(value: int) -> int:
    """Return the signed 64-bit integer with the same bits."""
    return value - (1 << 64) if value >= 1 << 63 else value


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_FIRST = _signed(0xBF58476D1CE4E5B9)
_SECOND = _signed(0x94D049BB133111EB)


def key_of(*address: int | str) -> int:
    """Return a signed 64-bit key for an address of whole numbers and words.

    Examples
    --------
    >>> key_of("dropout", 1) == key_of("dropout", 1), key_of("dropout", 1) == key_of("dropout", 2)
    (True, False)
    """
    text = "/".join(str(part) for part in address)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def mix(values: Tensor) -> Tensor:
    """Scramble int64 values one to one, in place where that is possible."""
    # Shifting right keeps the sign in torch; the masks turn that into a shift that brings zeros.
    values = values ^ (values >> 30).bitwise_and_((1 << 34) - 1)
    values.mul_(_FIRST)
    values.bitwise_xor_((values >> 27).bitwise_and_((1 << 37) - 1))
    values.mul_(_SECOND)
    return values.bitwise_xor_((values >> 31).bitwise_and_((1 << 33) - 1))


def combine(keys: Tensor, parts: Tensor | int) -> Tensor:
    """Return the keys of addresses that are one part longer, ``int64`` of the broadcast shape."""
    shift = (parts + 1) * _GOLDEN
    # Tensors wrap around by themselves; Python's integers do not.
    return mix(keys + (_signed(shift % (1 << 64)) if isinstance(shift, int) else shift))


def permutation(seed: int, epoch: int, size: int) -> Tensor:
    """Return the order in which an epoch visits its examples, ``int64 [size]``."""
    keys = torch.full((size,), key_of("order", seed, epoch))
    return combine(keys, torch.arange(size)).argsort(stable=True)


def normal(seed: int, name: str, shape: tuple[int, ...], deviation: float) -> Tensor:
    """Draw the fresh values of a named parameter, ``float32`` on the CPU.

    The name is part of the address, so drawing one parameter never shifts another's draw.
    """
    generator = torch.Generator().manual_seed(key_of("weights", seed, name) & ((1 << 63) - 1))
    return torch.empty(shape).normal_(0.0, deviation, generator=generator)


def token_keys(steps: Tensor, examples: Tensor, positions: Tensor) -> Tensor:
    """Return the keys of tokens for one optimizer step.

    Parameters
    ----------
    steps
        `key_of` ("dropout", seed, step) of each run, ``int64 [runs, 1]``.
    examples, positions
        The example each token belongs to and its place in it, ``int64 [runs, tokens]``.
    """
    return combine(combine(steps, examples), positions)


def keep(keys: Tensor, width: int, probability: float) -> Tensor:
    """Decide which of ``width`` values each key keeps, ``bool [*keys.shape, width]``.

    A value is dropped with `realised` (probability), the nearest multiple of 1/65536.
    """
    words = -(-width // _LANES)
    counters = torch.arange(1, words + 1, device=keys.device) * _GOLDEN
    lanes = mix(keys.unsqueeze(-1) + counters).view(torch.int16)
    return lanes[..., :width] >= lane_limit(probability)


def keep_each(keys: Tensor, width: int, probability: float) -> Tensor:
    """Decide as `keep` does, hashing anew for every value instead of for every fourth.

    A compiler for GPUs turns this into one pass without memory traffic; `keep` reads a word as
    four numbers, which it cannot.
    """
    column = torch.arange(width, device=keys.device)
    # Bits are shifted, not numbers divided: torch 2.13 computes products of a counted index at
    # compile time without letting them wrap around at 64 bits, and shifting ends the counting.
    words = mix(keys.unsqueeze(-1) + ((column >> 2) + 1) * _GOLDEN)
    lanes = (words >> ((column & 3) << 4)) & (_LANE_VALUES - 1)
    # Read as signed numbers of 16 bits: the upper half lies below zero.
    signed = (lanes ^ (_LANE_VALUES // 2)) - _LANE_VALUES // 2
    return signed >= lane_limit(probability)


def normal_each(keys: Tensor, width: int) -> Tensor:
    """Draw ``width`` standard normal values for each key, ``float32 [*keys.shape, width]``.

    By the transform of Box and Muller (1958, Annals of Mathematical Statistics 29, 610): a 64-bit
    word gives two uniform numbers, and these give two normal ones.
    """
    counters = torch.arange(1, -(-width // 2) + 1, device=keys.device) * _GOLDEN
    words = mix(keys.unsqueeze(-1) + counters)
    # Half a step is added, so that the logarithm's argument is never 0.
    radius, angle = (((words >> shift & (1 << 32) - 1).float() + 0.5) / 2**32 for shift in (32, 0))
    radius, angle = (-2 * radius.log()).sqrt(), 2 * math.pi * angle
    return torch.cat([radius * angle.cos(), radius * angle.sin()], dim=-1)[..., :width]


def lane_limit(probability: float) -> int:
    """Return the least signed 16-bit number that is kept."""
    return _threshold(probability) - _LANE_VALUES // 2


def realised(probability: float) -> float:
    """Return the probability that `keep` drops with."""
    return _threshold(probability) / _LANE_VALUES


def _threshold(probability: float) -> int:
    return round(probability * _LANE_VALUES)
