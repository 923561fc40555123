import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbench.tasks.task import Encoded
from workbench.training.packing import ABSENT, Geometry, pack

CPU = torch.device("cpu")
GEOMETRY = Geometry(position_offset=2, segments=2, padding_id=9)
FEW_SHAPES = Geometry(position_offset=2, segments=2, padding_id=9, grain=64, few_shapes=True)


def encoded(lengths):
    """Make examples whose pieces are numbered throughout: piece i of the split is 100 + i."""
    total = sum(lengths)
    return Encoded(
        token_ids=np.arange(100, 100 + total, dtype=np.int32),
        segments=np.arange(total, dtype=np.int8) % 2,
        offsets=np.cumsum([0, *lengths]),
        labels=np.arange(len(lengths), dtype=np.float32),
    )


@pytest.mark.parametrize(("geometry", "padding"), [(GEOMETRY, 0), (FEW_SHAPES, 57)])
def test_a_batch_by_hand(geometry, padding):
    batch = pack(encoded([3, 2, 4]), np.array([[2, 0], [1, ABSENT]]), geometry, [1, 2], CPU)
    assert batch.inputs["input_ids"].tolist() == [
        [105, 106, 107, 108, 100, 101, 102] + [9] * padding,
        [103, 104] + [9] * (5 + padding),
    ]
    assert batch.inputs["position_ids"].tolist() == [
        [2, 3, 4, 5, 2, 3, 4] + [2] * padding,
        [2, 3] + [2] * (5 + padding),
    ]
    assert batch.inputs["token_type_ids"].tolist()[0] == [1, 0, 1, 0, 0, 1, 0] + [0] * padding
    assert batch.starts.tolist() == [[0, 4], [0, 2]]
    assert batch.labels[0].tolist() == [2.0, 0.0]
    assert batch.present.tolist() == [[1.0, 1.0], [1.0, 0.0]]


def test_an_absent_sequence_at_the_end_of_a_full_line_stays_on_the_line():
    batch = pack(encoded([8, 8]), np.array([[0, ABSENT]]), FEW_SHAPES, [1], CPU)
    assert batch.starts.max() < batch.inputs["input_ids"].shape[1]


def test_the_places_of_sequences_by_hand():
    examples = np.array([[2, 0], [1, ABSENT]])
    spans = pack(encoded([3, 2, 4]), examples, GEOMETRY, [1, 2], CPU).layout
    assert spans.firsts.tolist() == [0, 4, 7, 9]
    assert spans.lengths.tolist() == [4, 3, 2, 0]
    assert spans.places == [(0, 0, 4), (1, 4, 7), (2, 7, 9)]
    assert spans.longest == 4


def test_states_are_looked_up_token_by_token():
    table = np.arange(18, dtype=np.float32).reshape(9, 2)
    batch = pack(encoded([3, 2, 4]), np.array([[1, 0]]), GEOMETRY, [1], CPU, table)
    assert batch.states.tolist() == [[[6, 7], [8, 9], [0, 1], [2, 3], [4, 5]]]
    assert pack(encoded([3]), np.array([[0]]), GEOMETRY, [1], CPU).states is None


def test_one_segment_type_hides_the_second():
    geometry = Geometry(0, 1, 9)
    batch = pack(encoded([4]), np.array([[0]]), geometry, [1], CPU)
    assert not batch.inputs["token_type_ids"].any()


@given(st.data())
def test_every_sequence_stands_where_its_span_says(data):
    lengths = data.draw(st.lists(st.integers(1, 20), min_size=1, max_size=6))
    runs = data.draw(st.integers(1, 3))
    chosen = data.draw(
        st.lists(st.permutations(range(len(lengths))).map(list), min_size=runs, max_size=runs)
    )
    split = encoded(lengths)
    batch = pack(split, np.array(chosen), FEW_SHAPES, list(range(runs)), CPU)
    assert batch.layout.longest == max(lengths)
    ids = batch.inputs["input_ids"].reshape(-1)
    for (_, first, end), example in zip(batch.layout.places, np.ravel(chosen), strict=True):
        pieces = split.token_ids[split.offsets[example] : split.offsets[example + 1]]
        assert ids[first:end].tolist() == pieces.tolist()


def test_dropout_keys_depend_on_the_example_not_on_its_place():
    split = encoded([3, 5, 2])
    one = pack(split, np.array([[0, 1, 2]]), GEOMETRY, [7], CPU)
    other = pack(split, np.array([[2, 1, 0]]), GEOMETRY, [7], CPU)
    assert torch.equal(one.token_keys[0, 3:8], other.token_keys[0, 2:7])
    assert one.start_keys[0, 1] == other.start_keys[0, 1]
    assert one.run_keys.tolist() == [[7]]
    assert not torch.equal(one.token_keys[0, :3], one.token_keys[0, 3:6])


@pytest.mark.parametrize("size", [1, 63, 64, 65, 1000, 1025, 5000, 100_000])
def test_few_shapes_waste_little(size):
    assert GEOMETRY.stretched(size) == size
    assert size <= FEW_SHAPES.stretched(size) < max(size * 17 / 16, size + 64)
    assert FEW_SHAPES.stretched(size) % 64 == 0


def test_few_shapes_are_few():
    assert len({FEW_SHAPES.stretched(size) for size in range(4096, 32_769)}) == 1 + 3 * 16


def test_a_batch_may_hold_other_tensors():
    split = encoded([3, 5, 2])
    one, other = (
        pack(split, np.array([order]), FEW_SHAPES, [7], CPU) for order in ([0, 1], [1, 2])
    )
    found = one.with_tensors(other.tensors())
    assert found.inputs.keys() == other.inputs.keys() and found.states is None
    assert all(map(torch.equal, found.tensors(), other.tensors()))
    assert torch.equal(found.token_keys, other.token_keys)
    assert torch.equal(found.layout.lengths, torch.tensor([5, 2], dtype=torch.int32))
    table = np.arange(20, dtype=np.float32).reshape(10, 2)
    one, other = (
        pack(split, np.array([order]), FEW_SHAPES, [7], CPU, table) for order in ([0, 1], [1, 2])
    )
    assert torch.equal(one.with_tensors(other.tensors()).states, other.states)
