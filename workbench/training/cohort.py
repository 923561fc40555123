"""A cohort: runs that differ only in numbers, trained as one stacked network."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workbench.models.network import LoadedModel
from workbench.spec import RunSpec
from workbench.tasks.task import Encoded
from workbench.techniques import from_settings
from workbench.training.initial import initialise
from workbench.training.objective import count, summed_loss
from workbench.training.optimizer import CohortOptimizer
from workbench.training.packing import Geometry, PackedBatch, pack
from workbench.training.randomness import key_of, permutation
from workbench.training.stacked import stack


@dataclass(frozen=True)
class Execution:
    """How the work is done, which moves no result beyond rounding."""

    device: torch.device
    micro_batch: int = 0
    """Examples of each run in one forward pass; 0 takes the whole batch at once."""
    evaluation_tokens: int = 8192
    """Tokens of each run in one forward pass of an evaluation."""


@dataclass(frozen=True)
class Plan:
    """How long a cohort trains."""

    steps: int
    steps_per_epoch: int

    @property
    def epochs(self) -> int:
        """Epochs, a last partial one included."""
        return -(-self.steps // self.steps_per_epoch)

    def ends_epoch(self, step: int) -> bool:
        """Tell whether an epoch ends with a step (from 0)."""
        return (step + 1) % self.steps_per_epoch == 0 or step + 1 == self.steps


def plan(spec: RunSpec, examples: int) -> Plan:
    """Plan the training of a run on a number of examples."""
    steps_per_epoch = -(-examples // spec.batch_size)
    steps = spec.epochs * steps_per_epoch
    if spec.max_steps:
        steps = min(steps, spec.max_steps)
    return Plan(from_settings(spec.techniques).steps(steps), steps_per_epoch)


class Cohort:
    """The state of runs in training, and the one step that moves it.

    Parameters
    ----------
    specs
        Of the members; what a cohort must share is equal among them.
    model
        The checkpoint they start from.
    train
        Their training split.
    objective
        Of the task.
    execution
        Where and how.

    Attributes
    ----------
    position
        Optimizer steps done.
    """

    def __init__(
        self,
        specs: Sequence[RunSpec],
        model: LoadedModel,
        train: Encoded,
        objective: str,
        execution: Execution,
    ):
        self.specs, self.train, self.objective, self.execution = specs, train, objective, execution
        self.plan = plan(specs[0], len(train))
        self.geometry = Geometry(
            position_offset=model.position_offset,
            segments=model.segments,
            padding_id=model.padding_id,
            few_shapes=execution.device.type == "cuda",
        )
        compositions = [from_settings(spec.techniques) for spec in specs]
        self.network, self.address = stack(model.network, len(specs))
        initialise(self.network, model, specs, compositions)
        self.network.to(execution.device)
        self.optimizer = CohortOptimizer(
            self.network, model.anatomy, specs, compositions, self.plan.steps
        )
        self.position = 0
        self._order: tuple[int, np.ndarray] | None = None

    def batch(self, step: int) -> np.ndarray:
        """Return the examples each run sees at a step, ``int64 [runs, batch]``."""
        epoch, place = divmod(step, self.plan.steps_per_epoch)
        size = self.specs[0].batch_size
        return self._orders(epoch)[:, place * size : (place + 1) * size]

    def _orders(self, epoch: int) -> np.ndarray:
        """Return each run's order of an epoch, ``int64 [runs, examples]``."""
        if self._order is None or self._order[0] != epoch:
            orders = [permutation(spec.order_seed, epoch, len(self.train)) for spec in self.specs]
            self._order = (epoch, np.stack([order.numpy() for order in orders]))
        return self._order[1]

    def step(self) -> tuple[Tensor, Tensor]:
        """Train one step.

        Returns
        -------
        losses, norms
            The mean loss and the gradient norm before clipping of each run, ``float32 [runs]``,
            still on the device.
        """
        self.network.train()
        self.optimizer.select(self.position)
        examples = self.batch(self.position)
        keys = [key_of("dropout", spec.dropout_seed, self.position) for spec in self.specs]
        parts = [
            pack(self.train, part, self.geometry, keys, self.execution.device)
            for part in self._micro_batches(examples)
        ]
        counts = (
            torch.stack([count(self.objective, part) for part in parts]).sum(dim=0).clamp(min=1)
        )
        losses = torch.zeros(len(self.specs), device=self.execution.device)
        for part in parts:
            loss = summed_loss(self.objective, self.forward(part), part) / counts
            loss.sum().backward()
            losses += loss.detach()
        norms = self.optimizer.step(self.position)
        self.position += 1
        return losses, norms

    def _micro_batches(self, examples: np.ndarray) -> Iterator[np.ndarray]:
        size = self.execution.micro_batch or examples.shape[1]
        for first in range(0, examples.shape[1], size):
            yield examples[:, first : first + size]

    def forward(self, batch: PackedBatch) -> Tensor:
        """Run the network on a packed batch."""
        self.address.tokens, self.address.starts = batch.token_keys, batch.start_keys
        with self._precision():
            return self.network(batch.inputs, batch.starts, layout=batch.layout)

    def _precision(self) -> AbstractContextManager[object]:
        if self.specs[0].precision == "float32":
            return nullcontext()
        return torch.autocast(self.execution.device.type, dtype=torch.bfloat16)

    @torch.inference_mode()
    def outputs(self, split: Encoded) -> np.ndarray:
        """Evaluate every run on a split.

        Returns
        -------
        ndarray
            ``float32 [runs, examples, outputs]``, or ``[runs, tokens, outputs]`` for an objective
            over tokens, in the split's order.
        """
        self.network.eval()
        per_token = self.objective == "token"
        places = split.offsets[-1] if per_token else len(split)
        result: np.ndarray | None = None
        for examples in self._evaluation_batches(split):
            outputs = self.forward(self._same_for_all(split, examples)).float().cpu().numpy()
            if result is None:
                result = np.zeros((len(self.specs), places, outputs.shape[-1]), np.float32)
            where = _token_places(split, examples) if per_token else examples
            result[:, where] = outputs[:, : len(where)]
        if result is None:
            raise ValueError("there is nothing to evaluate")
        return result

    def _same_for_all(self, split: Encoded, examples: np.ndarray) -> PackedBatch:
        shared = np.repeat(examples[None], len(self.specs), axis=0)
        return pack(split, shared, self.geometry, [0] * len(self.specs), self.execution.device)

    def _evaluation_batches(self, split: Encoded) -> Iterator[np.ndarray]:
        """Group examples of like length, so that attention's blocks hold little padding."""
        order = np.argsort(split.lengths, kind="stable")
        batch_of = np.cumsum(split.lengths[order]) // self.execution.evaluation_tokens
        for number in np.unique(batch_of):
            yield order[batch_of == number]


def _token_places(split: Encoded, examples: np.ndarray) -> np.ndarray:
    """Return the places of some examples' tokens in their split, in the examples' order."""
    return np.concatenate(
        [np.arange(split.offsets[index], split.offsets[index + 1]) for index in examples]
    )
