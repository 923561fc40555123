from math import log

import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.techniques.r_drop import RDrop


class TwoPasses:
    """One example of two classes: probabilities 1/4 and 3/4 first, halves in the second pass."""

    outputs = torch.tensor([[[0.0, log(3)]]])

    def again(self, number):
        assert number == 1
        return torch.zeros(1, 1, 2)

    def loss(self, outputs):
        return -outputs.log_softmax(dim=-1)[:, :, 1].sum(dim=1)

    def divergence(self, one, other):
        # As `torch.nn.functional.kl_div` has it: the other direction's logarithm comes first.
        logs = one.log_softmax(dim=-1), other.log_softmax(dim=-1)
        kinds = {"reduction": "sum", "log_target": True}
        both = [torch.nn.functional.kl_div(a, b, **kinds) for a, b in (logs, logs[::-1])]
        return (sum(both) / 2).view(1)


@pytest.mark.parametrize(
    ("alpha", "expected"),
    # Losses -ln 3/4 and ln 2; KL 0.1308 one way and 0.1438 the other, 0.1373 on average.
    [(0.0, 0.490415), (1.0, 0.627742), (2.0, 0.765068)],
)
def test_the_loss_of_two_passes_by_hand(alpha, expected):
    passes = TwoPasses()
    loss = passes.loss(passes.outputs)
    found = RDrop(alpha).objective(loss, passes)
    assert found.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("alpha", ["-1", "101", "nan", "inf"])
def test_a_weight_out_of_range_is_refused(alpha):
    with pytest.raises(WorkbenchError, match="is out of range: choose 0 to 100"):
        RDrop.parse([alpha])


def test_it_passes_twice_and_is_never_neutral():
    assert (RDrop.cost.passes, RDrop.cost.held, RDrop(0.0).neutral) == (2, 2, False)


def test_only_runs_that_weigh_alike_train_together():
    assert RDrop(1.0).cohort_key != RDrop(0.5).cohort_key
