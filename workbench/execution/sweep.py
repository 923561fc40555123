"""Runs what a study misses in workers of this machine, and waits for the end."""

import time
from collections.abc import Callable

from workbench.errors import WorkbenchError
from workbench.execution.launch import dismiss
from workbench.execution.local import LocalWorkers, worker_count
from workbench.execution.progress import Progress, ProgressReader
from workbench.store.claims import working
from workbench.store.folder import RunStore
from workbench.store.study import Study

_LOOK_SECONDS = 0.3


def run_missing(
    store: RunStore,
    study: Study,
    workers: int = 0,
    show: Callable[[Progress], None] = lambda progress: None,
) -> int:
    """Train the missing runs of a study; return how many there were.

    Runs that other workers hold, started by anyone, are waited for, not repeated.

    Parameters
    ----------
    store, study
        What to run.
    workers
        Processes to start; 0 chooses.
    show
        Given the progress a few times a second.

    Raises
    ------
    WorkbenchError
        When a worker failed; what is finished stays.
    KeyboardInterrupt
        When interrupted; the workers have saved checkpoints.
    """
    reader = ProgressReader(store, study)
    missing = len(reader.missing)
    while reader.unfinished:
        _round(store, study, workers, reader, show)
        _wait_for_others(store, reader, show)
    dismiss()
    return missing


def _round(
    store: RunStore,
    study: Study,
    workers: int,
    reader: ProgressReader,
    show: Callable[[Progress], None],
) -> None:
    """Start workers and watch until they have ended or all is finished."""
    cohorts = [cohort for cohort in study.cohorts if set(cohort) & set(reader.unfinished)]
    local = LocalWorkers(store, study, worker_count(study.device, len(cohorts), workers))
    try:
        # Workers take a moment to end after their last run: nobody needs to wait for that.
        while local.running and reader.unfinished:
            show(reader.look())
            time.sleep(_LOOK_SECONDS)
            local.check()
        show(reader.look())
    except BaseException:
        local.stop()
        raise
    local.check()
    local.leave()


def _wait_for_others(
    store: RunStore, reader: ProgressReader, show: Callable[[Progress], None]
) -> None:
    """Wait while others work on what is left; complain when nobody does and it stays damaged."""
    while any(working(store, run) for run in reader.unfinished):
        time.sleep(_LOOK_SECONDS)
        show(reader.look())
    if reader.unfinished and all(store.damaged(run) for run in reader.unfinished):
        raise WorkbenchError(
            f"the run {reader.unfinished[0]} stays damaged after it was computed again: check "
            f"the disk that holds {store.root}"
        )
