"""Workers as processes of this machine.

They outlive whoever started them, a closed notebook or a restarted kernel; what they do is read
from the store.
"""

import signal
import time

import torch

from workbench.errors import WorkbenchError
from workbench.execution.launch import Order, prepared
from workbench.store.folder import RunStore
from workbench.store.study import Study, study_path
from workbench.training.device import cores

_MOST_CPU_WORKERS = 8


def threads_per_worker() -> int:
    """Return the threads of one CPU worker: fixed for a machine, since they move the last digits.

    Small tasks gain more from workers side by side than from threads inside one.
    """
    return max(1, cores() // _MOST_CPU_WORKERS)


def worker_count(device: str, missing: int, asked: int = 0, gpus: int | None = None) -> int:
    """Return how many workers to start.

    One for each GPU; on a CPU as many as cores and threads allow; never more than there is work.

    Parameters
    ----------
    device
        Of the study: ``cuda`` stands for all GPUs.
    missing
        Cohorts to train.
    asked
        By the user; 0 chooses.
    gpus
        On this machine; None counts them.
    """
    if asked:
        return min(asked, missing)
    kind = device.split(":")[0]
    if kind == "cuda":
        gpus = torch.cuda.device_count() if gpus is None else gpus
        return min(missing, 1 if ":" in device else gpus)
    return min(missing, cores() // threads_per_worker() if kind == "cpu" else 1)


def worker_device(device: str, number: int, gpus: int | None = None) -> str:
    """Return the device of a worker: the GPUs in turn where a study is on all of them.

    Examples
    --------
    >>> [worker_device("cuda", number, gpus=2) for number in range(3)]
    ['cuda:0', 'cuda:1', 'cuda:0']
    """
    if device != "cuda":
        return device
    return f"cuda:{number % (torch.cuda.device_count() if gpus is None else gpus)}"


class WorkersStopped(WorkbenchError):
    """Somebody asked the workers to end: nothing went wrong."""


class LocalWorkers:
    """The worker processes that this process started for a study.

    Parameters
    ----------
    store, study
        What they work on.
    count
        How many to start.
    """

    def __init__(self, store: RunStore, study: Study, count: int):
        folder = study_path(store, study.name).parent
        self.logs = [folder / f"worker-{number}.log" for number in range(count)]
        order = Order(
            study=study.name,
            outputs=str(store.root),
            devices=[worker_device(study.device, number) for number in range(count)],
            logs=[str(log) for log in self.logs],
            asked=time.time(),
        )
        self.launcher = prepared()
        self.launcher.order(order)

    @property
    def running(self) -> bool:
        """Whether any of them still works."""
        return self.launcher.running

    def stop(self) -> None:
        """Ask all of them to save a checkpoint and end, and wait until they have."""
        self.launcher.stop()

    def leave(self) -> None:
        """Let them end alone: whatever they were started for is done."""
        self.launcher.leave()

    def check(self) -> None:
        """Raise what ended a worker before its time, if anything did.

        Raises
        ------
        WorkersStopped
            When somebody asked it to end.
        WorkbenchError
            With the last line of the worker's log.
        """
        failure = self.launcher.failure()
        if failure is None:
            return
        if failure.asked_for:
            raise WorkersStopped("the workers were stopped: the same line goes on where they were")
        raise WorkbenchError(self._reason(failure.number, failure.status))

    def _reason(self, number: int, status: int) -> str:
        log = self.logs[number]
        text = log.read_text(encoding="utf8", errors="replace") if log.exists() else ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if status < 0 or not lines:
            name = signal.Signals(-status).name if status < 0 else f"status {status}"
            return (
                f"a worker ended by {name} (out of memory?): run the same line again to go on, "
                f"perhaps with a smaller batch_size or workers=1; its log is {log}"
            )
        return lines[-1]
