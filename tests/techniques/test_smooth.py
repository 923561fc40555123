import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.techniques import parse
from workbench.techniques.smooth import Smooth


class Linear:
    """One number for each of two sequences of one token: 3 x - 4 y of the states (x, y)."""

    slopes = torch.tensor([3.0, -4.0])
    outputs = torch.zeros(1, 2)

    def __init__(self, noise):
        self.start = torch.tensor([noise])

    def noise(self):
        return self.start

    def moved(self, offsets):
        return offsets @ self.slopes

    def uphill(self, offsets):
        offsets = offsets.clone().requires_grad_()
        found = self.divergence(self.moved(offsets), self.outputs)
        return torch.autograd.grad(7 * found.sum(), offsets)[0]

    def divergence(self, one, other):
        return (one - other).square().sum(dim=1)


def test_the_worst_move_by_hand():
    # The radius is 0.1, so noise (1, 1) starts at (0.001, 0.001), where the output is -0.001 and
    # the gradient points along (-3, 4): a step of length 0.1 ends at (-0.074, 0.101), cut to 0.1.
    # From (0.002, 0) the output is 0.006, and the step along (3, -4) ends at (0.077, -0.1).
    found = Smooth(1.0, 0.1).offsets(Linear([[1.0, 1.0], [2.0, 0.0]]))
    expected = torch.tensor([[[-0.074, 0.1], [0.077, -0.1]]])
    torch.testing.assert_close(found, expected)


def test_the_loss_by_hand():
    # -0.222 - 0.4 = -0.622 and 0.231 + 0.4 = 0.631: squared 0.386884 and 0.398161.
    passes = Linear([[1.0, 1.0], [2.0, 0.0]])
    found = Smooth(2.0, 0.1).objective(torch.tensor([5.0]), passes)
    assert found.item() == pytest.approx(5 + 2 * (0.386884 + 0.398161), abs=1e-6)


def test_a_place_without_a_gradient_stays_where_noise_put_it():
    passes = Linear([[0.0, 0.0], [4.0, 3.0]])
    found = Smooth(1.0, 0.1).offsets(passes)
    torch.testing.assert_close(found, torch.tensor([[[0.0, 0.0], [0.004, 0.003]]]))


def test_without_weight_it_is_neutral():
    assert Smooth(0.0).neutral and not Smooth(0.1).neutral


@pytest.mark.parametrize("typed", [["-1"], ["101"], ["nan"], ["1", "0"], ["1", "2"], ["1", "nan"]])
def test_settings_out_of_range_are_refused(typed):
    with pytest.raises(WorkbenchError, match="is out of range: choose"):
        Smooth.parse(typed)


def test_it_cannot_move_what_is_looked_up():
    with pytest.raises(WorkbenchError, match="looks states up, so that there are no embeddings"):
        parse("freeze:2:cached+smooth", 6)
    assert parse("freeze:2+smooth", 6).label == "freeze:2+smooth:1"


def test_only_runs_that_are_smoothed_alike_train_together():
    assert len({Smooth(w, r).cohort_key for w in (1.0, 2.0) for r in (0.1, 0.2)}) == 4
