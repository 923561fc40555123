"""Loss scaling for float16, whose smallest numbers are too large for many gradients.

The rule is that of torch's ``GradScaler`` (Micikevicius et al. 2018, arXiv:1710.03740, section
3.2), kept for each run by itself: the loss is multiplied by a scale that is halved whenever a
gradient overflows and doubled after 2,000 steps without an overflow.
"""

import torch
from torch import Tensor

INITIAL = 65536.0
GROWTH, BACKOFF = 2.0, 0.5
INTERVAL = 2000


class LossScale:
    """The scales of a cohort's runs.

    Parameters
    ----------
    runs
        How many.

    Attributes
    ----------
    state
        Scale and steps since the last change, by run, in the form a checkpoint stores.
    """

    def __init__(self, runs: int):
        self.state: list[list[float]] = [[INITIAL, 0] for _ in range(runs)]

    def factors(self, device: torch.device) -> Tensor:
        """Return the scales, ``float32 [runs]``."""
        return torch.tensor([scale for scale, _ in self.state], device=device)

    def update(self, norms: Tensor) -> None:
        """Take up whether the gradients of a step were finite.

        Parameters
        ----------
        norms
            The gradient norm of each run, ``[runs]``.
        """
        finite = torch.isfinite(norms).tolist()
        for run, good in zip(self.state, finite, strict=True):
            run[:] = _next(run[0], run[1], good)


def _next(scale: float, steps: float, finite: bool) -> list[float]:
    if not finite:
        return [scale * BACKOFF, 0]
    if steps + 1 == INTERVAL:
        return [scale * GROWTH, 0]
    return [scale, steps + 1]
