import errno
import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from workbench.errors import WorkbenchError
from workbench.store import checkpoints
from workbench.store.folder import RunStore

STATE = {"runs": ["a" * 16], "step": 7, "offset": {"a": 12}, "best": float("-inf"), "é": 0.1}


def example(dtype=torch.float32, shape=(2, 3)):
    count = torch.Size(shape).numel()
    return torch.arange(count).reshape(shape).to(dtype)


@settings(deadline=None, max_examples=50)
@given(
    contents=st.dictionaries(
        st.text(min_size=1).filter(lambda name: name not in ("crc32", "__metadata__")),
        st.tuples(
            st.sampled_from(sorted(checkpoints._DTYPES, key=str)),
            st.lists(st.integers(0, 4), max_size=3),
        ),
        max_size=5,
    ),
    step=st.integers(),
)
def test_round_trip(tmp_path_factory, contents, step):
    store = RunStore(tmp_path_factory.mktemp("outputs"))
    tensors = {name: example(*content) for name, content in contents.items()}
    checkpoints.save(store, "cohort", tensors, STATE | {"step": step})
    found, state = checkpoints.load(store, "cohort")
    assert state == STATE | {"step": step}
    for values in (found, load_file(checkpoints.path_of(store, "cohort"))):
        assert values.keys() - {"crc32"} == tensors.keys()
        for name, tensor in tensors.items():
            assert values[name].dtype == tensor.dtype
            assert torch.equal(values[name], tensor)


def test_special_values_and_strides_survive_bit_for_bit(store):
    values = torch.tensor([[float("nan"), float("inf"), -0.0], [1e-45, 3.0, 0.1]])
    checkpoints.save(store, "cohort", {"turned": values.T, "grown": values.requires_grad_()}, {})
    found, _ = checkpoints.load(store, "cohort")
    bits = values.detach().view(torch.int32)
    assert torch.equal(found["turned"].contiguous().view(torch.int32), bits.T.contiguous())
    assert torch.equal(found["grown"].view(torch.int32), bits)


def test_what_was_loaded_outlives_its_file_and_leaves_it_alone(store):
    checkpoints.save(store, "cohort", {"w": torch.ones(3)}, {})
    found, _ = checkpoints.load(store, "cohort")
    found["w"] += 1
    assert checkpoints.load(store, "cohort")[0]["w"].tolist() == [1.0] * 3
    checkpoints.save(store, "cohort", {"w": torch.zeros(3)}, {})
    checkpoints.delete(store, "cohort")
    assert found["w"].tolist() == [2.0] * 3


@pytest.mark.parametrize("length", range(8))
def test_every_tensor_is_aligned_to_its_width(store, length):
    tensors = {"a": torch.ones(3, dtype=torch.int8), "b": torch.ones(1, dtype=torch.float64)}
    checkpoints.save(store, "cohort", tensors, {"text": "x" * length})
    found, _ = checkpoints.load(store, "cohort")
    assert found["b"].data_ptr() % 8 == 0


def test_absent_and_deleted(store):
    assert checkpoints.load(store, "cohort") is None
    checkpoints.save(store, "cohort", {}, {})
    assert checkpoints.load(store, "cohort") == ({}, {})
    checkpoints.delete(store, "cohort")
    checkpoints.delete(store, "cohort")
    assert checkpoints.load(store, "cohort") is None


@pytest.mark.parametrize("keep", [0, 3, 8, 50, -5, -1])
def test_a_cut_checkpoint_is_removed(store, keep):
    checkpoints.save(store, "cohort", {"w": torch.ones(3)}, STATE)
    path = checkpoints.path_of(store, "cohort")
    path.write_bytes(path.read_bytes()[:keep])
    assert checkpoints.load(store, "cohort") is None
    assert not path.exists()


def test_any_changed_byte_is_noticed(store):
    checkpoints.save(store, "cohort", {"w": torch.ones(3)}, {"step": 1})
    path = checkpoints.path_of(store, "cohort")
    intact = path.read_bytes()
    for position in range(len(intact)):
        changed = bytearray(intact)
        changed[position] ^= 16
        path.write_bytes(changed)
        assert checkpoints.load(store, "cohort") is None
        assert not path.exists()


def test_the_state_is_read_without_the_tensors(store):
    checkpoints.save(store, "cohort", {"w": torch.ones(3)}, STATE)
    path = checkpoints.path_of(store, "cohort")
    assert checkpoints.read_state(path) == STATE


@pytest.mark.parametrize("content", [b"", b"abc", b"\xff" * 20, b"\x02" + b"\0" * 7 + b"[]"])
def test_a_damaged_header_has_no_state(tmp_path, content):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    assert checkpoints.read_state(path) is None
    assert checkpoints.read_state(tmp_path / "none") is None


def test_the_name_of_the_checksum_is_taken(store):
    with pytest.raises(ValueError, match="crc32"):
        checkpoints.save(store, "cohort", {"crc32": torch.ones(1)}, {})


def test_a_full_disk_keeps_the_checkpoint_before(store, monkeypatch):
    checkpoints.save(store, "cohort", {"w": torch.ones(3)}, {"step": 1})

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WorkbenchError, match="disk is full"):
        checkpoints.save(store, "cohort", {"w": torch.ones(3)}, {"step": 2})
    assert checkpoints.load(store, "cohort")[1] == {"step": 1}
    assert len(os.listdir(store.root / "checkpoints")) == 1


@pytest.mark.parametrize("blocks", [1, 2, 3])
def test_killed_while_writing_keeps_the_checkpoint_before(store, killed, blocks):
    checkpoints.save(store, "cohort", {"w": torch.ones(3)}, {"runs": [], "step": 1})
    killed("checkpoint", store.root, blocks)
    assert checkpoints.load(store, "cohort")[1]["step"] == 1
