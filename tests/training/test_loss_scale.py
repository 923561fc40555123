"""Loss scaling against torch's own scaler."""

import torch
from torch.amp import GradScaler

from workbench.training.loss_scale import INITIAL, INTERVAL, LossScale


def test_each_run_has_its_own_scale():
    scale = LossScale(2)
    scale.update(torch.tensor([1.0, float("inf")]))
    scale.update(torch.tensor([float("nan"), 1.0]))
    assert scale.factors(torch.device("cpu")).tolist() == [INITIAL / 2, INITIAL / 2]
    assert scale.state == [[INITIAL / 2, 0], [INITIAL / 2, 1]]


def test_the_rule_is_that_of_torchs_scaler():
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
        mine.update(torch.tensor([1.0 if good else float("inf")]))
        assert mine.state[0][0] == theirs.get_scale()
