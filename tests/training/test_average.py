from types import SimpleNamespace

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
    mean = MeanWeights(network, SimpleNamespace(unused=[1.0]))
    passed_through(network, mean, [1.0, 2.0, 6.0])
    with mean.in_use():
        assert values(network) == (3, -2)
    assert values(network) == (6, -2)


def test_training_goes_on_from_the_last_weights_where_they_stood(network):
    mean, places = (
        MeanWeights(network, SimpleNamespace(unused=[1.0])),
        [value.data_ptr() for value in network.parameters()],
    )
    passed_through(network, mean, [1.0, 3.0])
    with pytest.raises(KeyError), mean.in_use():
        raise KeyError
    assert values(network) == (3, -2)
    passed_through(network, mean, [5.0])
    mean.settle()
    assert values(network) == (3, -2)
    assert [value.data_ptr() for value in network.parameters()] == places


def test_without_a_mean_the_weights_are_what_they_are(network):
    mean = MeanWeights(network, SimpleNamespace(unused=[1.0]))
    with mean.in_use():
        assert values(network) == (1, -2)
    mean.settle()
    assert values(network) == (1, -2)


def test_of_one_step_it_is_that_steps_weights_to_the_last_bit(network):
    mean = MeanWeights(network, SimpleNamespace(unused=[1.0]))
    passed_through(network, mean, [0.1])
    with mean.in_use():
        assert network.weight.item() == torch.tensor(0.1).item()


def test_a_mean_that_was_saved_goes_on(network):
    mean = MeanWeights(network, SimpleNamespace(unused=[1.0]))
    passed_through(network, mean, [1.0, 2.0])
    saved, count = {name: value.clone() for name, value in mean.values.items()}, mean.count
    mean.optimizer.unused = [0.5]
    other = MeanWeights(network, SimpleNamespace(unused=[1.0]))
    other.restore(saved, count, [1.0])
    other.optimizer.unused = [0.5]
    for each in (mean, other):
        passed_through(network, each, [6.0, 9.5])
        assert each.values["weight"].item() == pytest.approx(18.5 / 4)
    assert torch.equal(mean.values["weight"], other.values["weight"])
    assert mean.unused == other.unused == [0.75]
    assert saved["weight"].item() == 1.5, "what was saved is not changed"


def test_what_is_left_of_unused_rows_is_averaged_along(network):
    optimizer = SimpleNamespace(unused=[1.0, 0.5])
    mean = MeanWeights(network, optimizer)
    mean.add()
    optimizer.unused = [0.5, 0.25]
    mean.add()
    with mean.in_use():
        assert optimizer.unused == [0.75, 0.375]
    assert optimizer.unused == [0.5, 0.25]
    mean.settle()
    assert optimizer.unused == [0.75, 0.375] and not mean.unused
