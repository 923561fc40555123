"""Where the files of a task are: the user's folder, or a cache filled from pinned addresses.

Both have the layout that BLURB's own scripts produce: one folder a task. The pinned table holds,
for every file, an address at a fixed commit, its size, its SHA-256 and its git blob id (SHA-1
over ``blob <size>``, a zero byte, and the content); one large file has only the last.
"""

import csv
import errno
import hashlib
import os
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO

from tqdm import tqdm

from workbench.errors import WorkbenchError

DATA_VARIABLE = "WORKBENCH_DATA"
CACHE_VARIABLE = "WORKBENCH_CACHE"
TIMEOUT = 30.0
"""Seconds without an answer after which a download fails."""
CHUNK = 1 << 16
REGISTRATION = "BioASQ"
"""The folder of the one task whose licence asks every user to register."""

Open = Callable[[str], Any]
"""Opens an address for reading, as `urllib.request.urlopen` does."""


@dataclass(frozen=True)
class Pin:
    """A file as it was published: where it is and what identifies its content."""

    folder: str
    file: str
    url: str
    size: int | None
    sha256: str
    git_blob: str

    def matches(self, path: Path) -> bool:
        """Tell whether a file has exactly this content."""
        if self.sha256:
            return path.stat().st_size == self.size and sha256(path) == self.sha256
        return git_blob(path) == self.git_blob


@lru_cache
def pins() -> dict[tuple[str, str], Pin]:
    """Return the pinned files by folder and name."""
    with Path(__file__).with_name("pins.csv").open(encoding="utf-8", newline="") as table:
        rows = [_pin(row) for row in csv.DictReader(table)]
    return {(pin.folder, pin.file): pin for pin in rows}


def locate(
    folder: str, name: str, data: str | Path | None = None, open_url: Open | None = None
) -> Path:
    """Return the path of a task's file, downloading it where there is no user's folder.

    Parameters
    ----------
    folder, name
        Such as ``"HoC"`` and ``"train.tsv"``.
    data
        The user's folder in BLURB's layout; the variable ``WORKBENCH_DATA`` where it is None.
    open_url
        Opens an address; `urllib.request.urlopen` with a timeout where it is None.

    Raises
    ------
    WorkbenchError
        When the folder or the file is missing, or the download fails or is not the pinned file.
    """
    root = data or os.environ.get(DATA_VARIABLE)
    if root:
        return _in_folder(Path(root).expanduser(), folder, name)
    if folder == REGISTRATION:
        raise WorkbenchError(
            "BioASQ is never downloaded, because its licence asks every user to register: "
            f"register with BioASQ, make its files with BLURB's scripts and set {DATA_VARIABLE} "
            "to their folder"
        )
    return _in_cache(pins()[folder, name], open_url or _open)


def lacks(folder: str, name: str, data: str | Path | None = None) -> bool:
    """Tell whether a user's folder is there and this file is not in it.

    Parameters
    ----------
    folder, name, data
        As for `locate`.
    """
    root = data or os.environ.get(DATA_VARIABLE)
    if not root:
        return False
    within = Path(root).expanduser()
    return within.is_dir() and not (within / folder / name).is_file()


def differs_from_pin(path: Path, folder: str, name: str) -> bool:
    """Tell whether a file is not the pinned one; False where nothing is pinned."""
    pin = pins().get((folder, name))
    return pin is not None and not pin.matches(path)


def cache_folder() -> Path:
    """Return the folder that downloads go to, ``WORKBENCH_CACHE`` or one in the home folder."""
    return Path(os.environ.get(CACHE_VARIABLE) or "~/.cache/workbench/blurb").expanduser()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_blob(path: Path) -> str:
    """Return the id git gives a file's content, in hexadecimal."""
    digest = hashlib.sha1(f"blob {Path(path).stat().st_size}\0".encode(), usedforsecurity=False)
    with Path(path).open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def download(pin: Pin, target: Path, open_url: Open) -> Path:
    """Download a pinned file to a path that exists only once it is whole and checked.

    Raises
    ------
    WorkbenchError
        When there is no network, no space, no right to write, or another content.
    """
    try:
        with _temporary(target) as (file, temporary):
            _fetch(pin, file, open_url)
            file.close()
            if not pin.matches(temporary):
                raise WorkbenchError(
                    f"what {pin.url} served is not the pinned {pin.folder}/{pin.file}: try again, "
                    f"or set {DATA_VARIABLE} to a folder that has the file"
                )
            os.replace(temporary, target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    return target


def _pin(row: dict[str, str]) -> Pin:
    size = int(row["bytes"]) if row["bytes"] else None
    return Pin(
        row["task_folder"], row["file"], row["url"], size, row["sha256"], row["git_blob_sha1"]
    )


def _in_folder(root: Path, folder: str, name: str) -> Path:
    if not root.is_dir():
        raise WorkbenchError(
            f"the data folder {root} does not exist: set {DATA_VARIABLE} to a folder in BLURB's "
            "layout, or unset it to download the data"
        )
    path = root / folder / name
    if not path.is_file():
        if folder == REGISTRATION:
            mend = "register with BioASQ, as its licence asks of every user, and put it there"
        else:
            mend = f"put it there, or unset {DATA_VARIABLE} to download it"
        raise WorkbenchError(f"the data folder {root} has no {folder}/{name}: {mend}")
    return path


def _in_cache(pin: Pin, open_url: Open) -> Path:
    path = cache_folder() / pin.folder / pin.file
    if not path.exists():
        return download(pin, path, open_url)
    if not pin.matches(path):
        raise WorkbenchError(
            f"{path} is not the pinned file: delete it, and it is downloaded again"
        )
    return path


def _open(url: str) -> Any:
    return urllib.request.urlopen(url, timeout=TIMEOUT)


def _fetch(pin: Pin, file: BinaryIO, open_url: Open) -> None:
    label = f"{pin.folder}/{pin.file}"
    with tqdm(total=pin.size, unit="B", unit_scale=True, desc=label) as progress:
        for chunk in _chunks(pin, open_url):
            file.write(chunk)
            progress.update(len(chunk))


def _chunks(pin: Pin, open_url: Open) -> Iterator[bytes]:
    """Yield what an address serves, and tell a broken network from a full disk."""
    try:
        with open_url(pin.url) as response:
            while chunk := response.read(CHUNK):
                yield chunk
    except (OSError, HTTPException) as error:
        raise WorkbenchError(
            f"cannot download {pin.folder}/{pin.file} ({error}): connect to the internet, or set "
            f"{DATA_VARIABLE} to a folder in BLURB's layout that has it"
        ) from error


@contextmanager
def _temporary(target: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a file beside the target, and leave nothing of it behind."""
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _cannot_write(target: Path, error: OSError) -> WorkbenchError:
    if error.errno == errno.ENOSPC:
        problem = f"the disk is full: free some space or set {CACHE_VARIABLE} to another disk"
    else:
        problem = f"{error.strerror}: set {CACHE_VARIABLE} to a folder you can write to"
    return WorkbenchError(f"cannot write {target}, {problem}")
