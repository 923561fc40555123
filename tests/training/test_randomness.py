import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbench.training.randomness import (
    combine,
    keep,
    keep_each,
    key_of,
    mix,
    normal,
    normal_each,
    permutation,
    realised,
    token_keys,
)

WORD = (1 << 64) - 1
# The first outputs of SplitMix64 from the state 1234567, as its reference code prints them.
REFERENCE = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def unsigned(values):
    return [value & WORD for value in values.tolist()]


def test_mixing_is_that_of_splitmix64():
    states = torch.full((5,), 1234567)
    assert unsigned(combine(states, torch.arange(5))) == REFERENCE


def test_a_whole_number_and_a_tensor_part_give_the_same_key():
    keys = torch.tensor([3, -(1 << 63), (1 << 63) - 1])
    assert torch.equal(combine(keys, 7), combine(keys, torch.tensor(7)))


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=2, max_size=50, unique=True))
def test_mixing_is_one_to_one(values):
    assert len(set(mix(torch.tensor(values)).tolist())) == len(values)


def test_mixing_leaves_its_input_alone():
    values = torch.arange(10)
    mix(values)
    assert torch.equal(values, torch.arange(10))


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.9])
def test_the_share_dropped_is_the_probability(probability):
    kept = keep(combine(torch.tensor(11), torch.arange(2000)), 500, probability)
    error = 4 * np.sqrt(max(probability * (1 - probability), 1e-12) / kept.numel())
    assert abs(1 - kept.float().mean().item() - probability) <= error + 1e-5


def test_neighbouring_decisions_are_unrelated():
    kept = keep(combine(torch.tensor(5), torch.arange(1000)), 1000, 0.5).double() - 0.5
    products = [(kept[:, 1:] * kept[:, :-1]), (kept[1:] * kept[:-1]), (kept[:, 4:] * kept[:, :-4])]
    for product in products:
        assert abs(4 * product.mean().item()) < 4 / np.sqrt(product.numel())


def test_neighbouring_sites_steps_and_seeds_are_unrelated():
    def mask(seed, step, site):
        steps = torch.tensor([[key_of("dropout", seed, step)]])
        keys = token_keys(steps, torch.zeros(1, 500).long(), torch.arange(500).view(1, -1))
        return keep(combine(keys, site), 400, 0.5).double() - 0.5

    first = mask(0, 0, 0)
    for other in (mask(1, 0, 0), mask(0, 1, 0), mask(0, 0, 1)):
        assert abs(4 * (first * other).mean().item()) < 4 / np.sqrt(first.numel())


@given(st.integers(1, 40), st.integers(1, 40))
def test_a_decision_does_not_depend_on_how_many_are_asked_for(one, other):
    keys = combine(torch.tensor(3), torch.arange(6))
    narrow, wide = sorted((one, other))
    assert torch.equal(keep(keys, wide, 0.3)[:, :narrow], keep(keys, narrow, 0.3))


def test_the_realised_probability_is_a_multiple_of_one_in_65536():
    assert realised(0.1) == 6554 / 65536


@given(st.integers(0, 5), st.integers(0, 5), st.integers(1, 200))
def test_an_order_visits_every_example_once(seed, epoch, size):
    assert sorted(permutation(seed, epoch, size).tolist()) == list(range(size))


def test_orders_differ_between_seeds_and_epochs():
    orders = {tuple(permutation(seed, epoch, 50).tolist()) for seed in (0, 1) for epoch in (0, 1)}
    assert len(orders) == 4


def test_orders_are_pinned():
    assert permutation(0, 0, 8).tolist() == [2, 3, 4, 7, 1, 5, 6, 0]


def test_a_named_draw_is_repeatable_and_its_own():
    assert torch.equal(normal(1, "a", (3, 4), 0.02), normal(1, "a", (3, 4), 0.02))
    assert not torch.equal(normal(1, "a", (3, 4), 0.02), normal(1, "b", (3, 4), 0.02))
    assert normal(1, "a", (200, 200), 0.02).std().item() == pytest.approx(0.02, rel=0.02)


@given(st.integers(-(1 << 63), (1 << 63) - 1), st.integers(1, 40), st.floats(0, 0.999))
def test_deciding_value_by_value_decides_alike(key, width, probability):
    keys = torch.tensor([key, key ^ 1])
    assert torch.equal(keep_each(keys, width, probability), keep(keys, width, probability))


def test_normal_values_are_normal():
    values = normal_each(combine(torch.tensor(5), torch.arange(500)), 401)
    assert values.shape == (500, 401)
    # 200,500 draws: the mean's standard error is 0.0022, the deviation's 0.0016.
    assert values.mean().item() == pytest.approx(0, abs=0.01)
    assert values.std().item() == pytest.approx(1, abs=0.007)
    shares = [(values.abs() < bound).float().mean().item() for bound in (0.6745, 1.96)]
    assert shares == pytest.approx([0.5, 0.95], abs=0.005)
    # Neither neighbours nor the two of one word go together.
    for shift in (1, 201):
        assert (values[:, shift:] * values[:, :-shift]).mean().abs().item() < 0.015
    assert values.isfinite().all()


def test_normal_values_depend_on_their_key_and_place_alone():
    keys = torch.arange(6).view(2, 3)
    values = normal_each(keys, 8)
    assert torch.equal(values[1, 2], normal_each(torch.tensor(5), 8))
    assert len(set(values.flatten().tolist())) == values.numel()
