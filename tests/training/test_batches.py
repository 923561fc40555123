import numpy as np
import pytest
import torch

from workbench.training.batches import Batches
from workbench.training.packing import Geometry

GEOMETRY = Geometry(0, 2, 0)


@pytest.fixture
def batches(make_prepared, make_spec):
    prepared = make_prepared()

    def make(micro_batch=0):
        specs = [make_spec(0), make_spec(1)]
        train = prepared.encoded["train"]
        return Batches(specs, train, GEOMETRY, torch.device("cpu"), micro_batch)

    return make


def ids(parts):
    return [part.inputs["input_ids"].tolist() for part in parts]


def test_a_step_is_the_same_in_order_out_of_order_and_again(batches):
    made = batches()
    forwards = [ids(made.packed(step)) for step in range(12)]
    assert [ids(batches().packed(step)) for step in (11, 3, 4)] == [
        forwards[11],
        forwards[3],
        forwards[4],
    ]
    assert ids(made.packed(0)) == forwards[0]


def test_nothing_is_packed_after_the_last_step(batches):
    made = batches()
    made.packed(3)
    assert made._ahead is not None
    made.packed(4, last=True)
    assert made._ahead is None


@pytest.mark.parametrize(("size", "sizes"), [(0, [5]), (2, [2, 2, 1]), (5, [5])])
def test_micro_batches_cut_the_batch(size, sizes, batches):
    made = batches(size)
    parts = made.packed(0)
    assert [part.starts.shape[1] for part in parts] == sizes
    assert np.array_equal(
        np.concatenate([part.present.numpy() for part in parts], axis=1), np.ones((2, 5))
    )


def test_what_fails_while_packing_ahead_fails_where_it_is_asked_for(batches, monkeypatch):
    made = batches()
    made.packed(0)
    made._ahead[1].result()
    monkeypatch.setattr(made, "examples", lambda step: 1 / 0)
    made.packed(1)
    with pytest.raises(ZeroDivisionError):
        made.packed(2)
