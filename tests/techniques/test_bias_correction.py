from math import sqrt

import pytest
import torch

from workbench.techniques.bias_correction import Uncorrected
from workbench.techniques.technique import AdamStep

BETAS = (0.9, 0.999)


def factor(count):
    return Uncorrected().adam(AdamStep(1.0, 1e-8, 0.0, *BETAS), count).rate


@pytest.mark.parametrize(
    ("count", "larger"),
    [
        (1, 3.16),
        (5, 5.80),
        (12, 6.57),
        (50, 4.50),
        (100, 3.24),
        (231, 2.20),
        (1000, 1.26),
        (5000, 1.00),
    ],
)
def test_the_step_is_larger_by(count, larger):
    assert factor(count) == pytest.approx(larger, abs=0.005)


def test_the_peak_is_the_twelfth_step():
    assert max(range(1, 500), key=factor) == 12


def test_the_first_call_by_hand():
    call = Uncorrected().adam(AdamStep(2e-5, 1e-6, 0.01, *BETAS), 1)
    assert call.rate == pytest.approx(2e-5 * 0.1 / sqrt(0.001))
    assert call.epsilon == pytest.approx(1e-6 / sqrt(0.001))
    assert call.weight_decay == pytest.approx(0.01 * sqrt(0.001) / 0.1)
    assert (call.beta1, call.beta2) == BETAS


@pytest.mark.parametrize("betas", [BETAS, (0.9, 0.98), (0.0, 0.0)])
@pytest.mark.parametrize("epsilon", [1e-8, 0.1])
def test_torchs_kernel_then_makes_the_uncorrected_step(betas, epsilon):
    rate, decay = 0.01, 0.1
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(6, dtype=torch.float64, generator=generator)
    gradients = torch.randn(10, 6, dtype=torch.float64, generator=generator)
    weight = start.clone()
    optimizer = torch.optim.AdamW([weight], lr=rate, betas=betas)
    expected, mean, square = start.clone(), torch.zeros(6), torch.zeros(6)
    for count, gradient in enumerate(gradients, 1):
        call = Uncorrected().adam(AdamStep(rate, epsilon, decay, *betas), count)
        optimizer.param_groups[0] |= {
            "lr": call.rate,
            "eps": call.epsilon,
            "weight_decay": call.weight_decay,
        }
        weight.grad = gradient
        optimizer.step()
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        expected = expected - rate * decay * expected - rate * mean / (square.sqrt() + epsilon)
        torch.testing.assert_close(weight, expected, rtol=1e-12, atol=1e-14)
