from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from workbench.tasks.task import Encoded
from workbench.training import attention
from workbench.training.attention import packed_attention
from workbench.training.dropout import Address, AddressedDropout
from workbench.training.packing import ABSENT, Geometry, pack

HEADS, WIDTH = 2, 4
CPU = torch.device("cpu")


@pytest.fixture(params=["one by one", "at once"], autouse=True)
def form(request, monkeypatch):
    """Let attention pass each sequence by itself, or all in a kernel (interpreted on the CPU)."""
    at_once = request.param == "at once"
    if at_once:
        request.getfixturevalue("interpreted_kernels")
    monkeypatch.setattr(attention, "has_triton", lambda device: at_once)
    return request.param


def packed(lengths, examples):
    split = Encoded(
        np.zeros(sum(lengths), np.int32),
        np.zeros(sum(lengths), np.int8),
        np.cumsum([0, *lengths]),
        np.zeros(len(lengths), np.float32),
    )
    geometry = Geometry(0, 2, 0, grain=64, few_shapes=True)
    return pack(split, np.array(examples), geometry, list(range(len(examples))), CPU)


def line_states(batch, seed):
    runs, tokens = batch.inputs["input_ids"].shape
    generator = torch.Generator().manual_seed(seed)
    shape = (runs, tokens, HEADS, WIDTH)
    return [torch.randn(shape, generator=generator).requires_grad_() for _ in range(3)]


def attend(states, batch, dropout=0.0, at_starts=False, window=None):
    address = Address()
    address.tokens, address.starts = batch.token_keys, batch.start_keys
    module = SimpleNamespace(dropout=AddressedDropout(dropout, 3, address, at_starts))
    query, key, value = (state.transpose(1, 2) for state in states)
    scaling = WIDTH**-0.5
    return packed_attention(
        module,
        query,
        key,
        value,
        None,
        scaling,
        dropout,
        batch.layout,
        starts_only=at_starts,
        sliding_window=window,
    )[0]


def one_by_one(states, batch, lengths, examples, window=100):
    """Attend within each sequence alone, as transformers would without padding."""
    result = torch.zeros_like(states[0])
    for run, order in enumerate(examples):
        for place, example in enumerate(order):
            if example == ABSENT:
                continue
            start = int(batch.starts[run, place])
            span = slice(start, start + lengths[example])
            query, key, value = (state[run, span].transpose(0, 1)[None] for state in states)
            place = torch.arange(lengths[example])
            near = (place.unsqueeze(1) - place).abs() < window
            attended = scaled_dot_product_attention(query, key, value, near)[0]
            result[run, span] = attended.transpose(0, 1)
    return result


def real(batch, lengths, examples):
    """Tell which places of the lines hold a token."""
    mask = torch.zeros(batch.inputs["input_ids"].shape, dtype=torch.bool)
    for run, order in enumerate(examples):
        mask[run, : sum(lengths[example] for example in order if example != ABSENT)] = True
    return mask


def at_starts(states, batch):
    """Return what stands at the sequence starts, ``[runs, sequences, heads, width]``."""
    return torch.stack([line[starts] for line, starts in zip(states, batch.starts, strict=True)])


@settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data())
def test_packed_attention_is_attention_within_each_sequence(data):
    lengths = data.draw(st.lists(st.integers(2, 12), min_size=2, max_size=4))
    order = st.permutations(range(len(lengths))).map(list)
    examples = data.draw(st.lists(order, min_size=1, max_size=3))
    batch = packed(lengths, examples)
    states = line_states(batch, 0)
    expected = one_by_one(states, batch, lengths, examples)
    mask = real(batch, lengths, examples)
    for training in (True, False):
        with torch.set_grad_enabled(training):
            found = attend(states, batch)
        torch.testing.assert_close(found[mask], expected[mask], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("window", [2, 3, 8])
def test_a_window_is_all_that_a_token_sees(window):
    lengths, examples = [5, 9, 3], [[0, 1, 2], [2, 1, ABSENT]]
    batch = packed(lengths, examples)
    states, mask = line_states(batch, 6), real(batch, lengths, examples)
    expected = one_by_one(states, batch, lengths, examples, window)
    found = attend(states, batch, window=window)
    torch.testing.assert_close(found[mask], expected[mask], rtol=1e-5, atol=1e-6)
    mine, theirs = (
        torch.autograd.grad(values[mask].square().sum(), states) for values in (found, expected)
    )
    torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        torch.testing.assert_close(attend(states, batch, window=window)[mask], expected[mask])


def test_a_window_far_from_a_token_gives_it_nothing():
    """Beyond the first tile of the kernel, whole tiles lie outside the window."""
    batch = packed([150], [[0]])
    states = line_states(batch, 7)
    found = attend(states, batch, window=4)
    torch.testing.assert_close(found[0, :150], one_by_one(states, batch, [150], [[0]], 4)[0, :150])


@pytest.mark.parametrize("window", [None, 3])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_starts_that_ask_alone_see_what_they_see_among_all(dropout, window):
    lengths, examples = [5, 9, 3], [[0, 1, 2], [2, 1, ABSENT]]
    batch = packed(lengths, examples)
    states = line_states(batch, 4)
    there = batch.present.bool()
    starts = [at_starts(states[0], batch), *states[1:]]
    alone = attend(starts, batch, dropout, at_starts=True, window=window)
    among = at_starts(attend(states, batch, dropout, window=window), batch)
    torch.testing.assert_close(alone[there], among[there], rtol=1e-5, atol=1e-6)
    weights = torch.randn(alone.shape, generator=torch.Generator().manual_seed(9))
    weights = weights * there[..., None, None]
    found = torch.autograd.grad((alone * weights).sum(), states)
    expected = torch.autograd.grad((among * weights).sum(), states)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("window", [None, 3])
def test_both_forms_drop_the_same_probabilities(window, monkeypatch, interpreted_kernels):
    batch = packed([5, 9, 3], [[0, 1, 2], [2, 1, ABSENT]])
    found, gradients = [], []
    for at_once in (False, True):
        monkeypatch.setattr(attention, "has_triton", lambda device, at_once=at_once: at_once)
        states = line_states(batch, 5)
        found.append(attend(states, batch, 0.4, window=window))
        gradients.append(torch.autograd.grad(found[-1].square().sum(), states))
    torch.testing.assert_close(*found, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 1e-9])
def test_gradients_are_those_of_attention_within_each_sequence(dropout):
    lengths, examples = [5, 9, 3], [[0, 1, 2], [2, 1, ABSENT]]
    batch = packed(lengths, examples)
    states = line_states(batch, 1)
    weights = torch.randn(states[0].shape, generator=torch.Generator().manual_seed(9))
    weights = weights * real(batch, lengths, examples)[..., None, None]
    (attend(states, batch, dropout) * weights).sum().backward()
    found = [state.grad.clone() for state in states]
    for state in states:
        state.grad = None
    (one_by_one(states, batch, lengths, examples) * weights).sum().backward()
    for gradient, state in zip(found, states, strict=True):
        torch.testing.assert_close(gradient, state.grad, rtol=1e-5, atol=1e-6)


def test_padding_receives_no_gradient_and_gives_no_nan():
    lengths, examples = [5, 3], [[0, 1], [1, ABSENT]]
    batch = packed(lengths, examples)
    states = line_states(batch, 2)
    attended = attend(states, batch, 0.3)
    assert attended.isfinite().all()
    attended.sum().backward()
    for state in states:
        assert not state.grad[~real(batch, lengths, examples)].any()


def test_dropped_probabilities_do_not_depend_on_the_neighbours():
    lengths = [5, 9, 3]
    alone, together = (packed(lengths, examples) for examples in ([[2]], [[0, 1, 2]]))
    states = line_states(together, 3)
    start = int(together.starts[0, 2])
    width = alone.inputs["input_ids"].shape[1]
    own = [state.detach()[:, start : start + width] for state in states]
    mine = attend(own, alone, 0.4)[0, :3]
    theirs = attend(states, together, 0.4)[0, start : start + 3]
    torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-6)


def test_a_call_without_a_layout_is_refused():
    with pytest.raises(TypeError, match="spans"):
        packed_attention(None, *[torch.zeros(1, 1, 1, 1)] * 3, None)
