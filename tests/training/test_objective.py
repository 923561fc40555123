from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from workbench.training.objective import count, summed_divergence, summed_loss

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


def divergence(one, other):
    """Return torch's own mean of both Kullback-Leibler divergences of two rows of logits."""
    logs = one.log_softmax(dim=-1), other.log_softmax(dim=-1)
    both = [
        functional.kl_div(first, second, reduction="sum", log_target=True)
        for first, second in (logs, logs[::-1])
    ]
    return (sum(both) / 2).item()


def test_a_divergence_by_hand():
    # 1/4 and 3/4 against halves: KL 0.130812 one way, 0.143841 the other.
    one, other = torch.tensor([[[1.0, 3.0]]]).log(), torch.zeros(1, 1, 2)
    single = SimpleNamespace(labels=torch.tensor([[0]]), present=torch.ones(1, 1))
    for kind in ("single-label", "token"):
        found = summed_divergence(kind, one, other, single)
        assert found.item() == pytest.approx((0.130812 + 0.143841) / 2, abs=1e-6)
    # A single class at 3/4 against one at 1/2 is the same pair of distributions.
    single.labels = torch.tensor([[[1.0]]])
    odds = torch.tensor([[[3.0]]]).log()
    found = summed_divergence("multi-label", odds, torch.zeros(1, 1, 1), single)
    assert found.item() == pytest.approx((0.130812 + 0.143841) / 2, abs=1e-6)
    single.labels = torch.tensor([[0.0]])
    found = summed_divergence("regression", torch.ones(1, 1, 1), 3 * torch.ones(1, 1, 1), single)
    assert found.item() == 4


def test_divergences_are_added_up_over_what_is_there():
    one, other = torch.randn(2, 2, 3, 4)
    found = summed_divergence("single-label", one, other, batch(torch.zeros(2, 3)))
    assert found[1].item() == pytest.approx(divergence(one[1, :2], other[1, :2]), rel=1e-5)
    labels = torch.tensor([[-100, 1, 2], [-100, -100, 0]])
    found = summed_divergence("token", one, other, batch(labels))
    assert found[0].item() == pytest.approx(divergence(one[0, 1:], other[0, 1:]), rel=1e-5)
    assert found[1].item() == pytest.approx(divergence(one[1, 2:], other[1, 2:]), rel=1e-5)
    one, other = one[..., :1], other[..., :1]
    found = summed_divergence("regression", one, other, batch(torch.zeros(2, 3)))
    expected = functional.mse_loss(one[1, :2], other[1, :2], reduction="sum")
    assert found[1].item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_divergence_of_independent_classes_is_their_mean():
    one, other = torch.randn(2, 1, 1, 5)
    single = SimpleNamespace(labels=torch.zeros(1, 1, 5), present=torch.ones(1, 1))
    found = summed_divergence("multi-label", one, other, single)
    pairs = [torch.stack([torch.zeros(5), each.flatten()], dim=1) for each in (one, other)]
    assert found.item() == pytest.approx(divergence(*pairs) / 5, rel=1e-5)


def test_a_divergence_is_never_negative_and_the_same_both_ways():
    one, other = 5 * torch.randn(2, 2, 3, 4)
    for kind in ("single-label", "multi-label"):
        there, back = (
            summed_divergence(kind, a, b, batch(torch.zeros(2, 3, 4)))
            for a, b in ((one, other), (other, one))
        )
        assert (there > 0).all()
        torch.testing.assert_close(there, back)
