import torch

from workbench.training.dropout import Address, AddressedDropout
from workbench.training.randomness import combine, realised


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
