import pytest
import torch
from torch import nn

from workbench.training.average import MeanWeights


@pytest.fixture
def network():
    network = nn.Linear(1, 1)
    with torch.no_grad():
        network.weight.fill_(1.0)
        network.bias.fill_(-2.0)
    return network


def values(network):
    return network.weight.item(), network.bias.item()


def passed_through(network, mean, weights):
    for weight in weights:
        with torch.no_grad():
            network.weight.fill_(weight)
        mean.add()


def test_the_mean_of_several_steps_by_hand(network):
    mean = MeanWeights(network)
    passed_through(network, mean, [1.0, 2.0, 6.0])
    with mean.in_use():
        assert values(network) == (3, -2)
    assert values(network) == (6, -2)


def test_training_goes_on_from_the_last_weights_where_they_stood(network):
    mean, places = MeanWeights(network), [value.data_ptr() for value in network.parameters()]
    passed_through(network, mean, [1.0, 3.0])
    with pytest.raises(KeyError), mean.in_use():
        raise KeyError
    assert values(network) == (3, -2)
    passed_through(network, mean, [5.0])
    mean.settle()
    assert values(network) == (3, -2)
    assert [value.data_ptr() for value in network.parameters()] == places


def test_without_a_mean_the_weights_are_what_they_are(network):
    mean = MeanWeights(network)
    with mean.in_use():
        assert values(network) == (1, -2)
    mean.settle()
    assert values(network) == (1, -2)


def test_of_one_step_it_is_that_steps_weights_to_the_last_bit(network):
    mean = MeanWeights(network)
    passed_through(network, mean, [0.1])
    with mean.in_use():
        assert network.weight.item() == torch.tensor(0.1).item()


def test_a_mean_that_was_saved_goes_on(network):
    mean = MeanWeights(network)
    passed_through(network, mean, [1.0, 2.0])
    saved, count = {name: value.clone() for name, value in mean.values.items()}, mean.count
    other = MeanWeights(network)
    other.restore(saved, count)
    for each in (mean, other):
        passed_through(network, each, [6.0, 9.5])
        assert each.values["weight"].item() == pytest.approx(18.5 / 4)
    assert torch.equal(mean.values["weight"], other.values["weight"])
    assert saved["weight"].item() == 1.5, "what was saved is not changed"
