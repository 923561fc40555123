"""Who works on a run: kernel file locks, which end with the process that holds them."""

import fcntl
import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack, suppress

from filelock import FileLock, Timeout

from workbench.store.atomic import explained, make_folder
from workbench.store.folder import RunStore

_PATIENCE_SECONDS = 0.05
"""Outlasts a claim that was not complete, and is given up at once."""

_LOOK_SECONDS = 5.0
"""Outlasts `working`, which takes a lock for an instant to see whether it is free: on a busy
machine whoever looks may wait for a core while it has it."""


def claim(store: RunStore, run_ids: Iterable[str]) -> AbstractContextManager | None:
    """Claim runs for this process, all of them or none.

    The locks are taken in the order of the identities, so two workers can never each hold what
    the other waits for. They end with the context, or with the process, however it ends. After
    claiming, look again whether the runs are still missing: another worker may have just finished
    them.

    Returns
    -------
    context manager or None
        The runs are claimed from the call on and until the context ends; None when another
        worker, in this process or any other, holds one of them.

    Raises
    ------
    WorkbenchError
        When a lock cannot be written, or the file system has none.
    """
    with ExitStack() as held:
        for run_id in sorted(set(run_ids)):
            lock = _take(store, run_id)
            if lock is None:
                return None
            held.callback(lock.release)
        return held.pop_all()


def working(store: RunStore, run_id: str) -> bool:
    """Tell whether some worker holds a run.

    The lock is taken together with all others that only look: they do not hold it to each other.
    """
    path = store.lock_path(run_id)
    with suppress(FileNotFoundError), explained(path), open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _take(store: RunStore, run_id: str) -> FileLock | None:
    """Take a lock unless a worker holds it; who only looks at it does not hold it, and is awaited.

    A worker that took a look for a claim would end, and leave the run to nobody.
    """
    path = store.lock_path(run_id)
    lock = FileLock(path, thread_local=False, fallback_to_soft=False)
    last = time.monotonic() + _LOOK_SECONDS
    with explained(path):
        make_folder(path.parent)
        while True:
            try:
                lock.acquire(timeout=_PATIENCE_SECONDS, poll_interval=_PATIENCE_SECONDS / 5)
                return lock
            except Timeout:
                if working(store, run_id) or time.monotonic() > last:
                    return None
