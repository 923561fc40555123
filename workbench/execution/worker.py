"""A worker: find a cohort that is missing, claim it, check again, train, repeat.

There is no queue and no server: one worker, eight workers or a cluster's tasks run the same line,
``python -m workbench work STUDY``.
"""

import os
import platform
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Any

import torch
import transformers

from workbench.execution.local import threads_per_worker
from workbench.execution.recording import CHECKPOINT_SECONDS, StoreRecorder
from workbench.spec import RunSpec
from workbench.store.claims import claim
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.store.study import Study, load_study
from workbench.training.cohort import Execution
from workbench.training.device import find_device
from workbench.training.prepared import Prepared, preparation_key, prepare
from workbench.training.trainer import Stopped, Trainer


class Worker:
    """Trains the missing cohorts of a study, one after another.

    Parameters
    ----------
    store
        Where runs are read and written.
    study
        What to train.
    execution
        Device and sizes.
    stop
        Asked after every step.
    interval
        Seconds between checkpoints.
    """

    def __init__(
        self,
        store: RunStore,
        study: Study,
        execution: Execution,
        stop: Callable[[], bool] = lambda: False,
        interval: float = CHECKPOINT_SECONDS,
    ):
        self.store, self.study, self.execution = store, study, execution
        self.stop, self.interval = stop, interval
        self._prepared: tuple[object, Prepared] | None = None

    def work(self) -> int:
        """Train until nothing is left that no other worker holds.

        Returns
        -------
        int
            How many cohorts this worker trained.

        Raises
        ------
        Stopped
            When it was asked to stop; the cohort in work has a checkpoint.
        """
        trained = 0
        left = list(self.study.cohorts)
        while left:
            done = [cohort for cohort in left if self._attempt(cohort)]
            trained += len(done)
            left = [cohort for cohort in left if self.store.missing(cohort)]
            if not done:
                break
        return trained

    def _attempt(self, cohort: tuple[str, ...]) -> bool:
        """Train a cohort if it is missing and free."""
        if self.stop():
            raise Stopped
        if not self.store.missing(cohort):
            return False
        held = claim(self.store, cohort)
        if held is None:
            return False
        with held:
            # Between the first look and the claim another worker may have finished it.
            if not self.store.missing(cohort):
                return False
            self._train([self.study.by_id[run] for run in cohort])
        return True

    def _train(self, specs: list[RunSpec]) -> None:
        started = time.perf_counter()
        prepared = self._prepare(specs[0])
        recorder = StoreRecorder(self.store, specs, self.interval)
        trainer = Trainer(specs, prepared, recorder, self.execution, self.stop)
        with closing(recorder):
            outcomes = trainer.run()
        timings = self._timings(specs, time.perf_counter() - started)
        for spec, outcome in zip(specs, outcomes, strict=True):
            self.store.finish(spec, outcome.result, outcome.predictions, timings)
        recorder.forget()

    def _prepare(self, spec: RunSpec) -> Prepared:
        key = preparation_key(spec)
        if self._prepared is None or self._prepared[0] != key:
            self._prepared = (key, prepare(spec))
        return self._prepared[1]

    def _timings(self, specs: list[RunSpec], seconds: float) -> dict[str, Any]:
        """Describe this computation: what may differ from one to the next."""
        return {
            "seconds": seconds,
            "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "cohort": [spec.id for spec in specs],
            "host": socket.gethostname(),
            "device": device_name(self.execution.device),
            "threads": torch.get_num_threads(),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }


def device_name(device: torch.device) -> str:
    """Return what a device is called, such as the GPU's product name."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({platform.machine()})"


@contextmanager
def stopping_on_signals() -> Iterator[Callable[[], bool]]:
    """Turn SIGTERM and SIGINT into a question that training asks after every step."""
    asked: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        asked.append(number)
        if len(asked) > 1:
            # A second request does not wait for the checkpoint.
            os._exit(128 + number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def work_on(name: str, outputs: str = "", device: str = "", micro_batch: int = 0) -> int:
    """Work on a stored study until nothing is left that no other worker holds.

    Parameters
    ----------
    name
        Of the study.
    outputs
        Folder of the runs; empty is the project's.
    device
        Empty is the study's own.
    micro_batch
        Examples of each run in one forward pass; 0 takes the whole batch.

    Returns
    -------
    int
        0, or 143 when it was asked to stop.
    """
    store = RunStore(outputs_folder(SweepSettings(outputs=outputs)))
    study = load_study(store, name)
    execution = Execution(find_device(device or study.device), micro_batch)
    if execution.device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads_per_worker())
    with stopping_on_signals() as stop:
        try:
            trained = Worker(store, study, execution, stop).work()
        except Stopped:
            print("stopped; the same line goes on from the checkpoint")
            return 143
    print(f"{trained} cohorts trained")
    return 0
