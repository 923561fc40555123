"""Loss scaling for float16, whose smallest numbers are too large for many gradients.

The loss of each run is multiplied by a scale of its own that is halved whenever a gradient
overflows and doubled after 2,000 steps without an overflow (Micikevicius et al. 2018,
arXiv:1710.03740, section 3.2), by the numbers of torch's ``GradScaler``. That one goes on to the
next step after an overflow and loses the update; here the step is computed again with the smaller
scale. On small data the search for the first scale would otherwise take a noticeable share of all
updates, and runs of a cohort would not be updated together.

A repeated step is the same step: its batch and its dropout masks are functions of the step's
number, and its loss is that of the first attempt. Scales are powers of two, so that a scale moves
no bit of a gradient that neither over- nor underflows.

At scale 1 nothing is repeated: what still overflows does so by itself, the run has diverged, and it
is updated as it would be in float32.
"""

import torch
from torch import Tensor

INITIAL = 65536.0
LOWEST = 1.0
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

    def update(self, norms: Tensor) -> bool:
        """Take up whether the gradients of a step were finite.

        Parameters
        ----------
        norms
            The gradient norm of each run, ``[runs]``. Reading it waits for the device.

        Returns
        -------
        bool
            Whether the gradients are to be applied. Otherwise some scales have been halved, and
            the step is to be computed again; for the other runs it then counts once.
        """
        finite = torch.isfinite(norms).tolist()
        pairs = list(zip(self.state, finite, strict=True))
        too_large = [run for run, good in pairs if not good and run[0] > LOWEST]
        for run in too_large:
            run[:] = [max(run[0] * BACKOFF, LOWEST), 0]
        if too_large:
            return False
        for run, good in pairs:
            run[:] = _next(*run) if good else [run[0], 0]
        return True


def _next(scale: float, steps: float) -> list[float]:
    """Return what follows a finite step."""
    if steps + 1 == INTERVAL:
        return [scale * GROWTH, 0]
    return [scale, steps + 1]
