"""Loss scaling against torch's own scaler."""

import pytest
import torch
from torch.amp import GradScaler

from workbench.training.loss_scale import INTERVAL, LossScale

INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize(
    ("before", "norms", "applied", "after"),
    [
        # A finite step counts, and the last of the interval doubles the scale.
        ([[8, 0], [4, 7]], [1.0, 0.0], True, [[8, 1], [4, 8]]),
        ([[8, INTERVAL - 1], [4, 7]], [1.0, 2.0], True, [[16, 0], [4, 8]]),
        # An overflow halves the scale of its run; for the others the attempt does not count.
        ([[8, 5], [4, 7]], [INF, 2.0], False, [[4, 0], [4, 7]]),
        ([[8, 5], [4, INTERVAL - 1]], [NAN, 2.0], False, [[4, 0], [4, INTERVAL - 1]]),
        ([[8, 5], [2, 7]], [INF, NAN], False, [[4, 0], [1, 0]]),
        # At scale 1 a run has diverged and asks for nothing more, nor does it hide another.
        ([[1, 5], [4, 7]], [INF, 2.0], True, [[1, 0], [4, 8]]),
        ([[1, 0], [4, 7]], [NAN, INF], False, [[1, 0], [2, 0]]),
        # No scale goes below 1, unless it came that way from an older checkpoint.
        ([[1.5, 5]], [INF], False, [[1, 0]]),
        ([[0.25, 5]], [INF], True, [[0.25, 0]]),
    ],
)
def test_one_attempt(before, norms, applied, after):
    scale = LossScale(len(before))
    scale.state = before
    assert scale.update(torch.tensor(norms)) is applied
    assert scale.state == after


def test_the_scales_of_three_steps():
    """Run 0 overflows above 16384; run 1 above 32768, and from the third step on always."""
    scale, attempts = LossScale(2), []
    for step in range(3):
        applied = False
        while not applied:
            scales = scale.factors(torch.device("cpu"))
            attempts.append(scales.tolist())
            limits = torch.tensor([16384.0, 0.0 if step == 2 else 32768.0])
            applied = scale.update(torch.where(scales > limits, INF, 1.0))
    first = [[65536, 65536], [32768, 32768], [16384, 32768]]
    third = [[16384, 2.0**power] for power in range(15, -1, -1)]
    assert attempts == [*first, [16384, 32768], *third]
    assert scale.state == [[16384, 3], [1, 0]]


def test_attempt_for_attempt_the_scale_is_that_of_torchs_scaler():
    finite = [False, True, False] + [True] * (2 * INTERVAL + 5) + [False] * 3 + [True] * 7
    mine, theirs = LossScale(1), GradScaler("cpu")
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=0.0)
    for good in finite:
        theirs.scale(parameter.sum()).backward()
        if not good:
            parameter.grad.fill_(float("inf"))
        theirs.step(optimizer)
        theirs.update()
        optimizer.zero_grad()
        assert mine.update(torch.tensor([1.0 if good else INF])) is good
        assert mine.state[0][0] == theirs.get_scale()
