"""Files that are whole or absent: written beside their place, then renamed into it.

The rename is atomic on one file system, so whoever reads sees the old content or the new one, and
a writer that is killed leaves at most a temporary file whose name says so.
"""

import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.store.plain import plain

_ELSEWHERE = "choose another outputs folder"
_REASONS = {
    errno.ENOSPC: f"the disk is full: free some space or {_ELSEWHERE}",
    errno.EDQUOT: f"your disk quota is used up: free some space or {_ELSEWHERE}",
    errno.EACCES: f"you may not write there: change its permissions or {_ELSEWHERE}",
    errno.EPERM: f"you may not write there: change its permissions or {_ELSEWHERE}",
    errno.EROFS: f"the disk is read-only: {_ELSEWHERE}",
    errno.ENOSYS: f"its file system has no file locks: {_ELSEWHERE}",
    errno.ENOTSUP: f"its file system has no file locks: {_ELSEWHERE}",
    errno.ENOLCK: f"its file system has no file locks: {_ELSEWHERE}",
    errno.ENOTDIR: f"a file stands where a folder is needed: move it away or {_ELSEWHERE}",
    errno.EEXIST: f"a file stands where a folder is needed: move it away or {_ELSEWHERE}",
    errno.EISDIR: f"a folder stands where the file belongs: move it away or {_ELSEWHERE}",
}
_TEMPORARY = re.compile(r"\..+\.(\d+)\.[0-9a-f]{8}\.partial")


@contextmanager
def explained(path: Path | str) -> Iterator[None]:
    """Turn the failures of writing that a user can mend into one sentence about `path`.

    Raises
    ------
    WorkbenchError
        When the disk is full or read-only, the quota is used up, permission is missing, or a file
        and a folder are in each other's way. Any other OSError passes through.
    """
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0)
        if reason is None:
            raise
        raise WorkbenchError(f"cannot write {path} because {reason}") from error


def make_folder(folder: Path) -> None:
    """Create a folder and its parents where they are missing, and have the disk keep it."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _synchronise(folder.parent)


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Lend a temporary path whose file takes the place of `path` when the block ends well.

    Parameters
    ----------
    path
        The file to write; its folder is created where it is missing.

    Yields
    ------
    Path
        A free name in the same folder. Its file is removed when the block fails.

    Raises
    ------
    WorkbenchError
        See `explained`.
    """
    path = Path(path)
    with explained(path):
        temporary = _beside(path)
    try:
        with explained(path):
            make_folder(path.parent)
            yield temporary
            _synchronise(temporary)
            os.replace(temporary, path)
            _synchronise(path.parent)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path | str) -> Iterator[Path]:
    """Lend a new folder that takes the place of `path` when the block ends well.

    Parameters
    ----------
    path
        The folder to write; what stands there is removed. Its parent is created where it is
        missing.

    Yields
    ------
    Path
        An empty folder beside it, to be filled with files. It is removed when the block fails.

    Raises
    ------
    WorkbenchError
        See `explained`.
    """
    path = Path(path)
    temporary = _beside(path)
    try:
        with explained(path):
            make_folder(path.parent)
            temporary.mkdir()
            yield temporary
            for item in sorted(temporary.iterdir()):
                _synchronise(item)
            _synchronise(temporary)
            # A folder that holds files cannot be renamed over.
            shutil.rmtree(path, ignore_errors=True)
            os.replace(temporary, path)
            _synchronise(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _beside(path: Path) -> Path:
    """Return a free name in the same folder, which tells that what it names is not whole."""
    if not path.name:  # As that of "." and "/".
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.partial")


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write a file atomically; see `replacing` for the errors raised."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path | str, content: str) -> None:
    """Write a text file atomically as UTF-8, line ends as they are; see `replacing`."""
    write_bytes(path, content.encode())


def write_json(path: Path | str, content: Any) -> None:
    """Write a JSON file atomically: keys sorted, so that equal contents are equal bytes.

    A float that is not finite is written as null; see `workbench.store.plain.plain`.
    """
    text = json.dumps(plain(content), indent=2, sort_keys=True, allow_nan=False)
    write_text(path, text + "\n")


def writer_of(path: Path) -> int | None:
    """Return the process that wrote a temporary file, or None where the name is no such file's."""
    match = _TEMPORARY.fullmatch(path.name)
    return int(match[1]) if match else None


def _synchronise(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and cloud-drive mounts cannot synchronise a folder; the rename still holds.
        if not path.is_dir() or error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise
    finally:
        os.close(descriptor)
