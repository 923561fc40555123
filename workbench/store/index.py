"""What finished runs hold, kept in one file so that thousands of folders need not be read again.

The folders are the truth. An entry of the index counts for as long as no file of its run has
another size or time of change than when the entry was made; so a run that was added, changed or
removed is seen at the next look, and the index may be deleted at any time. Every look adds what it
read, so the report at the end of a sweep leaves its runs in the index. Damage that leaves size and
time as they were is found by `RunStore.finished`, which reads every byte.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from workbench.errors import WorkbenchError
from workbench.store.atomic import write_bytes
from workbench.store.folder import PREDICTIONS, RESULT, SPEC, TIMINGS, RunStore

VERSION = 1
"""Raised when an entry holds something else."""

SETTLED = 2.0
"""Seconds within which a file may change again and keep its time, on a coarse clock."""

_FILES = (SPEC, RESULT, PREDICTIONS, TIMINGS)

Mark = list[int]
"""Time of change in nanoseconds and size of each file of a run, -1 for one that is not there."""


class Digest(NamedTuple):
    """What a table needs of a finished run."""

    spec: dict[str, Any]
    """The specification as stored, of whatever version."""
    result: dict[str, Any]
    """The result without the history of its dev scores."""
    finished: str
    """When it was finished, such as ``2026-11-23T17:53:43Z`` (UTC); empty where it is unknown."""


def digests(store: RunStore, run_ids: Iterable[str] | None = None) -> dict[str, Digest]:
    """Return what the finished runs hold, by identity.

    Parameters
    ----------
    store
        The runs.
    run_ids
        The runs to read, in this order; None reads all.

    Returns
    -------
    dict
        Runs that are unfinished or damaged (`RunStore.result`) are absent.
    """
    wanted = list(store.run_ids() if run_ids is None else run_ids)
    kept, marks = _load(index_path(store)), {run: _mark(store, run) for run in wanted}
    known = {run: kept[run][1] for run in wanted if run in kept and kept[run][0] == marks[run]}
    # Each is marked before it is read: what changes in between has another mark next time.
    added = {run: found for run in wanted if run not in known and (found := _read(store, run))}
    if added:
        others = {} if run_ids is None else kept
        _save(index_path(store), others | _settled(marks, known | added))
    return {run: found for run in wanted if (found := known.get(run) or added.get(run))}


def index_path(store: RunStore) -> Path:
    """Return the path of a store's index, which need not exist."""
    return store.root / "index.json"


def _read(store: RunStore, run_id: str) -> Digest | None:
    result = store.result(run_id)
    spec = None if result is None else store.spec_json(run_id)
    if result is None or spec is None:
        return None
    rest = {name: value for name, value in result.items() if name != "history"}
    return Digest(spec, rest, str(store.timings(run_id).get("finished", "")))


def _mark(store: RunStore, run_id: str) -> Mark:
    mark = []
    for name in _FILES:
        try:
            found = os.stat(store.file(run_id, name))
            mark += [found.st_mtime_ns, found.st_size]
        except OSError:
            mark += [-1, -1]
    return mark


_Entries = dict[str, tuple[Mark, Digest]]


def _settled(marks: Mapping[str, Mark], found: Mapping[str, Digest]) -> _Entries:
    """Return the entries of runs whose files are too old to change unseen."""
    latest = time.time_ns() - SETTLED * 1e9
    return {
        run: (marks[run], digest) for run, digest in found.items() if max(marks[run][::2]) < latest
    }


def _load(path: Path) -> _Entries:
    """Read an index; of one that is absent, damaged or of another version nothing is known."""
    try:
        head, _, body = path.read_bytes().partition(b"\n")
        if head != _head(body):
            return {}
    except OSError:
        return {}
    return {run: (mark, Digest(*digest)) for run, (mark, digest) in json.loads(body).items()}


def _save(path: Path, entries: _Entries) -> None:
    body = json.dumps(entries, separators=(",", ":"), allow_nan=False).encode()
    # Where nothing can be written, the folders are read again the next time.
    with suppress(WorkbenchError):
        write_bytes(path, _head(body) + b"\n" + body)


def _head(body: bytes) -> bytes:
    return f"workbench index {VERSION} {hashlib.sha256(body).hexdigest()}".encode()
