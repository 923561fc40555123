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


@lru_cache(maxsize=32)
def weight_names(folder: Path) -> frozenset[str]:
    """Return the names of the weights in a folder; those in a damaged file are not known.

    Of a pickle every text is returned: the names are among them.
    """
    names: set[str] = set()
    for path in weight_files(folder):
        try:
            names.update(_in_safetensors(path) if path.suffix == ".safetensors" else _texts(path))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            # Loading it says what is wrong with it.
            continue
    return frozenset(names)


def _in_safetensors(path: Path) -> set[str]:
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        if length > path.stat().st_size:
            raise ValueError
        return json.loads(stream.read(length)).keys() - {"__metadata__"}


def _texts(path: Path) -> Iterator[str]:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as stream:
            for _ in range(_OLD_PICKLES):
                yield from _in_pickle(stream)
        return
    with zipfile.ZipFile(path) as archive:
        inner = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        with archive.open(inner) as stream:
            yield from _in_pickle(stream)


def _in_pickle(stream: IO[bytes]) -> Iterator[str]:
    """Yield the texts in one pickle: its instructions are listed, none of them is followed."""
    for _, argument, _ in pickletools.genops(stream):
        if isinstance(argument, str):
            yield argument
