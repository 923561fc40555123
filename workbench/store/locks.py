"""Where lock files lie: in the outputs folder, unless its file system cannot be trusted with them.

Google Drive is such a file system: its client has been seen to exchange an empty file for another
of the same name, so that whoever locks the new one does not see the lock on the old one (tox-dev's
filelock, pull request 139). A hosted session has its disk to itself, so the locks lie there.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
"""One mounted file system a line: device, place, type, ... (``man 5 proc``)."""

_DRIVE = "fuse.drive"
"""The type under which Colab mounts Google Drive, as ``google.colab.drive`` looks for it."""


def locks_folder(outputs: Path) -> Path:
    """Return the folder for the lock files of an outputs folder; it need not exist.

    All processes of a computer come to the same folder. On Drive, two computers do not: a study
    there is to be trained in one session at a time.
    """
    place = os.path.realpath(outputs)
    if file_system(place) != _DRIVE:
        return outputs / "locks"
    key = hashlib.sha256(place.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"workbench-locks-{os.getuid()}" / key


def file_system(path: str) -> str:
    """Return the type of the file system that holds an absolute path; empty where it is unknown."""
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    # The latest of the longest is what is seen: a mount hides what was mounted there before.
    found = [
        (len(place), number, kind)
        for number, line in enumerate(lines)
        for _, written, kind, *_ in [line.split(" ")]
        if os.path.commonpath([path, place := _unescaped(written)]) == place
    ]
    return max(found, default=(0, 0, ""))[2]


def _unescaped(text: str) -> str:
    """Read a place as the kernel writes it: blanks and their like as octal numbers."""
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), text)
