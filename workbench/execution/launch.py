"""Starts workers out of one process that has loaded the libraries.

Each worker would otherwise load them itself, which takes seconds of a core. The process is started
early, and loads while whoever wants the workers still loads and plans. Run as a module, this file
is that process: it reads one order, turns into workers, and ends when they have.
"""

import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.execution.loading import uncollected

STOPPED = 128 + signal.SIGTERM
"""The exit status of a worker that was asked to end, and saved a checkpoint."""

_STOPS = {signal.SIGTERM, signal.SIGINT}


@dataclass(frozen=True)
class Order:
    """What workers are wanted for.

    Attributes
    ----------
    study, outputs
        Its name, and the folder of the runs.
    devices, logs
        Of each worker: where it computes, and the file for what it prints.
    asked
        When they were wanted, seconds since the epoch.
    """

    study: str
    outputs: str
    devices: list[str]
    logs: list[str]
    asked: float


@dataclass(frozen=True)
class Failure:
    """A worker that ended before its time: which one, and its exit status (negative: a signal)."""

    number: int
    status: int

    @property
    def asked_for(self) -> bool:
        """Whether somebody asked it to end, in training or while it still loaded."""
        return self.status in {STOPPED, *(-number for number in _STOPS)}


class Launcher:
    """The process that turns into workers, which then outlive whoever started it.

    As long as it has no order, it ends with whoever started it.
    """

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A session of its own: closing the notebook or a Ctrl-C there does not end it.
            start_new_session=True,
            # Asking torch for a GPU then opens none: one that is open is lost after a fork.
            env=os.environ | {"PYTORCH_NVML_BASED_CUDA_CHECK": "1"},
        )

    def order(self, order: Order) -> None:
        """Start workers as soon as the libraries are loaded; once only."""
        assert self.process.stdin
        # Of a process that is gone its exit status tells.
        with suppress(BrokenPipeError), self.process.stdin as stream:
            stream.write(json.dumps(asdict(order)).encode())

    @property
    def running(self) -> bool:
        """Whether it waits for an order, or any of its workers still works."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Ask all workers to save a checkpoint and end, and wait until they have."""
        with self.process as process:
            process.terminate()

    def leave(self) -> None:
        """Let the workers end alone."""
        assert self.process.stdout
        self.process.stdout.close()

    def failure(self) -> Failure | None:
        """Return which worker ended before its time, None while all is well."""
        status = self.process.poll()
        if not status:
            return None
        assert self.process.stdout
        told = self.process.stdout.read()
        return Failure(**json.loads(told)) if told else Failure(0, status)


_early: list[Launcher] = []


def prepare() -> None:
    """Let the libraries load that the next workers need."""
    if not _early:
        _early.append(Launcher())


def prepared() -> Launcher:
    """Return the launcher that `prepare` has started, or a new one."""
    launcher = _early.pop() if _early else Launcher()
    return launcher if launcher.running else Launcher()


def dismiss() -> None:
    """End the launcher that `prepare` has started: nothing needs a worker."""
    while _early:
        _early.pop().stop()


def main() -> int:
    """Load the libraries, read an order, and turn into workers; return the exit status."""
    with uncollected():
        from workbench.execution import worker  # noqa: F401
    words = sys.stdin.read()
    if not words:
        return 0
    order = Order(**json.loads(words))
    count = len(order.devices)
    return _work(order, 0) if count == 1 else _watch(order, count)


def _watch(order: Order, count: int) -> int:
    """Fork workers, pass signals on to them, and wait; where one fails, stop the others."""
    # A signal that comes before both sides can handle it waits.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    workers = {_fork(order, number): number for number in range(count)}
    stopping = []

    def stop(number: int, _: object = None) -> None:
        stopping.append(number)
        _send(workers, number)

    for each in _STOPS:
        signal.signal(each, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    failed = 0
    while workers:
        process, ended = os.wait()
        if process not in workers:
            continue  # What others of this process started, and nobody waited for.
        failure = Failure(workers.pop(process), os.waitstatus_to_exitcode(ended))
        if failure.status and not failed:
            failed = 1
            _tell(failure)
            # A second request would end them without a checkpoint.
            if not stopping:
                _send(workers, signal.SIGTERM)
    return failed


def _tell(failure: Failure) -> None:
    # Whoever started the workers may be gone; a buffer would complain of that at the end again.
    with suppress(BrokenPipeError):
        os.write(1, json.dumps(asdict(failure)).encode() + b"\n")


def _send(processes: Mapping[int, object], number: int) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def _fork(order: Order, number: int) -> int:
    if process := os.fork():
        return process
    status = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        status = _work(order, number)
    finally:
        # Nothing that the launcher has registered for its own end is to run here.
        os._exit(status)


def _work(order: Order, number: int) -> int:
    """Be a worker; return the exit status."""
    import torch

    from workbench.execution.local import threads_per_worker
    from workbench.execution.worker import work_on

    with Path(order.logs[number]).open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    torch.set_num_threads(threads_per_worker())
    try:
        return work_on(order.study, order.outputs, order.devices[number], asked=order.asked)
    except WorkbenchError as problem:
        print(problem)
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 1


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Taking the libraries down would cost a second, and Triton's would complain.
    os._exit(status)
