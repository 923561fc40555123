from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from workbench.training.objective import count, summed_loss

torch.manual_seed(0)
PRESENT = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]])


def batch(labels):
    return SimpleNamespace(labels=labels, present=PRESENT)


def test_squared_error():
    outputs, labels = torch.randn(2, 3, 1), torch.randn(2, 3)
    losses = summed_loss("regression", outputs, batch(labels))
    assert losses[0].item() == pytest.approx(
        functional.mse_loss(outputs[0, :, 0], labels[0], reduction="sum").item()
    )
    expected = functional.mse_loss(outputs[1, :2, 0], labels[1, :2], reduction="sum")
    assert losses[1].item() == pytest.approx(expected.item())
    assert count("regression", batch(labels)).tolist() == [3, 2]


def test_binary_cross_entropy_is_a_mean_over_classes():
    outputs, labels = torch.randn(2, 3, 4), torch.randint(0, 2, (2, 3, 4)).float()
    losses = summed_loss("multi-label", outputs, batch(labels))
    expected = functional.binary_cross_entropy_with_logits(outputs[1, :2], labels[1, :2]) * 2
    assert losses[1].item() == pytest.approx(expected.item(), rel=1e-6)


def test_cross_entropy_over_examples():
    outputs, labels = torch.randn(2, 3, 4), torch.randint(0, 4, (2, 3))
    losses = summed_loss("single-label", outputs, batch(labels))
    expected = functional.cross_entropy(outputs[1, :2], labels[1, :2], reduction="sum")
    assert losses[1].item() == pytest.approx(expected.item(), rel=1e-6)


def test_cross_entropy_over_tokens_ignores_what_has_no_label():
    outputs = torch.randn(2, 5, 3)
    labels = torch.tensor([[-100, 1, 2, -100, 0], [-100, -100, 0, -100, -100]])
    losses = summed_loss("token", outputs, batch(labels))
    expected = functional.cross_entropy(outputs[0], labels[0], reduction="sum")
    assert losses[0].item() == pytest.approx(expected.item(), rel=1e-6)
    assert count("token", batch(labels)).tolist() == [3, 1]
