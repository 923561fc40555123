"""Attention to content and distances, against its formula written out pair by pair."""

import numpy as np
import pytest
import torch

from workbench.models.families.deberta import Distances
from workbench.tasks.task import Encoded
from workbench.training.disentangled import padded
from workbench.training.dropout import Address, AddressedDropout
from workbench.training.packing import ABSENT, Geometry, pack

HEADS, WIDTH, SPAN, SCALING = 2, 4, 3, 0.4
LENGTHS, EXAMPLES = [5, 9, 3], [[0, 1, 2], [2, 1, ABSENT]]


def bucket(length):
    place = torch.arange(length)
    return (place.unsqueeze(1) - place + SPAN).clamp(0, 2 * SPAN - 1)


@pytest.fixture
def batch():
    split = Encoded(
        np.zeros(sum(LENGTHS), np.int32),
        np.zeros(sum(LENGTHS), np.int8),
        np.cumsum([0, *LENGTHS]),
        np.zeros(len(LENGTHS), np.float32),
    )
    return pack(split, np.array(EXAMPLES), Geometry(0, 1, 0, grain=4), [0, 1], torch.device("cpu"))


@pytest.fixture
def numbers(batch):
    generator = torch.Generator().manual_seed(0)
    tokens = batch.inputs["input_ids"].numel()
    states = [torch.randn(tokens, HEADS, WIDTH, generator=generator) for _ in range(3)]
    tables = [torch.randn(2, HEADS, 2 * SPAN, WIDTH, generator=generator) for _ in range(2)]
    return states, tables


def attend(batch, states, tables, dropout=0.0, starts_only=False):
    address = Address()
    address.tokens, address.starts = batch.token_keys, batch.start_keys
    site = AddressedDropout(dropout, 3, address, starts_only)
    distances = Distances(*tables, bucket)
    return padded(distances, *states, site, batch.layout, starts_only, 0, SCALING, dropout)


def pair_by_pair(batch, states, tables):
    query, key, value = states
    keys, queries = tables
    result, tokens = torch.zeros_like(query), batch.layout.tokens
    for _, first, end in batch.layout.places:
        run = first // tokens
        entries = bucket(end - first)
        for asking in range(end - first):
            for head in range(HEADS):
                asked = query[first + asking, head]
                scores = []
                for seen in range(end - first):
                    entry, said = entries[asking, seen], key[first + seen, head]
                    content = asked @ said
                    score = content + asked @ keys[run, head, entry]
                    scores.append(score + said @ queries[run, head, entry])
                weights = torch.softmax(torch.stack(scores) * SCALING, 0)
                result[first + asking, head] = weights @ value[first:end, head]
    return result


def test_it_is_the_formula_and_padding_comes_back_as_nothing(batch, numbers):
    torch.testing.assert_close(attend(batch, *numbers), pair_by_pair(batch, *numbers))


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_starts_that_ask_alone_see_what_they_see_among_all(batch, numbers, dropout):
    states, tables = numbers
    tensors = [*states, *tables]
    for tensor in tensors:
        tensor.requires_grad_()
    there = batch.present.flatten().bool()
    firsts = batch.layout.firsts.long()
    alone = attend(batch, [states[0][firsts], *states[1:]], tables, dropout, starts_only=True)
    among = attend(batch, states, tables, dropout)[firsts]
    torch.testing.assert_close(alone[there], among[there], rtol=1e-5, atol=1e-6)
    mine, theirs = (
        torch.autograd.grad(values[there].square().sum(), tensors) for values in (alone, among)
    )
    torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)
    assert alone.isfinite().all()


@pytest.mark.parametrize("missing", [0, 1])
def test_either_product_with_distances_may_be_missing(batch, numbers, missing):
    states, tables = numbers
    without = [None if place == missing else table for place, table in enumerate(tables)]
    zero = [torch.zeros_like(t) if p == missing else t for p, t in enumerate(tables)]
    torch.testing.assert_close(attend(batch, states, without), attend(batch, states, zero))
