import pytest
import torch
from torch import nn

from workbench.errors import WorkbenchError
from workbench.training.stacked import (
    StackedEmbedding,
    StackedLayerNorm,
    StackedLinear,
    _refuse_own_parameters,
    stack,
)

STATES = torch.randn(3, 7, 8, generator=torch.Generator().manual_seed(0))
INDICES = torch.randint(0, 11, (3, 7), generator=torch.Generator().manual_seed(0))
KINDS = {
    "linear": (nn.Linear(8, 5), StackedLinear, STATES),
    "linear without bias": (nn.Linear(8, 5, bias=False), StackedLinear, STATES),
    "norm": (nn.LayerNorm(8), StackedLayerNorm, STATES),
    "norm without bias": (nn.LayerNorm(8, bias=False), StackedLayerNorm, STATES),
    "embedding": (nn.Embedding(11, 8, padding_idx=0), StackedEmbedding, INDICES),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("runs", [1, 3])
def test_each_run_has_its_own_module(kind, runs):
    module, stacked_kind, inputs = KINDS[kind]
    stacked = stacked_kind(module, runs)
    with torch.no_grad():
        for value in stacked.parameters():
            value.add_(torch.randn(value.shape))
    outputs = stacked(inputs[:runs])
    for run in range(runs):
        state = {name: value[run] for name, value in stacked.named_parameters()}
        alone = torch.func.functional_call(module, state, (inputs[run],))
        torch.testing.assert_close(outputs[run], alone)


def test_runs_do_not_see_each_others_gradients():
    stacked = StackedLinear(nn.Linear(8, 5), 3)
    stacked(STATES)[1].sum().backward()
    assert stacked.weight.grad[1].abs().sum() > 0
    assert stacked.weight.grad[[0, 2]].abs().sum() == 0


def test_stacking_keeps_names_and_leaves_the_original_alone(make_prepared):
    network = make_prepared().model.network
    stacked, _ = stack(network, 2)
    original = dict(network.named_parameters())
    for name, value in stacked.named_parameters():
        assert torch.equal(value[0], original[name]) and torch.equal(value[1], original[name])
    assert len(original) == len(list(stacked.named_parameters()))


def test_an_unknown_layer_with_weights_is_refused():
    module = nn.Module()
    module.scale = nn.Parameter(torch.ones(1))
    with pytest.raises(WorkbenchError, match="cannot be trained here"):
        _refuse_own_parameters(module)
