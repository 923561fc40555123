"""The workers on this computer, whoever started them: found, measured, asked to stop."""

import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise

import psutil

from workbench.execution import launch
from workbench.store.folder import RunStore
from workbench.store.study import Study


def worker_processes(store: RunStore, study: Study) -> list[psutil.Process]:
    """Return the processes of this computer that work on a study, whoever started them.

    A worker is known by its command line; whom it works for by the files that it has open: its log
    in the study's folder, or the lock of a run. One that still loads, or works on another computer,
    is not found.
    """
    root = os.path.realpath(store.root)
    locks = {f"{root}/locks/{run}.lock" for run in study.run_ids}
    logs = f"{root}/studies/{study.name}/"
    return [
        process
        for process in _workers()
        if any(path in locks or path.startswith(logs) for path in _open_files(process))
    ]


def _workers() -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if is_worker(each.info["cmdline"])]


def is_worker(command: list[str] | None) -> bool:
    """Tell whether a command line is a worker's, or of the process that turns into workers.

    Examples
    --------
    >>> is_worker(["python", "-m", "workbench", "work", "hoc-1"])
    True
    """
    words = command or []
    pairs = list(pairwise(words))
    return ("-m", launch.__name__) in pairs or (
        ("-m", "workbench") in pairs and ("workbench", "work") in pairs
    )


def _open_files(process: psutil.Process) -> list[str]:
    try:
        return [file.path for file in process.open_files()]
    except psutil.Error:
        return []  # It has ended, or is another user's.


def stop_processes(processes: Iterable[psutil.Process]) -> int:
    """Ask workers to save a checkpoint and end; return how many were asked.

    Those of one launcher are asked through it: it passes the request on to all that it started.
    """
    workers = {each.pid for each in _workers()}
    asked = 0
    for number in {_asked_through(each.pid, workers) for each in processes}:
        with suppress(psutil.NoSuchProcess):
            # Made anew: psutil keeps the processes that it lists, and takes one that has come to an
            # earlier one's number for that one, which is gone and cannot be asked.
            psutil.Process(number).terminate()
            asked += 1
    return asked


def _asked_through(number: int, workers: set[int]) -> int:
    """Return the number of a worker's launcher, which leads its session; else the worker's own."""
    with suppress(ProcessLookupError):
        leader = os.getsid(number)
        return leader if leader in workers else number
    return number


def memory_of(processes: Iterable[psutil.Process]) -> int:
    """Return the bytes of main memory that processes hold, shared ones counted once where known."""
    return sum(map(_memory, processes))


def _memory(process: psutil.Process) -> int:
    try:
        found = process.memory_full_info()
        return getattr(found, "pss", found.uss)
    except psutil.Error:
        return 0  # It has ended.
