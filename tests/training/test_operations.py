"""The counted operations, against numbers worked out by hand and against torch's own counter."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertModel, ModernBertModel

from workbench.models.families import FAMILIES
from workbench.models.tokenizer import stored_config
from workbench.training.operations import (
    Dimensions,
    dimensions,
    evaluation_operations,
    training_operations,
)

LENGTHS = np.array([2, 1])
"""3 tokens, 5 pairs of tokens that look at each other, 2 sequences."""


def sizes(layers=1, per_token=True):
    return Dimensions(layers, hidden=2, intermediate=3, per_token=per_token)


# A block whose every token leaves: queries, keys and values 3 tokens x 3 x 2 x 2 = 36 products,
# the linear layers inside 3 x (2 x 2 + 2 x 2 x 3) = 48, attention 2 x 5 pairs x 2 = 20.
# One whose starts alone leave: (2 x 3 + 2) x 4 = 32, 2 x 16 = 32, 2 x 3 x 2 = 12.
@pytest.mark.parametrize(
    ("layers", "per_token", "frozen", "cached", "products"),
    [
        (1, True, -1, False, 3 * (36 + 48 + 20)),
        (1, True, 0, False, 2 * 36 + 3 * 48 + 3 * 20),
        (1, True, 1, False, 36 + 48 + 20),
        (1, True, 1, True, 0),
        (1, False, -1, False, 3 * (32 + 32 + 12)),
        (2, False, -1, False, 3 * (36 + 48 + 20) + 3 * (32 + 32 + 12)),
        (2, False, 1, False, 36 + 48 + 20 + 2 * 32 + 3 * 32 + 3 * 12),
        (2, False, 1, True, 2 * 32 + 3 * 32 + 3 * 12),
    ],
)
def test_training(layers, per_token, frozen, cached, products):
    found = training_operations(sizes(layers, per_token), LENGTHS, frozen, cached)
    assert found == 2 * products


@pytest.mark.parametrize(("per_token", "products"), [(True, 208), (False, 104 + 76)])
def test_evaluation(per_token, products):
    assert evaluation_operations(sizes(2, per_token), LENGTHS) == 2 * products


@pytest.mark.parametrize("frozen", [-1, 0, 1, 2])
def test_torch_counts_the_same_on_an_unpadded_batch(frozen, small_checkpoints):
    folder = small_checkpoints["bert"].folder
    model = BertModel.from_pretrained(
        folder, add_pooling_layer=False, attn_implementation="eager"
    ).train()
    kept = [model.embeddings, *model.encoder.layer][: frozen + 1]
    for module in kept:
        module.requires_grad_(False)
    lengths = np.full(4, 6)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(4, 6, dtype=torch.int64)).last_hidden_state.sum().backward()
    expected = training_operations(Dimensions(3, 32, 48, per_token=True), lengths, frozen)
    assert counter.get_total_flops() == expected
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(4, 6, dtype=torch.int64))
    expected = evaluation_operations(Dimensions(3, 32, 48, per_token=True), lengths)
    assert counter.get_total_flops() == expected


def test_the_dimensions_of_a_network(make_prepared):
    network = make_prepared(task="miniature-mention:size=24").model.network
    assert dimensions(network) == Dimensions(3, 32, 48, per_token=True)


@given(st.integers(1, 40), st.integers(1, 45))
def test_the_pairs_of_a_window_are_those_of_its_mask(length, window):
    place = np.arange(length)
    near = np.abs(place[:, None] - place) < window
    windowed = Dimensions(1, 1, 0, per_token=True, windows=(window,))
    whole = Dimensions(1, 1, 0, per_token=True)
    lengths = np.array([length])
    unseen = length**2 - near.sum()
    differing = evaluation_operations(whole, lengths) - evaluation_operations(windowed, lengths)
    assert differing == 2 * 2 * unseen
    first = [replace(sizes, per_token=False) for sizes in (whole, windowed)]
    differing = evaluation_operations(first[0], lengths) - evaluation_operations(first[1], lengths)
    assert differing == 2 * 2 * (length - near[0].sum())


def test_torch_counts_the_same_of_modernbert(small_checkpoints):
    folder = small_checkpoints["modernbert"].folder
    model = ModernBertModel.from_pretrained(folder, attn_implementation="eager").train()
    sizes = Dimensions.of(FAMILIES["modernbert"], model.config, reads_all=True)
    assert (sizes.matrices, sizes.windows) == (3, (0, 9, 9))
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(4, 6, dtype=torch.int64))[0].sum().backward()
    # The words train, so the lowest block passes a gradient on.
    assert counter.get_total_flops() == training_operations(sizes, np.full(4, 6))


def test_distances_are_two_more_products(small_checkpoints):
    config = stored_config(small_checkpoints["deberta-v2"])
    sizes = Dimensions.of(FAMILIES["deberta-v2"], config, reads_all=True)
    plain = Dimensions(3, 32, 48, per_token=True)
    more = evaluation_operations(sizes, LENGTHS) - evaluation_operations(plain, LENGTHS)
    # 5 pairs in 3 blocks, twice 32 numbers each.
    assert more == 2 * 5 * 3 * 2 * 32
