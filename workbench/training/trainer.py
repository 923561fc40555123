"""Trains a cohort from its first step to its scores, or from where a checkpoint left it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.spec import RunSpec
from workbench.training.cohort import Cohort, Execution, Interrupted
from workbench.training.outcome import Outcome, Record, outcome, predict
from workbench.training.prepared import Prepared
from workbench.training.recorder import Recorder

_DRAIN_SECONDS = 0.25
"""How often losses are fetched from the device: fetching waits for it."""


class Stopped(Exception):
    """Training was asked to stop and has saved a checkpoint."""


@dataclass(frozen=True)
class Scored:
    """The weights of a run that its scores and predictions were made with.

    Attributes
    ----------
    weights
        By the parameters' names in a `workbench.models.network.Network`; they share its memory.
    unused
        What weight decay has left of the word embeddings that training did without.
    """

    weights: dict[str, Tensor]
    unused: float


class Trainer:
    """Trains one cohort.

    Parameters
    ----------
    specs
        Of the members, in the cohort's order.
    prepared
        Their task and model.
    recorder
        Takes events and checkpoints.
    execution
        Where and how.
    stop
        Asked after every step and before every batch of an evaluation; True ends training with
        `Stopped` once a checkpoint is saved.
    """

    def __init__(
        self,
        specs: Sequence[RunSpec],
        prepared: Prepared,
        recorder: Recorder,
        execution: Execution,
        stop: Callable[[], bool] = lambda: False,
    ):
        self.specs, self.prepared, self.recorder, self.stop = specs, prepared, recorder, stop
        self.cohort = Cohort(
            specs,
            prepared.model,
            prepared.encoded["train"],
            prepared.task.shape.objective,
            execution,
            prepared.frozen,
        )
        self.waiting: list[tuple[Tensor, Tensor]] = []
        self.drained_at = time.monotonic()
        self.recent: list[list[float]] = []
        self.history: list[list[dict[str, Any]]] = [[] for _ in specs]
        self.best: list[_Best] = [_Best() for _ in specs]
        self.dev: np.ndarray | None = None
        self.first_step_seconds: float | None = None

    def run(self) -> list[Outcome]:
        """Train to the end and score; the test split is read only here.

        Raises
        ------
        Stopped
            When it was asked to stop.
        """
        self._resume()
        try:
            self._train()
            return self._outcomes()
        except Interrupted:
            # What was being scored is scored again, from the same weights.
            self._save()
            raise Stopped from None

    def _train(self) -> None:
        plan = self.cohort.plan
        if self._owes_scores():
            self._end_epoch()
        while self.cohort.position < plan.steps:
            self.waiting.append(self._step())
            if plan.ends_epoch(self.cohort.position - 1):
                self._end_epoch()
            elif time.monotonic() - self.drained_at > _DRAIN_SECONDS:
                self._drain()
            stopping = self.stop()
            if stopping or (self.recorder.due() and self.cohort.position < plan.steps):
                self._save()
            if stopping:
                raise Stopped

    def _owes_scores(self) -> bool:
        """Tell whether training was stopped while the epoch that has just ended was scored."""
        position = self.cohort.position
        if position == 0 or not self.cohort.plan.ends_epoch(position - 1):
            return False
        return not self.history[0] or self.history[0][-1]["step"] != position

    def _step(self) -> tuple[Tensor, Tensor]:
        """Train one step; where torch compiles, note how long the first one took."""
        if not self.cohort.compiled or self.first_step_seconds is not None:
            return self.cohort.step()
        started = time.perf_counter()
        found = self.cohort.step()
        found[0].tolist()  # Waits for the device.
        self.first_step_seconds = time.perf_counter() - started
        return found

    def _drain(self) -> None:
        """Fetch the losses of the steps since the last time."""
        if not self.waiting:
            return
        losses, norms = (torch.stack(values).tolist() for values in zip(*self.waiting, strict=True))
        self.recorder.steps(self.cohort.position - len(losses) + 1, losses, norms)
        self.recent = (self.recent + losses)[-self.cohort.plan.steps_per_epoch :]
        self.waiting.clear()
        self.drained_at = time.monotonic()

    def _end_epoch(self) -> None:
        """Score dev with the weights that would be reported now."""
        self._drain()
        with self.cohort.mean.in_use():
            self._score_dev()

    def _score_dev(self) -> None:
        """Score dev, and keep the best weights where they are to be reported."""
        position, task = self.cohort.position, self.prepared.task
        epoch = -(-position // self.cohort.plan.steps_per_epoch)
        self.dev = self._scored("dev")
        scores = []
        for run, values in enumerate(self.dev):
            found = predict(task, "dev", self.prepared.encoded["dev"], values)
            score = task.shape.score(task.splits["dev"], found)[task.task.metric]
            scores.append(score)
            self.history[run].append({"epoch": epoch, "step": position, "dev": score})
            if self.specs[run].reporting == "best-dev":
                unused = self.cohort.optimizer.unused[run]
                self.best[run].offer(score, position, self._weights(run), unused)
        self.recorder.epoch(epoch, position, scores)

    def scored(self, run: int) -> Scored:
        """Return the weights of one run that were scored, once `run` has returned."""
        best = self.best[run]
        unused = best.unused if best.weights else self.cohort.optimizer.unused[run]
        return Scored(self._weights(run), unused)

    def _scored(self, split: str) -> np.ndarray:
        return self.cohort.outputs(self.prepared.encoded[split], self.stop)

    def _weights(self, run: int) -> dict[str, Tensor]:
        """Return one run's parameters, sharing memory with the network."""
        return {name: value.detach()[run] for name, value in self._parameters().items()}

    def _parameters(self) -> dict[str, Tensor]:
        return dict(self.cohort.network.named_parameters())

    def _outcomes(self) -> list[Outcome]:
        self.cohort.mean.settle()
        for run, best in enumerate(self.best):
            if best.weights and best.step != self.cohort.position:
                self.dev = None
                for name, value in best.weights.items():
                    self._weights(run)[name].copy_(value)
        # The last epoch has just been scored on dev, unless earlier weights are reported.
        dev = self._scored("dev") if self.dev is None else self.dev
        outputs = {"dev": dev, "test": self._scored("test")}
        return [
            outcome(
                spec,
                self.prepared,
                self._record(run),
                {split: values[run] for split, values in outputs.items()},
            )
            for run, spec in enumerate(self.specs)
        ]

    def _record(self, run: int) -> Record:
        losses = [losses[run] for losses in self.recent]
        return Record(
            history=self.history[run],
            final_loss=sum(losses) / len(losses),
            reported_step=self.best[run].step or self.cohort.position,
        )

    def _save(self) -> None:
        self._drain()
        optimizer = self.cohort.optimizer
        tensors = {
            f"parameter/{name}": value.detach() for name, value in self._parameters().items()
        }
        tensors |= {f"mean/{name}": value for name, value in self.cohort.mean.values.items()}
        tensors |= {f"adam/{name}": value for name, value in optimizer.tensors().items()}
        for run, best in enumerate(self.best):
            tensors |= {f"best/{run}/{name}": value for name, value in best.weights.items()}
        state = {
            "position": self.cohort.position,
            "counts": optimizer.counts(),
            "unused": optimizer.unused,
            "averaged": self.cohort.mean.count,
            "unused_mean": self.cohort.mean.unused,
            "scales": self.cohort.scale.state if self.cohort.scale else [],
            "recent": self.recent,
            "history": self.history,
            "best": [
                {"score": best.score, "step": best.step, "unused": best.unused}
                for best in self.best
            ],
        }
        self.recorder.save(tensors, state)

    def _resume(self) -> None:
        saved = self.recorder.resume()
        if saved is None:
            return
        tensors, state = saved
        for name, value in self._parameters().items():
            value.detach().copy_(tensors[f"parameter/{name}"])
        self.cohort.optimizer.restore(_below("adam/", tensors), state["counts"])
        for run, noted in enumerate(state["best"]):
            self.best[run] = _Best(**noted, weights=_below(f"best/{run}/", tensors))
        self.cohort.optimizer.unused = state["unused"]
        mean = _below("mean/", tensors)
        self.cohort.mean.restore(mean, state.get("averaged", 0), state.get("unused_mean", []))
        if self.cohort.scale:
            self.cohort.scale.state = state["scales"]
        self.cohort.position = state["position"]
        self.recent, self.history = state["recent"], state["history"]


class _Best:
    """The best dev epoch of one run so far."""

    def __init__(
        self,
        score: float | None = None,
        step: int = 0,
        unused: float = 1.0,
        weights: dict[str, Tensor] | None = None,
    ):
        self.score, self.step, self.unused, self.weights = score, step, unused, weights or {}

    def offer(
        self, score: float | None, step: int, weights: dict[str, Tensor], unused: float
    ) -> None:
        """Keep a copy of the weights when they score above all before (the earliest of equals)."""
        if score is not None and (self.score is None or score > self.score):
            self.score, self.step, self.unused = score, step, unused
            self.weights = {name: value.clone() for name, value in weights.items()}


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
