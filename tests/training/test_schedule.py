import pytest
import torch
from transformers import get_linear_schedule_with_warmup

from workbench.training.schedule import linear, warmup_steps


@pytest.mark.parametrize(("warmup", "steps"), [(0, 10), (1, 10), (4, 40), (10, 10), (3, 7)])
def test_the_factors_are_those_of_transformers(warmup, steps):
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    schedule = get_linear_schedule_with_warmup(optimizer, warmup, steps)
    for step in range(steps):
        assert linear(step, warmup, steps) == pytest.approx(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize(("share", "steps", "expected"), [(0.1, 40, 4), (0.1, 12, 2), (0.0, 9, 0)])
def test_a_warmup_share_is_rounded_up(share, steps, expected):
    assert warmup_steps(share, steps) == expected
