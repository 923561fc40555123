"""The optimizer of a cohort against torch's own, run by run."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from workbench.models.depth import Anatomy, Parameter
from workbench.techniques import from_settings
from workbench.training.optimizer import CohortOptimizer
from workbench.training.plan import Plan
from workbench.training.schedule import linear, warmup_steps

STEPS = 8
PLAN = Plan(STEPS, steps_per_epoch=4)
ANATOMY = Anatomy(
    layers=1,
    initializer_range=0.02,
    parameters=(
        Parameter("low.weight", 0, "linear"),
        Parameter("low.bias", 0, "bias"),
        Parameter("high.weight", 2, "linear"),
    ),
)


class Small(nn.Module):
    def __init__(self, runs):
        super().__init__()
        generator = torch.Generator().manual_seed(0)

        def make(*shape):
            value = torch.randn(shape, generator=generator)
            return nn.Parameter(value.repeat(runs, *[1] * len(shape)))

        self.low, self.high = nn.Module(), nn.Module()
        self.low.weight, self.low.bias = make(4, 3), make(4)
        self.high.weight = make(2, 4)


def gradients(step, run):
    generator = torch.Generator().manual_seed(100 * step + run)
    shapes = [(4, 3), (4,), (2, 4)]
    return [5 * torch.randn(shape, generator=generator) for shape in shapes]


def update(optimizer, step, scales=None):
    scales = torch.ones(len(optimizer.specs)) if scales is None else scales
    norms = optimizer.clip(scales)
    optimizer.step(step)
    return norms


def train(specs):
    """Train with given gradients; return the parameters and norms of each run."""
    network = Small(len(specs))
    compositions = [from_settings(spec.techniques) for spec in specs]
    optimizer = CohortOptimizer(network, ANATOMY, specs, compositions, PLAN)
    norms = []
    for step in range(STEPS):
        optimizer.select(step)
        for place, value in enumerate(network.parameters()):
            if value.requires_grad:
                value.grad = torch.stack(
                    [gradients(step, spec.weights_seed)[place] for spec in specs]
                )
        norms.append(update(optimizer, step))
    return [value.detach() for value in network.parameters()], torch.stack(norms)


def reference(spec):
    """Train the same with torch's own AdamW and clipping."""
    low, bias, high = (value[0].detach().clone() for value in Small(1).parameters())
    values = [nn.Parameter(value) for value in (low, bias, high)]
    decay = [spec.weight_decay, 0.0, spec.weight_decay]
    composition = from_settings(spec.techniques)
    groups = [
        {"params": [value], "weight_decay": part} for value, part in zip(values, decay, strict=True)
    ]
    optimizer = torch.optim.AdamW(
        groups, betas=(spec.beta1, spec.beta2), eps=spec.epsilon, fused=False, foreach=False
    )
    norms = []
    for step in range(STEPS):
        factor = linear(step, warmup_steps(spec.warmup, STEPS), STEPS)
        for value, gradient, place in zip(
            values, gradients(step, spec.weights_seed), ANATOMY.parameters, strict=True
        ):
            value.grad = (
                gradient if composition.trains(place.depth, PLAN.moment(step), ANATOMY) else None
            )
        for group, place in zip(optimizer.param_groups, ANATOMY.parameters, strict=True):
            rate = composition.rate(place.depth, PLAN.moment(step), ANATOMY)
            group["lr"] = spec.learning_rate * factor * rate
        limit = spec.clip_norm or float("inf")
        norms.append(nn.utils.clip_grad_norm_(values, limit))
        optimizer.step()
    return [value.detach() for value in values], torch.stack(norms)


CASES = {
    "plain": {},
    "decay": {"weight_decay": 0.1},
    "no clipping": {"clip_norm": 0.0},
    "other moments": {"beta1": 0.8, "beta2": 0.98, "epsilon": 1e-4},
    "layerwise": {"techniques": (("layerwise", (("convention", "zhang"), ("decay", 0.5))),)},
    "discriminative": {"techniques": (("discriminative", (("factor", 2.6),)),)},
    "unfreeze": {"techniques": (("unfreeze", (("blocks", 1),)),)},
    "freeze": {"techniques": (("freeze", (("activations", "dropout"), ("layers", 0))),)},
}


@pytest.mark.parametrize("case", CASES)
def test_a_lone_run_is_torchs_adamw(case, make_spec):
    spec = make_spec(3, learning_rate=0.01).__class__(
        **make_spec(3, learning_rate=0.01).__dict__ | CASES[case]
    )
    found, norms = train([spec])
    expected, expected_norms = reference(spec)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine[0], theirs, rtol=2e-6, atol=1e-7)
    torch.testing.assert_close(norms[:, 0], expected_norms)


def test_members_are_updated_as_if_alone(make_spec):
    specs = [
        make_spec(0, learning_rate=0.01),
        make_spec(1, "layerwise:0.5", learning_rate=0.02, weight_decay=0.1),
        make_spec(2, "uncorrected", learning_rate=0.003, clip_norm=0.5),
    ]
    together, norms = train(specs)
    for run, spec in enumerate(specs):
        alone, own_norms = train([spec])
        torch.testing.assert_close(norms[:, run], own_norms[:, 0], rtol=1e-6, atol=0)
        for value, own in zip(together, alone, strict=True):
            torch.testing.assert_close(value[run], own[0], rtol=1e-6, atol=1e-7)


def test_neighbours_that_are_updated_alike_are_one_tensor(make_spec):
    specs = [
        make_spec(0),
        make_spec(1, clip_norm=0.5),
        make_spec(2, learning_rate=0.5),
        make_spec(3),
    ]
    compositions = [from_settings(spec.techniques) for spec in specs]
    optimizer = CohortOptimizer(Small(4), ANATOMY, specs, compositions, PLAN)
    shapes = {tuple(part.view.shape) for part in optimizer.slices if part.place.depth == 2}
    assert shapes == {(2, 2, 4), (1, 2, 4)}
    together, _ = train(specs)
    for run, spec in enumerate(specs):
        alone, _ = train([spec])
        for value, own in zip(together, alone, strict=True):
            torch.testing.assert_close(value[run], own[0], rtol=1e-6, atol=1e-7)


def test_state_moves_from_one_division_to_another(make_spec):
    specs = [make_spec(0), make_spec(1), make_spec(2, learning_rate=0.5)]
    compositions = [from_settings(spec.techniques) for spec in specs]

    def run(network, optimizer, steps, members):
        for step in steps:
            optimizer.select(step)
            for place, value in enumerate(network.parameters()):
                value.grad = torch.stack([gradients(step, run)[place] for run in members])
            update(optimizer, step)

    network = Small(3)
    optimizer = CohortOptimizer(network, ANATOMY, specs, compositions, PLAN)
    run(network, optimizer, range(4), [0, 1, 2])
    state = {
        name.replace("1/", "0/", 1): value.clone()
        for name, value in optimizer.tensors().items()
        if name.startswith("1/")
    }
    alone = Small(1)
    with torch.no_grad():
        for own, value in zip(alone.parameters(), network.parameters(), strict=True):
            own.copy_(value[1:2])
    second = CohortOptimizer(alone, ANATOMY, specs[1:2], compositions[1:2], PLAN)
    second.restore(state, [optimizer.counts()[1]])
    run(network, optimizer, range(4, STEPS), [0, 1, 2])
    run(alone, second, range(4, STEPS), [1])
    for own, value in zip(alone.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(own[0], value[1], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("techniques", ["baseline", "uncorrected"])
def test_what_decay_leaves_of_an_unused_row(techniques, make_spec):
    """A row without a gradient, trained along by torch's AdamW, shrinks as is foretold."""
    spec = make_spec(0, techniques, learning_rate=0.1, weight_decay=0.3)
    anatomy = Anatomy(1, 0.02, (Parameter("low.weight", 0, "embedding"),))
    network = nn.Module()
    network.low = nn.Module()
    network.low.weight = nn.Parameter(torch.ones(1, 4, 3))
    optimizer = CohortOptimizer(network, anatomy, [spec], [from_settings(spec.techniques)], PLAN)
    for step in range(STEPS):
        optimizer.select(step)
        network.low.weight.grad = torch.zeros(1, 4, 3)
        update(optimizer, step)
    expected = torch.full((1, 4, 3), optimizer.unused[0])
    assert 0.5 < optimizer.unused[0] < 0.95
    torch.testing.assert_close(network.low.weight.detach(), expected, rtol=1e-5, atol=0)


def test_a_pull_by_hand(make_spec):
    """Towards where it started, before the update, at the rate of the depth; biases are not."""
    spec = replace(
        make_spec(0, learning_rate=0.1, warmup=0.0, weight_decay=0.0),
        techniques=(("pretrained-decay", (("strength", 0.5),)),),
    )
    network = Small(1)
    compositions = [from_settings(spec.techniques)]
    optimizer = CohortOptimizer(network, ANATOMY, [spec], compositions, PLAN)
    start = [value.detach().clone() for value in network.parameters()]
    with torch.no_grad():
        for value in network.parameters():
            value += 2.0
    optimizer.select(0)
    for value in network.parameters():
        # Adam's first step is the rate, whatever the gradient's size.
        value.grad = torch.ones_like(value)
    update(optimizer, 0)
    low, bias, high = (
        value - first for value, first in zip(network.parameters(), start, strict=True)
    )
    # 2 - 0.1 * 0.5 * 2 - 0.1; nothing is taken off the bias but Adam's step.
    for value, expected in ((low, 1.8), (high, 1.8), (bias, 1.9)):
        torch.testing.assert_close(value, torch.full_like(value, expected))


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("techniques", ["pretrained-decay:1", "pretrained-decay:0.5+uncorrected"])
def test_a_row_that_is_never_used_is_pulled_back_after_it_decays(
    techniques, weight_decay, make_spec
):
    spec = make_spec(0, techniques, learning_rate=0.1, weight_decay=weight_decay)
    anatomy = Anatomy(1, 0.02, (Parameter("low.weight", 0, "embedding"),))
    network = nn.Module()
    network.low = nn.Module()
    network.low.weight = nn.Parameter(torch.ones(1, 4, 3))
    optimizer = CohortOptimizer(network, anatomy, [spec], [from_settings(spec.techniques)], PLAN)
    for step in range(STEPS):
        optimizer.select(step)
        network.low.weight.grad = torch.zeros(1, 4, 3)
        update(optimizer, step)
    expected = torch.full((1, 4, 3), optimizer.unused[0])
    assert (optimizer.unused[0] < 1) == (weight_decay > 0)
    torch.testing.assert_close(network.low.weight.detach(), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("clip_norm", [0.0, 1.0])
def test_a_scale_does_not_reach_the_update(clip_norm, make_spec):
    specs = [
        make_spec(run, learning_rate=0.01, clip_norm=clip_norm, precision="float16")
        for run in range(2)
    ]
    compositions = [from_settings(spec.techniques) for spec in specs]
    optimizers = [CohortOptimizer(Small(2), ANATOMY, specs, compositions, PLAN) for _ in range(2)]
    for step in range(STEPS):
        # Powers of two, of another size at each step.
        powers = torch.tensor([2.0 ** (step + 3), 2.0**-step])
        norms = []
        for optimizer, scales in zip(optimizers, (powers, None), strict=True):
            optimizer.select(step)
            for place, value in enumerate(optimizer.parameters.values()):
                both = torch.stack([gradients(step, run)[place] for run in range(2)])
                value.grad = (
                    both if scales is None else both * scales.view(-1, *[1] * both[0].dim())
                )
            norms.append(update(optimizer, step, scales))
        assert torch.equal(*norms)
    for scaled, plain in zip(*(each.parameters.values() for each in optimizers), strict=True):
        assert torch.equal(scaled, plain)


def test_runs_in_half_precision_are_updated_as_one_tensor(make_spec):
    specs = [make_spec(run, precision="float16") for run in range(3)]
    compositions = [from_settings(spec.techniques) for spec in specs]
    optimizer = CohortOptimizer(Small(3), ANATOMY, specs, compositions, PLAN)
    assert [(part.first, part.end) for part in optimizer.slices] == [(0, 3)] * 3


def test_gradients_that_are_forgotten_leave_no_trace(make_spec):
    spec = make_spec(0)
    found = []
    for attempts in ([1.0], [float("inf"), 1.0]):
        optimizer = CohortOptimizer(Small(1), ANATOMY, [spec], [from_settings(())], PLAN)
        optimizer.select(0)
        for factor in attempts:
            optimizer.forget()
            for value, gradient in zip(optimizer.parameters.values(), gradients(0, 0), strict=True):
                # As backward passes do.
                value.grad = factor * gradient[None] + (0 if value.grad is None else value.grad)
            assert optimizer.clip(torch.ones(1)).isfinite().item() == (factor == 1.0)
        optimizer.step(0)
        found.append(torch.cat([value.flatten() for value in optimizer.parameters.values()]))
    assert torch.equal(*found) and found[0].isfinite().all()


def test_a_frozen_depth_has_no_state_and_is_left_out_of_the_norm(make_spec):
    spec = make_spec(0, "freeze:0")
    network = Small(1)
    optimizer = CohortOptimizer(network, ANATOMY, [spec], [from_settings(spec.techniques)], PLAN)
    optimizer.select(0)
    trained = {name for name, value in network.named_parameters() if value.requires_grad}
    assert trained == {"high.weight"}
    network.high.weight.grad = torch.full((1, 2, 4), 2.0)
    norm = update(optimizer, 0)
    assert norm.item() == pytest.approx(2 * 8**0.5)
    assert {name.split("/")[1] for name in optimizer.tensors()} == {"high.weight"}


def test_state_that_is_saved_and_restored_goes_on_bit_for_bit(make_spec):
    spec = make_spec(0, "uncorrected", learning_rate=0.01)
    straight, _ = train([spec])

    def cut(network, optimizer, steps):
        for step in steps:
            optimizer.select(step)
            for place, value in enumerate(network.parameters()):
                value.grad = gradients(step, 0)[place][None]
            update(optimizer, step)

    def fresh(network):
        compositions = [from_settings(spec.techniques)]
        return CohortOptimizer(network, ANATOMY, [spec], compositions, PLAN)

    network = Small(1)
    first = fresh(network)
    cut(network, first, range(4))
    second = fresh(network)
    second.restore(first.tensors(), first.counts())
    cut(network, second, range(4, STEPS))
    for value, expected in zip(network.parameters(), straight, strict=True):
        assert torch.equal(value, expected)


def test_what_was_saved_is_restored_where_the_parameters_are(make_spec):
    """A checkpoint is read on the processor, also where training goes on elsewhere."""
    spec, network = make_spec(), Small(1)
    first, second = (
        CohortOptimizer(network, ANATOMY, [spec], [from_settings(())], PLAN) for _ in range(2)
    )
    for place, value in enumerate(network.parameters()):
        value.grad = gradients(0, 0)[place][None]
    update(first, 0)
    for part in second.slices:
        part.view = part.view.to("meta")
    second.restore(first.tensors(), first.counts())
    for part in second.slices:
        state = second.optimizer.state[part.view]
        assert [value.device.type for value in state.values()] == ["meta"] * 3
