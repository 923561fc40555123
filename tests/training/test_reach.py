import pytest
import torch

from workbench.training.packing import Spans
from workbench.training.reach import Reach

SPANS = Spans(torch.tensor([0, 3, 9]), torch.tensor([3, 4, 0]), tokens=9, longest=4)
CPU = torch.device("cpu")


def test_a_token_sees_its_sequence_and_an_empty_place_asks_nothing():
    everything = slice(None)
    seen = [(everything, slice(0, 3)), (everything, slice(3, 7))]
    assert list(Reach(SPANS, False, 0).places()) == list(zip(seen, seen, strict=True))
    starts = [(everything, slice(0, 1)), (everything, slice(1, 2))]
    assert list(Reach(SPANS, True, 0).places()) == list(zip(starts, seen, strict=True))


@pytest.mark.parametrize(("window", "seen"), [(0, 9), (3, 3), (4, 3)])
def test_no_mask_is_made_where_all_is_seen(window, seen):
    assert Reach(SPANS, False, window).inside(seen, seen, CPU) is None


def test_a_window_counts_the_token_itself():
    inside = Reach(SPANS, False, 2).inside(3, 3, CPU)
    assert inside.tolist() == [[True, True, False], [True, True, True], [False, True, True]]
    assert Reach(SPANS, True, 2).inside(1, 3, CPU).tolist() == [[True, True, False]]
