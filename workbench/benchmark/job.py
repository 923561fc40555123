"""What a contestant is given, and the turns it takes.

A contestant trains without end on a few batches and stops the clock between turns: set-up, the
creation of the optimizer and compilation fall into no turn but the first.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.execution.heap import return_heap
from workbench.models.checkpoint import Checkpoint
from workbench.models.network import LoadedModel, load
from workbench.spec import RunSpec
from workbench.tasks.task import Encoded

PUBLISHED, TUNED, ENGINE, CACHED = "published", "tuned", "engine", "engine, cached"
CONTESTANTS = {
    PUBLISHED: "transformers' Trainer set as the published BLURB commands set it",
    TUNED: "transformers' Trainer tuned: dynamic padding, sampling by length, fused AdamW",
    ENGINE: "this engine",
    CACHED: "this engine passing the frozen half once, without dropout (beside freeze only)",
}
"""What each contestant is."""

REST, END = -1, 0
"""Commands in place of a number of steps: give memory back, and end."""


@dataclass(frozen=True)
class Job:
    """Everything a contestant needs, small enough to be sent to a process of its own.

    Attributes
    ----------
    contestant
        A key of `CONTESTANTS`.
    checkpoint
        Of the model.
    objective, outputs
        Of the task.
    train
        The sampled training examples; token ids as the tokenizer gives them.
    used
        The word pieces that the whole task uses, ``int64 [rows]``.
    specs
        Of the runs; the peers train one.
    device
        Such as ``"cpu"``.
    padded_length
        What `PUBLISHED` pads every example to.
    threads
        Of the processor; 0 leaves torch's own choice.
    compiled
        Whether torch compiles the engine's network; None leaves it to the engine.
    """

    contestant: str
    checkpoint: Checkpoint
    objective: str
    outputs: int
    train: Encoded
    used: np.ndarray
    specs: tuple[RunSpec, ...]
    device: str
    padded_length: int
    threads: int = 0
    compiled: bool | None = None

    @property
    def per_token(self) -> bool:
        """Whether the model has one output for each token."""
        return self.objective == "token"

    def load(self) -> LoadedModel:
        """Load the checkpoint as the engine does."""
        dropout = self.specs[0].dropout
        return load(self.checkpoint, self.outputs, self.per_token, "native", dropout)


def give_memory_back(device: torch.device) -> None:
    """Give what has been freed in this process back to the GPU, or to the system."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    else:
        return_heap()


@dataclass(frozen=True)
class Turn:
    """What one turn took: seconds, and the losses of its steps, ``[steps][runs]``."""

    seconds: float
    losses: list[list[float]]


@dataclass
class Turns:
    """An iterator over the turns of one contestant, each a number of steps; it holds the clock.

    Parameters
    ----------
    receive
        Waits for the next command: a number of steps, `REST` or `END`.
    send
        Takes the `Turn` that has ended, or None after `REST`.
    device
        Whose work must be done before the clock stops.
    """

    receive: Callable[[], int]
    send: Callable[[Any], None]
    device: torch.device
    _started: float | None = None
    _losses: list[Tensor] = field(default_factory=list)

    def __iter__(self) -> "Turns":
        return self

    def __next__(self) -> int:
        """Stop the clock of the last turn, wait for the next one and start it."""
        self._finish()
        while (command := self.receive()) == REST:
            give_memory_back(self.device)
            self.send(None)
        if command == END:
            raise StopIteration
        self._started = time.perf_counter()
        return command

    def note(self, losses: Tensor) -> None:
        """Keep the losses of a step, ``[runs]`` or a single number, to be fetched later."""
        self._losses.append(losses.detach().reshape(-1))

    def _finish(self) -> None:
        if self._started is None:
            return
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        seconds = time.perf_counter() - self._started
        losses, self._losses, self._started = self._losses, [], None
        self.send(Turn(seconds, torch.stack(losses).float().tolist()))
