"""The checkpoint of an unfinished cohort: one safetensors file, replaced atomically.

Format (https://github.com/huggingface/safetensors, README): eight bytes little-endian with the
length of a JSON header, the header, the data of the tensors. The state travels as JSON text in the
header's metadata, so loading can run no code. The last four bytes, stored as a tensor of their
own so that the file stays a valid one, are the CRC-32 of everything before them.

Written tensor by tensor, so that a cohort that fills a GPU need not fit the computer's memory a
second time; read through a private memory map for the same reason.
"""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from workbench.store.atomic import replacing
from workbench.store.folder import RunStore, checked_name

_CRC = "crc32"
_CRC_BYTES = 4
_BLOCK = 1 << 20
_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint64: "U64",
    torch.uint32: "U32",
    torch.uint16: "U16",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def save(
    store: RunStore, cohort_id: str, tensors: dict[str, torch.Tensor], state: dict[str, Any]
) -> None:
    """Replace the checkpoint of a cohort.

    Parameters
    ----------
    store
        Where it is kept.
    cohort_id
        The cohort's name: letters, digits, ``-`` and ``_``.
    tensors
        On any device; the name ``crc32`` is taken.
    state
        Plain JSON types with text keys, NaN and infinities allowed. ``"runs"`` lists the cohort's
        runs: without it `workbench.store.retention` never removes the checkpoint.

    Raises
    ------
    WorkbenchError
        When the file cannot be written; the checkpoint before it then stays.
    ValueError
        When a tensor is named ``crc32``.
    """
    if _CRC in tensors:
        raise ValueError(f"no tensor of a checkpoint may be named {_CRC!r}")
    with replacing(path_of(store, cohort_id)) as temporary, open(temporary, "wb") as file:
        crc = 0
        for block in _blocks(tensors, state):
            file.write(block)
            crc = zlib.crc32(block, crc)
        file.write(crc.to_bytes(_CRC_BYTES, "little"))


def load(store: RunStore, cohort_id: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
    """Read the checkpoint of a cohort.

    Returns
    -------
    (tensors, state) or None
        Tensors on the CPU, mapped from the file. None when there is no checkpoint, or a damaged
        one, which is removed.
    """
    path = path_of(store, cohort_id)
    if not path.exists():
        return None
    if not _intact(path):
        path.unlink(missing_ok=True)
        return None
    with safe_open(path, framework="pt") as file:
        names = [name for name in file.keys() if name != _CRC]  # noqa: SIM118  not a dict
        tensors = {name: file.get_tensor(name) for name in names}
        return tensors, json.loads(file.metadata()["state"])


def delete(store: RunStore, cohort_id: str) -> None:
    """Remove the checkpoint of a cohort, if there is one."""
    path_of(store, cohort_id).unlink(missing_ok=True)


def path_of(store: RunStore, cohort_id: str) -> Path:
    """Return the path of a cohort's checkpoint, which need not exist."""
    return store.root / "checkpoints" / f"{checked_name(cohort_id)}.safetensors"


def read_state(path: Path) -> dict[str, Any] | None:
    """Return the state in a checkpoint's header without reading its tensors.

    Returns
    -------
    dict or None
        None when there is no such file, or its header is damaged.
    """
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, path.stat().st_size)))
            state = json.loads(header["__metadata__"]["state"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return state if isinstance(state, dict) else None


def _blocks(tensors: dict[str, torch.Tensor], state: dict[str, Any]) -> Iterator[Any]:
    """Yield the file's bytes, all but the final checksum."""
    # Wide types first keeps every tensor aligned to its own width.
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    entries: dict[str, Any] = {"__metadata__": {"state": json.dumps(state)}}
    end = 0
    for name in names:
        tensor, start = tensors[name], end
        end = start + tensor.numel() * tensor.element_size()
        entries[name] = _entry(_DTYPES[tensor.dtype], list(tensor.shape), start, end)
    entries[_CRC] = _entry("U8", [_CRC_BYTES], end, end + _CRC_BYTES)
    header = json.dumps(entries).encode()
    header += b" " * (-len(header) % 8)
    yield len(header).to_bytes(8, "little") + header
    for name in names:
        flat = tensors[name].detach().cpu().contiguous().reshape(-1)
        yield flat.view(torch.uint8).numpy()


def _entry(dtype: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def _intact(path: Path) -> bool:
    """Tell whether a file ends in the checksum of what precedes it."""
    left, crc = path.stat().st_size - _CRC_BYTES, 0
    if left <= 0:
        return False
    with open(path, "rb") as file:
        while left and (block := file.read(min(_BLOCK, left))):
            crc, left = zlib.crc32(block, crc), left - len(block)
        return file.read() == crc.to_bytes(_CRC_BYTES, "little")
