import pytest
import torch

from workbench.training.division import divide, halves


def test_a_checkpoint_is_divided_by_hand():
    tensors = {
        "parameter/a": torch.tensor([[0.0], [1.0], [2.0]]),
        "adam/0/a/step": torch.tensor(5.0),
        "adam/2/a/step": torch.tensor(7.0),
        "best/2/a": torch.tensor([9.0]),
    }
    state = {
        "position": 4,
        "counts": [[10, 11], [20, 21], [30, 31]],
        "scales": [],
        "recent": [[0.0, 0.1, 0.2], [1.0, 1.1, 1.2]],
        "history": [[], [{"epoch": 1}], [{"epoch": 2}]],
        "runs": ["x", "y", "z"],
    }
    kept, rest = divide((tensors, state), 3, range(1, 3))
    assert {name: value.tolist() for name, value in kept.items()} == {
        "parameter/a": [[1.0], [2.0]],
        "adam/1/a/step": 7.0,
        "best/1/a": [9.0],
    }
    assert rest == {
        "position": 4,
        "counts": [[20, 21], [30, 31]],
        "scales": [],
        "recent": [[0.1, 0.2], [1.1, 1.2]],
        "history": [[{"epoch": 1}], [{"epoch": 2}]],
        "runs": ["y", "z"],
    }


@pytest.mark.parametrize(
    ("runs", "expected"),
    [(2, [[0], [1]]), (3, [[0, 1], [2]]), (16, [list(range(8)), list(range(8, 16))])],
)
def test_halves_are_neighbours(runs, expected):
    assert [list(members) for members in halves(runs)] == expected


@pytest.mark.parametrize(
    ("saved", "sentence"),
    [
        (({"parameter/a": torch.zeros(2, 1)}, {}), "no first dimension over 3 runs"),
        (({}, {"history": [[], []]}), "'history' has 2 entries for 3 runs"),
        (({}, {"history": [[]] * 6}), "'history' has 6 entries for 3 runs"),
    ],
)
def test_another_format_is_refused(saved, sentence):
    with pytest.raises(ValueError, match=sentence):
        divide(saved, 3, range(2))
