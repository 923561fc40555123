"""What an interrupted or abandoned run leaves behind, and its removal.

Nothing that somebody works on is touched: a removal holds the locks of the runs it concerns, and
leaves alone what changed since it was found. A finished run goes only when that is asked for.
"""

import os
import shutil
import stat
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.store import checkpoints
from workbench.store.atomic import explained, writer_of
from workbench.store.claims import claim, working
from workbench.store.folder import RunStore, is_run_id


@dataclass(frozen=True)
class Leftover:
    """A file or folder that nothing needs any more."""

    kind: str
    """temporary file, unfinished run, finished run, checkpoint, waiting weights or lock file."""
    path: Path
    bytes: int
    """The size of all it holds."""
    modified: float
    """The latest change to any of it, in seconds since 1970."""
    runs: tuple[str, ...] = ()
    """The runs nobody may be working on while it is removed."""


def survey(
    store: RunStore, keep: Collection[str], drop_finished_outside_studies: bool = False
) -> list[Leftover]:
    """Find what nothing needs any more: see `collect` for the rules.

    Parameters
    ----------
    store
        Where to look.
    keep
        The runs that some study holds.
    drop_finished_outside_studies
        Whether finished runs that no study holds are unneeded too.
    """
    runs = list(_runs(store, keep, drop_finished_outside_studies))
    inside = {item.path for item in runs}
    others = [
        *_temporary_files(store),
        *_checkpoints(store, keep),
        *_waiting_weights(store, keep),
        *_locks(store),
    ]
    found = runs + [item for item in others if inside.isdisjoint(item.path.parents)]
    return [item for item in found if not any(working(store, run) for run in item.runs)]


def collect(
    store: RunStore,
    keep: Collection[str],
    older_than_seconds: float,
    dry_run: bool,
    drop_finished_outside_studies: bool = False,
) -> list[Leftover]:
    """Remove what nothing needs any more.

    These are: temporary files of writers that died; checkpoints with no unfinished run that a
    study holds; weights of a run that no study holds, which wait for one to be complete;
    unfinished (or damaged) run folders that no study holds; lock files. Runs that somebody works on
    are left out with all that belongs to them. Models that a study has kept stay.

    Parameters
    ----------
    store, keep, drop_finished_outside_studies
        See `survey`.
    older_than_seconds
        Only what has not changed for so long. On storage that several computers share, a
        temporary file's writer may live on another one: leave it the time to finish.
    dry_run
        Whether to remove nothing and only report.

    Returns
    -------
    list of Leftover
        What was removed, or would be; `bytes_of` adds it up.

    Raises
    ------
    WorkbenchError
        When something may not be removed.
    """
    newest = time.time() - older_than_seconds
    found = survey(store, keep, drop_finished_outside_studies)
    old = [item for item in found if item.modified <= newest]
    return old if dry_run else [item for item in old if _remove(store, item)]


def bytes_of(leftovers: Collection[Leftover]) -> int:
    """Add up the sizes."""
    return sum(item.bytes for item in leftovers)


def _runs(store: RunStore, keep: Collection[str], drop_finished: bool) -> Iterator[Leftover]:
    for run_id in store.run_ids():
        if run_id in keep:
            continue
        finished = store.finished(run_id)
        if drop_finished or not finished:
            kind = "finished run" if finished else "unfinished run"
            yield _leftover(kind, store.folder(run_id), (run_id,))


def _checkpoints(store: RunStore, keep: Collection[str]) -> Iterator[Leftover]:
    for path in sorted(store.root.glob("checkpoints/*.safetensors")):
        state = checkpoints.read_state(path)
        # A damaged header names no runs; such a file can be of no use to anybody.
        runs = [] if state is None else state.get("runs")
        if runs is not None and not store.missing(run for run in runs if run in keep):
            yield _leftover("checkpoint", path, tuple(runs))


def _waiting_weights(store: RunStore, keep: Collection[str]) -> Iterator[Leftover]:
    for path in sorted(store.root.glob("models/*/.waiting/*")):
        if is_run_id(path.name) and path.name not in keep:
            yield _leftover("waiting weights", path, (path.name,))


def _temporary_files(store: RunStore) -> Iterator[Leftover]:
    for path in sorted(store.root.rglob(".*.partial")):
        writer, run_id = writer_of(path), path.parent.name
        if path.parent.parent == store.root / "runs" and is_run_id(run_id):
            # Only whoever holds the run's lock writes there, so the lock alone decides.
            yield _leftover("temporary file", path, (run_id,))
        elif writer is not None and not _alive(writer):
            yield _leftover("temporary file", path)


def _locks(store: RunStore) -> Iterator[Leftover]:
    for path in sorted(store.locks.glob("*.lock")):
        if is_run_id(path.stem):
            yield _leftover("lock file", path, (path.stem,))


def _leftover(kind: str, path: Path, runs: tuple[str, ...] = ()) -> Leftover:
    return Leftover(kind, path, *_measure(path), runs)


def _measure(path: Path) -> tuple[int, float]:
    """Return the bytes in all files of a path and the time of the latest change."""
    inside = [item.lstat() for item in [path, *path.rglob("*")] if item.exists()]
    size = sum(item.st_size for item in inside if stat.S_ISREG(item.st_mode))
    return size, max((item.st_mtime for item in inside), default=0.0)


def _remove(store: RunStore, item: Leftover) -> bool:
    """Remove one leftover under the locks of its runs, unless it is in use or has changed."""
    claimed = claim(store, item.runs)
    if claimed is None:
        return False
    with claimed:
        unchanged = _measure(item.path) == (item.bytes, item.modified)
        if unchanged:
            _delete(item.path)
        # Claiming made these. Whoever has one open takes the lock of the file that comes after.
        for run_id in item.runs:
            store.lock_path(run_id).unlink(missing_ok=True)
    return unchanged


def _delete(path: Path) -> None:
    with explained(path):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    """Tell whether a process runs on this computer."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
