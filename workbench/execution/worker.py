"""A worker: find a cohort that is missing, claim it, check again, train, repeat.

There is no queue and no server: one worker, eight workers or a cluster's tasks run the same line,
``python -m workbench work STUDY``.
"""

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext

import torch

from workbench.execution.heap import return_heap
from workbench.execution.launch import STOPPED
from workbench.execution.local import threads_per_worker
from workbench.execution.recording import CHECKPOINT_SECONDS, StoreRecorder
from workbench.execution.shortage import (
    free,
    out_of_memory,
    reduce,
    reduced_execution,
)
from workbench.execution.stopping import stopping_on_signals
from workbench.execution.timings import cohort_timings, engine, process_seconds
from workbench.spec import RunSpec
from workbench.store.claims import claim
from workbench.store.folder import RunStore
from workbench.store.reductions import parts, reduction
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.store.study import Study, load_study
from workbench.training.device import find_device
from workbench.training.inputs import preparation_key
from workbench.training.outcome import Outcome
from workbench.training.plan import Execution
from workbench.training.prepared import Prepared, prepare
from workbench.training.trainer import Stopped, Trainer
from workbench.training.workload import workload


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
    asked
        When the worker was wanted, seconds since the epoch; by default when its process began.
    unsaved
        Opens the context in which it loads: there is nothing to save that could be waited for.
    """

    def __init__(
        self,
        store: RunStore,
        study: Study,
        execution: Execution,
        stop: Callable[[], bool] = lambda: False,
        interval: float = CHECKPOINT_SECONDS,
        asked: float | None = None,
        unsaved: Callable[[], AbstractContextManager] = nullcontext,
    ):
        self.store, self.study, self.execution = store, study, execution
        self.stop, self.interval, self.unsaved = stop, interval, unsaved
        self.trained = 0
        self.startup = time.time() - asked if asked else process_seconds()
        self._evaluating = False
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
        while any([self._attempt(cohort) for cohort in self._left()]):
            pass
        self._settle()
        return self.trained

    def _left(self) -> list[tuple[str, ...]]:
        """Return the cohorts that are missing, as they are divided now."""
        divided = [
            part
            for cohort in self.study.cohorts
            for part in parts(self.store, self.study.name, cohort)
        ]
        return [cohort for cohort in divided if self.store.missing(cohort)]

    def _attempt(self, cohort: tuple[str, ...]) -> bool:
        """Train a cohort if it is missing and free; tell whether to look again what is left."""
        if self.stop():
            raise Stopped
        held = claim(self.store, cohort) if self.store.missing(cohort) else None
        if held is None:
            return False
        with held:
            # Between the first look and the claim another worker may have finished or divided it.
            if not self.store.missing(cohort):
                return False
            found = reduction(self.store, self.study.name, cohort)
            if not found.divided:
                specs = [self.study.by_id[run] for run in cohort]
                self._train_or_reduce(specs, reduced_execution(self.execution, found))
        self._settle()
        return True

    def _train_or_reduce(self, specs: list[RunSpec], execution: Execution) -> None:
        """Train a cohort; where its memory runs out, record that less is to be done at once."""
        self._evaluating = False
        try:
            self._train(specs, execution)
            return return_heap()
        except Exception as problem:
            if not out_of_memory(problem):
                raise
        # Past the handler nothing refers to the failed training any more.
        free()
        reduce(self.store, self.study.name, specs, execution, self._evaluating)

    def _train(self, specs: list[RunSpec], execution: Execution) -> None:
        started = time.perf_counter()
        with self.unsaved():
            prepared = self._prepare(specs[0])
            constant_loss = prepared.task.shape.best_constant_loss(prepared.encoded["train"])
            recorder = StoreRecorder(self.store, specs, self.interval, constant_loss)
            trainer = Trainer(specs, prepared, recorder, execution, self.stop)
        ready = time.perf_counter()
        with closing(recorder):
            outcomes = self._run(trainer)
        self._keep_models(trainer, outcomes)
        timings = cohort_timings(specs, execution, workload(prepared), recorder.first) | {
            "seconds": time.perf_counter() - started,
            "preparation": ready - started,
            "startup": self.startup,
            "engine": engine(trainer.cohort, trainer.first_step_seconds),
        }
        for spec, outcome in zip(specs, outcomes, strict=True):
            self.store.finish(spec, outcome.result, outcome.predictions, timings)
        recorder.forget()
        self.trained += 1

    def _keep_models(self, trainer: Trainer, outcomes: list[Outcome]) -> None:
        """Write the weights that the study wants: before the results, so that none lacks them."""
        if self.study.settings.save != "none":
            # Nothing of it is loaded where nothing is saved.
            from workbench.saved.writing import write_waiting

            write_waiting(self.store, self.study, trainer, outcomes)

    def _settle(self) -> None:
        """Let the study keep what it wants of its models, as far as that is known."""
        if self.study.settings.save != "none":
            from workbench.saved.settling import settle

            settle(self.store, self.study)

    def _run(self, trainer: Trainer) -> list[Outcome]:
        try:
            return trainer.run()
        finally:
            self._evaluating = not trainer.cohort.network.training

    def _prepare(self, spec: RunSpec) -> Prepared:
        key = preparation_key(spec)
        if self._prepared is None or self._prepared[0] != key:
            self._prepared = (key, prepare(spec))
        return self._prepared[1]


def work_on(
    name: str,
    outputs: str = "",
    device: str = "",
    micro_batch: int = 0,
    asked: float | None = None,
) -> int:
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
    asked
        As for `Worker`.

    Returns
    -------
    int
        0, or 143 when it was asked to stop.
    """
    store = RunStore(outputs_folder(SweepSettings(outputs=outputs)))
    study = load_study(store, name)
    execution = Execution(find_device(device or study.device), micro_batch)
    if execution.device.type == "cuda":
        # Pinned memory belongs to the current device: it must not open the first GPU as well.
        torch.cuda.set_device(execution.device)
    if execution.device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(threads_per_worker())
    with stopping_on_signals() as stop:
        try:
            worker = Worker(store, study, execution, stop, asked=asked, unsaved=stop.unsaved)
            trained = worker.work()
        except Stopped:
            print("stopped; the same line goes on from the checkpoint")
            return STOPPED
    print(f"{trained} cohorts trained")
    return 0
