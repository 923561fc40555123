"""Puts what happens in training into the run folders and the cohort's checkpoint."""

import time
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from workbench.spec import RunSpec
from workbench.store import checkpoints
from workbench.store.events import EventLog
from workbench.store.folder import RunStore
from workbench.store.reductions import cohort_id

CHECKPOINT_SECONDS = 60.0
"""How much work a killed machine may lose, at most."""


class StoreRecorder:
    """The recorder of a cohort.

    Parameters
    ----------
    store
        Where the runs are.
    specs
        The members, in the cohort's order.
    interval
        Seconds between checkpoints.
    constant_loss
        What the best constant predictor loses on their training examples: the first event of each
        run, by which a live view tells a collapse.

    Attributes
    ----------
    first
        The step from which training went on; 0 is the start.
    """

    def __init__(
        self,
        store: RunStore,
        specs: Sequence[RunSpec],
        interval: float = CHECKPOINT_SECONDS,
        constant_loss: float | None = None,
    ):
        self.store, self.specs, self.interval = store, specs, interval
        self.constant_loss = constant_loss
        self.name = cohort_id([spec.id for spec in specs])
        self.logs: list[EventLog] = []
        self.saved_at = time.monotonic()
        self.first = 0

    def resume(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Open the event logs where the last checkpoint left them, and return that checkpoint."""
        saved = checkpoints.load(self.store, self.name)
        offsets = saved[1]["offsets"] if saved else [None] * len(self.specs)
        for spec, offset in zip(self.specs, offsets, strict=True):
            self.store.begin(spec)
            self.logs.append(EventLog(self.store.events_path(spec.id), offset))
        self.first = saved[1]["position"] if saved else 0
        if saved is None:
            self._start()
        return saved

    def _start(self) -> None:
        for log in self.logs:
            log.append({"kind": "start", "step": 0, "constant_loss": self.constant_loss})

    def steps(self, first: int, losses: list[list[float]], norms: list[list[float]]) -> None:
        """Append one event a step and run."""
        for number, (by_run, norm_by_run) in enumerate(zip(losses, norms, strict=True), first):
            for log, loss, norm in zip(self.logs, by_run, norm_by_run, strict=True):
                event = {"kind": "step", "step": number, "loss": loss, "gradient_norm": norm}
                log.append(event)

    def epoch(self, epoch: int, step: int, scores: list[float | None]) -> None:
        """Append one event a run with the dev score."""
        for log, score in zip(self.logs, scores, strict=True):
            log.append({"kind": "epoch", "epoch": epoch, "step": step, "dev": score})

    def due(self) -> bool:
        """Tell whether the last checkpoint is long enough ago."""
        return time.monotonic() - self.saved_at > self.interval

    def save(self, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
        """Flush the events and replace the checkpoint."""
        for log in self.logs:
            log.flush()
        extra = {
            "runs": [spec.id for spec in self.specs],
            "offsets": [log.offset for log in self.logs],
        }
        checkpoints.save(self.store, self.name, tensors, state | extra)
        self.saved_at = time.monotonic()

    def close(self) -> None:
        """Flush and close the event logs."""
        for log in self.logs:
            log.close()

    def forget(self) -> None:
        """Remove the checkpoint of a finished cohort."""
        checkpoints.delete(self.store, self.name)
