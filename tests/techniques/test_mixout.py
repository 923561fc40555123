import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.models.depth import Parameter
from workbench.techniques.mixout import Mixout

TRAINED = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
START = torch.tensor([[[0.0, 1.0, 1.0], [2.0, 2.0, 10.0]]])


def keeping(*kept):
    """Return what keeps these inputs of the one run, whatever the probability."""
    return lambda width, probability: torch.tensor([kept], dtype=torch.bool)


@pytest.mark.parametrize(
    ("p", "kept", "used"),
    [
        # ((1 - M) u + M w - p u) / (1 - p): w = 1, u = 0 gives 1 / (1 - p), and u where M is 0.
        (0.5, (True, True, True), [[2, 3, 5], [6, 8, 2]]),
        (0.5, (False, True, False), [[0, 3, 1], [2, 8, 10]]),
        (0.75, (True, False, True), [[4, 1, 9], [10, 2, -6]]),
        (0.9, (False, False, False), [[0, 1, 1], [2, 2, 10]]),
    ],
)
def test_the_weights_in_use_by_hand(p, kept, used):
    found = Mixout(p).mixed(TRAINED, START, keeping(*kept))
    torch.testing.assert_close(found[0], torch.tensor(used, dtype=torch.float32))


@pytest.mark.parametrize("p", [0.1, 0.3, 0.7, 0.9])
def test_it_is_the_published_formula(p):
    generator = torch.Generator().manual_seed(0)
    w, u = torch.randn(2, 3, 5, 7, generator=generator)
    kept = torch.rand(3, 7, generator=generator) > p
    mask = kept.unsqueeze(1).expand(3, 5, 7).double()
    expected = ((1 - mask) * u + mask * w - p * u) / (1 - p)
    found = Mixout(p).mixed(w, u, lambda width, probability: kept)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-6)


def test_one_row_of_the_mask_serves_all_outputs():
    found = Mixout(0.5).mixed(TRAINED, START, keeping(True, False, True))[0]
    assert torch.equal(found[:, 1], START[0, :, 1])
    assert not (found[:, [0, 2]] == START[0, :, [0, 2]]).any()


def test_where_nothing_is_mixed_the_weights_are_the_trained_ones_to_the_last_bit():
    generator = torch.Generator().manual_seed(0)
    w, u = torch.randn(2, 1, 50, 50, generator=generator)
    found = Mixout(0.0, "keep").mixed(w, u, lambda width, _: torch.ones(1, width).bool())
    assert torch.equal(found, w)


def test_the_gradient_is_that_of_the_formula():
    w = TRAINED.clone().requires_grad_()
    Mixout(0.75).mixed(w, START, keeping(True, False, True)).sum().backward()
    assert w.grad.tolist() == [[[4, 0, 4], [4, 0, 4]]]


def test_only_the_weights_of_linear_layers_are_mixed():
    kinds = {
        kind: Mixout().mixing(Parameter("name", 1, kind)) is not None
        for kind in ("linear", "embedding", "norm", "bias")
    }
    assert kinds == {"linear": True, "embedding": False, "norm": False, "bias": False}


@pytest.mark.parametrize(
    ("typed", "drops", "neutral", "label"),
    [
        ([], False, False, "mixout:0.7"),
        (["0.5", "keep"], True, False, "mixout:0.5:keep"),
        (["0"], False, False, "mixout:0"),
        (["0", "keep"], True, True, "mixout:0:keep"),
    ],
)
def test_dropout_is_replaced_unless_it_is_kept(typed, drops, neutral, label):
    technique = Mixout.parse(typed)
    assert (technique.drops, technique.neutral, technique.label) == (drops, neutral, label)


@pytest.mark.parametrize("p", ["1", "-0.1", "nan", "inf"])
def test_a_probability_out_of_range_is_refused(p):
    with pytest.raises(WorkbenchError, match="is out of range: choose 0 to below 1"):
        Mixout.parse([p])


def test_an_unknown_word_gives_the_nearest():
    with pytest.raises(WorkbenchError, match="'kep': did you mean 'keep'"):
        Mixout.parse(["0.7", "kep"])


def test_only_runs_that_mix_alike_may_train_together():
    keys = {Mixout(p, word).cohort_key for p in (0.5, 0.7) for word in ("replace", "keep")}
    assert len(keys) == 4
