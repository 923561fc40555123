import pytest
import torch

from workbench.training import dropout as dropout_module
from workbench.training.dropout import Address, AddressedDropout, SharedDropout, drop
from workbench.training.native import kernels
from workbench.training.randomness import combine, keep, realised


def site(p=0.5, number=0, at_starts=False):
    address = Address()
    address.tokens = combine(torch.tensor(1), torch.arange(6).view(1, 6))
    address.starts = address.tokens[:, [0, 3]]
    return AddressedDropout(p, number, address, at_starts)


def test_what_is_kept_is_scaled_so_that_the_expectation_stays():
    dropped = site()(torch.ones(1, 6, 100))
    assert set(dropped.unique().tolist()) == {0.0, 1 / (1 - realised(0.5))}


def test_the_gradient_passes_where_the_value_did():
    values = torch.randn(1, 6, 10, requires_grad=True)
    dropped = site()(values)
    dropped.sum().backward()
    torch.testing.assert_close(values.grad * values.detach(), dropped.detach())


def test_it_is_the_identity_without_training_or_probability():
    values = torch.randn(1, 6, 10)
    assert site(p=0.0)(values) is values
    assert site().eval()(values) is values


def test_sites_differ_and_starts_read_their_own_keys():
    values = torch.ones(1, 6, 50)
    assert not torch.equal(site(number=0)(values), site(number=1)(values))
    at_starts = site(at_starts=True)(values[:, [0, 3]])
    assert torch.equal(at_starts, site()(values)[:, [0, 3]])


def test_a_dimension_of_one_between_is_allowed():
    values = torch.ones(1, 1, 2, 50)
    assert site(at_starts=True)(values).shape == values.shape


def test_what_a_runs_tokens_share_is_dropped_by_run_and_row():
    address = Address()
    address.runs = combine(torch.tensor(1), torch.arange(2)).view(2, 1)
    shared = SharedDropout(0.5, 4, address, at_starts=False)
    dropped = shared(torch.ones(2, 3, 64, requires_grad=True))
    rows = dropped.flatten(0, 1)
    assert len(rows.unique(dim=0)) == 6
    address.runs = address.runs[1:]
    assert torch.equal(shared(torch.ones(1, 3, 64)), dropped[1:])
    assert set(dropped.unique().tolist()) == {0.0, 1 / (1 - realised(0.5))}
    values = torch.ones(1, 3, 64)
    assert shared.eval()(values) is values


def drawings(monkeypatch, *arguments):
    """Drop with compiled code, without it, and in a function that torch has compiled."""
    assert kernels() is not None
    yield drop(*arguments)
    # With sizes known at compile time torch computes more of the hash there.
    for dynamic in (True, False):
        torch.compiler.reset()
        yield torch.compile(drop, dynamic=dynamic)(*arguments)
    monkeypatch.setattr(dropout_module, "kernels", lambda: None)
    yield drop(*arguments)


@pytest.mark.skipif(kernels() is None, reason="there is no C compiler")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("width", [1, 83, 384])
def test_compiled_and_uncompiled_code_draw_identical_masks(dtype, width, monkeypatch):
    keys = combine(torch.tensor(3), torch.arange(2 * 7)).view(2, 7)
    values = torch.randn(2, 7, width, generator=torch.Generator().manual_seed(1)).to(dtype)
    expected = keep(keys, width, 0.1)
    for dropped in drawings(monkeypatch, values, keys, 0.1):
        assert dropped.dtype is dtype
        assert torch.equal(dropped != 0, expected)
        scaled = values.float() / (1 - realised(0.1))
        torch.testing.assert_close(dropped[expected].float(), scaled[expected], rtol=1e-2, atol=0)


SPECIAL = [1.5, -2.0, float("inf"), float("-inf"), float("nan"), 0.1, -0.0, 0.0, 1e-40, 3.3e38]


@pytest.mark.skipif(kernels() is None, reason="there is no C compiler")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_compiled_and_uncompiled_code_agree_bit_for_bit(dtype, monkeypatch):
    # Many bit patterns, so that what is scaled falls on both sides of halves and on them.
    ordinary = torch.randn(5000, generator=torch.Generator().manual_seed(2)) * 100
    values = torch.cat([torch.tensor(SPECIAL), ordinary]).to(dtype).expand(3, -1)
    keys = torch.tensor([12345, 6, 7])
    bits = {torch.float32: torch.int32, torch.bfloat16: torch.int16}[dtype]
    probabilities = (0.1, 0.3, 0.5)
    native = [drop(values, keys, probability) for probability in probabilities]
    monkeypatch.setattr(dropout_module, "kernels", lambda: None)
    for found, probability in zip(native, probabilities, strict=True):
        plain = drop(values, keys, probability)
        # Infinity that is not kept is infinity times zero.
        assert torch.equal(found.isnan(), plain.isnan())
        assert torch.all((found.view(bits) == plain.view(bits)) | plain.isnan())


@pytest.mark.skipif(kernels() is None, reason="there is no C compiler")
def test_every_bfloat16_number_is_scaled_as_torch_scales_it():
    every = torch.arange(-(1 << 15), 1 << 15, dtype=torch.int32).to(torch.int16)
    values = every.view(torch.bfloat16).unsqueeze(0)
    for scale in (1.0, 1 / 0.9, 2.0, 3.7):
        dropped = kernels().drop(values, torch.tensor([9]), 0.0, scale)
        expected = values * scale
        assert torch.equal(dropped.isnan(), expected.isnan())
        kept = ~expected.isnan()
        assert torch.equal(dropped[kept].view(torch.int16), expected[kept].view(torch.int16))


def test_values_that_do_not_lie_row_by_row_are_dropped_in_their_order():
    keys = combine(torch.tensor(3), torch.arange(5))
    values = torch.arange(1.0, 36.0).view(7, 5).t()
    assert torch.equal(drop(values, keys, 0.5), drop(values.contiguous(), keys, 0.5))
