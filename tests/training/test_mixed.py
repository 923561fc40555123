"""The weights in use where a technique makes them, at their addresses."""

from dataclasses import replace

import pytest
import torch

from workbench.techniques.mixout import Mixout
from workbench.training.cohort import Cohort
from workbench.training.randomness import combine, keep, key_of

P = 0.6


@pytest.fixture(scope="module")
def prepared(make_prepared):
    return make_prepared()


@pytest.fixture
def used(monkeypatch):
    """Return a list that grows by the weights in use, by name, at each pass."""
    found = []
    original = torch.func.functional_call

    def call(network, weights, *inputs):
        found.append({name: value.detach().clone() for name, value in weights.items()})
        return original(network, weights, *inputs)

    monkeypatch.setattr("workbench.training.mixed.functional_call", call)
    return found


def make(specs, prepared, execution):
    return Cohort(
        specs,
        prepared.model,
        prepared.encoded["train"],
        prepared.task.shape.objective,
        execution,
    )


def test_the_weights_in_use_are_the_formula_at_their_address(prepared, make_spec, execution, used):
    cohort = make([make_spec(3, f"mixout:{P}", warmup=0.0)], prepared, execution)
    start = {name: value.detach().clone() for name, value in cohort.network.named_parameters()}
    kinds = {place.name: place.kind for place in prepared.model.anatomy.parameters}
    for step in range(3):
        now = {name: value.detach().clone() for name, value in cohort.network.named_parameters()}
        cohort.step()
        assert used[-1].keys() == {name for name, kind in kinds.items() if kind == "linear"}
        for name, found in used[-1].items():
            key = combine(torch.tensor([key_of("dropout", 3, step)]), key_of(name))
            mask = keep(key, found.shape[-1], P).unsqueeze(1).float()
            u, w = start[name], now[name]
            expected = ((1 - mask) * u + mask * w - P * u) / (1 - P)
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    moved = [not torch.equal(value, start[name]) for name, value in now.items()]
    assert all(moved)


def test_masks_are_a_runs_own_whoever_trains_beside_and_however_it_is_split(
    prepared, make_spec, execution, used
):
    specs = [make_spec(seed, f"mixout:{P}") for seed in range(3)]
    together = make(specs, prepared, execution)
    together.step()
    (stacked,) = used
    for run, spec in enumerate(specs):
        for micro_batch in (0, 2):
            used.clear()
            make([spec], prepared, replace(execution, micro_batch=micro_batch)).step()
            assert len(used) == (3 if micro_batch else 1)
            for each in used:
                assert all(
                    torch.equal(value[0], stacked[name][run]) for name, value in each.items()
                )


def test_every_step_parameter_and_pass_draws_anew(prepared, make_spec, execution, used):
    """Weights in use differ between steps even where training has moved nothing yet."""
    spec = make_spec(0, f"mixout:{P}+r-drop", learning_rate=1e-30)
    cohort = make([spec], prepared, execution)
    with torch.no_grad():
        # Away from where they started, so that a mask shows.
        for value in cohort.network.parameters():
            value += 1.0
    cohort.step(), cohort.step()
    assert len(used) == 4
    drawn = [
        tuple((value - cohort.mixed.origins[name]).abs()[0, 0].gt(1e-3).tolist())
        for each in used
        for name, value in each.items()
        if value.shape[-1] == 32
    ]
    assert len(set(drawn)) == len(drawn) > 4 * 10


def test_an_evaluation_uses_the_trained_weights(prepared, make_spec, execution, used):
    mixed = make([make_spec(0, f"mixout:{P}")], prepared, execution)
    plain = make([make_spec(0)], prepared, execution)
    for _ in range(3):
        mixed.step()
    used.clear()
    with torch.no_grad():
        pairs = zip(plain.network.parameters(), mixed.network.parameters(), strict=True)
        for own, value in pairs:
            own.copy_(value)
    found, expected = (each.outputs(prepared.encoded["dev"]) for each in (mixed, plain))
    assert (found == expected).all() and not used


def test_what_is_frozen_is_mixed_with_itself(prepared, make_spec, execution, used):
    cohort = make([make_spec(0, f"freeze:2+mixout:{P}", warmup=0.0)], prepared, execution)
    for _ in range(3):
        cohort.step()
    for name, value in used[-1].items():
        same = torch.equal(value, cohort.mixed.origins[name])
        depth = next(p.depth for p in prepared.model.anatomy.parameters if p.name == name)
        assert same == (depth <= 2), name


def test_a_redrawn_layer_is_mixed_with_its_new_start(prepared, make_spec, execution):
    cohort = make([make_spec(5, f"mixout:{P}+reinit:1")], prepared, execution)
    plain = make([make_spec(5)], prepared, execution)
    name = "encoder.encoder.layer.2.output.dense.weight"
    pretrained = dict(plain.network.named_parameters())[name]
    assert not torch.equal(cohort.mixed.origins[name], pretrained)
    assert torch.equal(cohort.mixed.origins[name], dict(cohort.network.named_parameters())[name])


@pytest.mark.parametrize(("word", "same"), [("replace", True), ("keep", False)])
def test_in_place_of_dropout_nothing_is_dropped(
    word, same, small_checkpoints, make_prepared, make_spec, execution
):
    """Mixed with themselves, before the first update, the weights are those that are trained."""
    for family in small_checkpoints:
        prepared = make_prepared(family, dropout=0.5)
        cohort = make([make_spec(0, f"mixout:{P}:{word}")], prepared, execution)
        batch = cohort.batches.packed(0, last=True)[0]
        cohort.network.train()
        training = cohort.forward(batch)
        cohort.network.eval()
        assert torch.allclose(training, cohort.forward(batch), atol=1e-5) == same, family


def test_its_baseline_path_is_the_plain_network(prepared, make_spec, execution, used):
    cohort = make([make_spec(0)], prepared, execution)
    cohort.step()
    assert not used and not cohort.mixed.origins and not cohort.mean.values


def test_the_mask_of_the_technique_drops_as_often_as_is_asked():
    keys = combine(torch.arange(4000), key_of("name"))
    kept = keep(keys, 50, P).float().mean().item()
    # 200,000 decisions: a standard error of 0.0011.
    assert kept == pytest.approx(1 - P, abs=0.005)
    start, trained = torch.zeros(4000, 1, 50), torch.ones(4000, 1, 50)
    used = Mixout(P).mixed(trained, start, lambda width, p: keep(keys, width, p))
    assert used.mean().item() == pytest.approx(1, abs=0.015)
