"""The names in weight files, in each of the forms there are."""

import pickle

import pytest
import torch
from safetensors.torch import load_file

from workbench.models.weights import weight_names


@pytest.fixture
def state(folders):
    return load_file(folders["electra"] / "model.safetensors")


@pytest.mark.parametrize("form", ["safetensors", "zip", "legacy", "parts"])
def test_names_are_read_without_loading(form, state, copied):
    folder = copied("electra")
    if form != "safetensors":
        (folder / "model.safetensors").unlink()
        new = form != "legacy"
        halves = [dict(list(state.items())[place::2]) for place in (0, 1)]
        for place, part in enumerate(halves if form == "parts" else [state]):
            path = folder / f"pytorch_model-{place}.bin"
            torch.save(part, path, _use_new_zipfile_serialization=new)
    found = weight_names(folder)
    assert state.keys() <= found
    assert form != "safetensors" or found == state.keys()


class _Malicious:
    def __reduce__(self):
        return print, ("the pickle ran",)


def test_no_pickle_is_run(tmp_path, capsys):
    content = pickle.dumps({"electra.weight": _Malicious()})
    # In torch's first format three short pickles come before the weights.
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps(1) * 3 + content)
    assert "electra.weight" in weight_names(tmp_path)
    assert "ran" not in capsys.readouterr().out
    pickle.loads(content)
    assert "ran" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("content", [b"", b"\xff" * 9, b"PK\x03\x04", b"\x02\0\0\0\0\0\0\0[]"])
def test_damaged_files_have_no_names(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert weight_names(tmp_path) == frozenset()


@pytest.mark.parametrize(("place", "value"), [(6, 88), (8, 1), (10, 8)])
def test_a_zip_that_is_damaged_in_its_directory_has_no_names(tmp_path, place, value):
    """It claims a later format, encryption or compression."""
    path = tmp_path / "pytorch_model.bin"
    torch.save({"electra.weight": torch.zeros(2)}, path)
    content = bytearray(path.read_bytes())
    assert "electra.weight" in weight_names(tmp_path)
    content[content.index(b"PK\x01\x02") + place] = value
    path.write_bytes(content + b"\0")
    assert weight_names(tmp_path) == frozenset()


def test_a_folder_without_weights_has_no_names(tmp_path):
    assert weight_names(tmp_path) == frozenset()
