"""Contestants in processes of their own, so that memory is theirs alone and a death harms no other.

The processes are forked from a server that has imported the libraries and done nothing else. A GPU
that was opened before a fork is lost after it: where importing the libraries opens it, processes
are started afresh instead.
"""

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any

import torch

from workbench.benchmark import engine, peers
from workbench.benchmark.job import CACHED, END, ENGINE, REST, Job, Turn, Turns
from workbench.training.device import allow_tf32

_PATIENCE_SECONDS = 30


class ContestantFailed(Exception):
    """A contestant cannot go on; its text says why in one line."""


@dataclass(frozen=True)
class _Failed:
    reason: str


def peak_memory(device: torch.device) -> float:
    """Return this process's peak memory in bytes.

    On a GPU that is what torch has reserved there, else the resident set, libraries included.
    """
    if device.type == "cuda":
        return float(torch.cuda.max_memory_reserved(device))
    # Linux counts in kilobytes, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def serve(connection: Connection, job: Job) -> None:
    """Train a job, turn by turn, as commands come; this runs in the contestant's process."""
    # Ctrl-C reaches every process of a terminal; the one that started this one ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        job = replace(job, device=alone_with(job.device))
        device = torch.device(job.device)
        if job.threads:
            torch.set_num_threads(job.threads)
        # In float32 nobody multiplies with TF32's 10 bits.
        allow_tf32(job.specs[0].precision, device)
        train = engine.train if job.contestant in (ENGINE, CACHED) else peers.train
        train(job, Turns(connection.recv, connection.send, device))
        connection.send(peak_memory(device))
    except EOFError:
        pass  # Whoever asked has gone.
    except Exception as problem:
        connection.send(_Failed(reason_of(problem)))


def alone_with(device: str) -> str:
    """Hide every GPU but one from this process, and return how that one is called now.

    transformers' Trainer would otherwise spread its batches over all GPUs of the machine.
    """
    kind, _, number = device.partition(":")
    if kind != "cuda":
        return device
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = seen.split(",") if seen else None
    index = int(number or 0)
    os.environ["CUDA_VISIBLE_DEVICES"] = names[index] if names else str(index)
    return kind


def reason_of(problem: BaseException) -> str:
    """Return the first line of an exception, or that memory ran out."""
    text = str(problem).strip().splitlines()[0] if str(problem).strip() else ""
    out = isinstance(problem, MemoryError | torch.OutOfMemoryError) or "can't allocate" in text
    return "out of memory" if out else f"{type(problem).__name__}: {text}".removesuffix(": ")


class Process:
    """One contestant at work; a context manager, which ends the process.

    Parameters
    ----------
    job
        What it trains.
    """

    def __init__(self, job: Job):
        context = starter(torch.device(job.device).type)
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, job))
        self.process.start()
        theirs.close()

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.connection.close()
        if kind is None:
            self.process.join(_PATIENCE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()

    def start(self, steps: int) -> None:
        """Let it take a turn of so many steps."""
        try:
            self.connection.send(steps)
        except OSError:
            raise self._dead() from None

    def finish(self) -> Turn:
        """Wait for the end of the turn.

        Raises
        ------
        ContestantFailed
            When an error ended it, or the system did.
        """
        return self._answer()

    def turn(self, steps: int) -> Turn:
        """Let it take a turn and wait for the end."""
        self.start(steps)
        return self.finish()

    def start_resting(self) -> None:
        """Let it give memory that it does not need now back, as soon as it gets there."""
        self.start(REST)

    def rested(self) -> None:
        """Wait until it has given memory back, and has loaded its model before."""
        self._answer()

    def rest(self) -> None:
        """Let it give memory back and wait for the end."""
        self.start_resting()
        self.rested()

    def end(self) -> float:
        """End the contestant and return its peak memory in bytes."""
        self.start(END)
        return self._answer()

    def _answer(self) -> Any:
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            raise self._dead() from None
        if isinstance(answer, _Failed):
            raise ContestantFailed(answer.reason)
        return answer

    def _dead(self) -> ContestantFailed:
        # What it sent before it ended says more than how it ended.
        with suppress(EOFError, OSError):
            while self.connection.poll():
                if isinstance(answer := self.connection.recv(), _Failed):
                    return ContestantFailed(answer.reason)
        self.process.join(_PATIENCE_SECONDS)
        code = self.process.exitcode or 0
        if code < 0:
            return ContestantFailed(f"ended by {signal.Signals(-code).name} (out of memory?)")
        return ContestantFailed(f"ended with status {code}")


@cache
def starter(kind: str) -> ForkServerContext | SpawnContext:
    """Return what starts processes that compute on a kind of device."""
    if kind == "cuda":
        # Asking torch whether there is a GPU then opens none.
        os.environ.setdefault("PYTORCH_NVML_BASED_CUDA_CHECK", "1")
    forked = multiprocessing.get_context("forkserver")
    forked.set_forkserver_preload([__name__])
    if kind == "cuda" and not _succeeds(forked, torch.cuda.init):
        return multiprocessing.get_context("spawn")
    return forked


def _succeeds(context: ForkServerContext, action: Callable[[], None]) -> bool:
    """Tell whether a process started by a context can do something."""
    process = context.Process(target=_silently, args=(action,))
    process.start()
    process.join()
    return process.exitcode == 0


def _silently(action: Callable[[], None]) -> None:
    try:
        action()
    except Exception:
        sys.exit(1)
