"""The learning-rate schedule of the baseline: linear warm-up, then linear decay to zero."""

import math


def warmup_steps(share: float, steps: int) -> int:
    """Return how many steps a warm-up share is, rounded up as transformers does."""
    return math.ceil(share * steps)


def linear(step: int, warmup: int, steps: int) -> float:
    """Return the factor on the learning rate at a step (from 0).

    The convention is that of Devlin et al.'s (2019) code and of transformers'
    ``get_linear_schedule_with_warmup``: the first step of a warm-up runs at rate zero.
    """
    if step < warmup:
        return step / warmup
    return max(0.0, (steps - step) / max(1, steps - warmup))
