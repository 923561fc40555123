"""The names in a checkpoint's weight files, read without loading a weight or running a pickle."""

import json
import pickletools
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO

_LENGTH_BYTES = 8
"""A safetensors file begins with the length of its header, a little-endian number of 64 bits."""

_OLD_PICKLES = 4
"""torch's first format is a row of pickles: a magic number, a version, the system, the weights."""


def weight_files(folder: Path) -> list[Path]:
    """Return a folder's weight files by name: safetensors, or else pickles."""
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))


def weight_names(folder: Path) -> frozenset[str]:
    """Return the names of the weights in a folder; those in a damaged file are not known.

    Of a pickle every text is returned: the names are among them.
    """
    facts = ((path, path.stat()) for path in weight_files(folder))
    found = (_names(path, fact.st_size, fact.st_mtime_ns) for path, fact in facts)
    return frozenset().union(*found)


@lru_cache(maxsize=64)
def _names(path: Path, size: int, changed: int) -> frozenset[str]:
    """Read a file's names once; size and time of change tell whether it is still the same."""
    read = _in_safetensors if path.suffix == ".safetensors" else _texts
    try:
        return frozenset(read(path))
    except Exception:
        # A damaged file fails in many ways; loading it says what is wrong with it.
        return frozenset()


def _in_safetensors(path: Path) -> Iterator[str]:
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        if length > path.stat().st_size:
            raise ValueError(length)
        header = json.loads(stream.read(length))
    yield from (name for name in header if name != "__metadata__")


def _texts(path: Path) -> Iterator[str]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            for _ in range(_OLD_PICKLES):
                yield from _in_pickle(stream)
        return
    with zipfile.ZipFile(path) as archive:
        for inner in archive.namelist():
            if inner.endswith("/data.pkl"):
                with archive.open(inner) as stream:
                    yield from _in_pickle(stream)


def _in_pickle(stream: IO[bytes]) -> Iterator[str]:
    """Yield the texts in one pickle: its instructions are listed, none of them is followed."""
    for _, argument, _ in pickletools.genops(stream):
        if isinstance(argument, str):
            yield argument
