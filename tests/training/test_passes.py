"""What an objective asks of the engine, against the network called by hand."""

import pytest
import torch

from workbench.training.cohort import Cohort
from workbench.training.passes import BatchPasses

TASKS = ("miniature-similarity:size=24", "miniature-document:size=24", "miniature-mention:size=24")


def passes_of(cohort, step=0, scale=1.0):
    cohort.network.train()
    part = cohort.batches.packed(step, last=True)[0]
    scales = torch.full((len(cohort.specs),), scale)
    return BatchPasses(cohort, part, scales, cohort.forward(part))


@pytest.fixture(scope="module")
def make_cohort(make_prepared, make_spec, execution):
    def make(task=TASKS[0], dropout=0.1, seeds=(0,), **values):
        prepared = make_prepared(task=task, dropout=dropout)
        specs = [make_spec(seed, **values) for seed in seeds]
        train, objective = prepared.encoded["train"], prepared.task.shape.objective
        return Cohort(specs, prepared.model, train, objective, execution)

    return make


def test_another_pass_has_other_masks_the_same_every_time(make_cohort):
    passes = passes_of(make_cohort())
    second = passes.again(1)
    assert torch.equal(second, passes.again(1))
    outputs = [passes.outputs, second, passes.again(2)]
    assert not any(map(torch.equal, outputs, outputs[1:]))


def test_without_dropout_every_pass_is_the_same(make_cohort):
    passes = passes_of(make_cohort(dropout=0.0))
    assert torch.equal(passes.again(1), passes.outputs)


def test_moved_by_nothing_is_the_first_pass(make_cohort):
    passes = passes_of(make_cohort())
    assert torch.equal(passes.moved(torch.zeros_like(passes.noise())), passes.outputs)


@pytest.mark.parametrize("scale", [1.0, 1024.0])
def test_uphill_is_the_direction_in_which_outputs_change_most(make_cohort, scale):
    passes = passes_of(make_cohort(), scale=scale)
    start = passes.noise()
    gradient = passes.uphill(start) / scale
    step = 0.1 * gradient / gradient.norm()
    with torch.no_grad():
        ahead, behind = (
            passes.divergence(passes.moved(start + way * step), passes.outputs) for way in (1, -1)
        )
    # The slope along the gradient is the gradient's length.
    slope = (ahead - behind).item() / 0.2
    assert slope == pytest.approx(gradient.norm().item(), rel=2e-2)


def test_looking_uphill_leaves_no_gradient_in_the_weights(make_cohort):
    cohort = make_cohort()
    passes = passes_of(cohort)
    passes.uphill(passes.noise())
    assert all(value.grad is None for value in cohort.network.parameters())


def test_noise_is_a_runs_own_whoever_trains_beside(make_cohort):
    together, alone = (passes_of(make_cohort(seeds=seeds)) for seeds in ((0, 1), (1,)))
    tokens = int(alone.part.layout.lengths.sum())
    assert torch.equal(together.noise()[1, :tokens], alone.noise()[0, :tokens])
    other = passes_of(make_cohort(), step=1)
    assert not torch.equal(other.noise()[0, :5], passes_of(make_cohort()).noise()[0, :5])


@pytest.mark.parametrize("task", TASKS)
def test_a_pass_does_not_diverge_from_itself(task, make_cohort):
    passes = passes_of(make_cohort(task))
    assert passes.divergence(passes.outputs, passes.outputs).tolist() == [0.0]
    assert passes.divergence(passes.outputs, passes.again(1)).item() > 0
