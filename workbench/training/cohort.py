"""A cohort: runs that differ only in numbers, trained as one stacked network."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from workbench.models.network import LoadedModel, Network
from workbench.spec import RunSpec
from workbench.tasks.task import Encoded
from workbench.techniques import from_settings
from workbench.training.average import MeanWeights
from workbench.training.batches import Batches
from workbench.training.captured import RecordingFailed, Recordings
from workbench.training.device import allow_tf32
from workbench.training.dropout import Address, switch_off
from workbench.training.frozen import FrozenStates
from workbench.training.initial import initialise
from workbench.training.loss_scale import LossScale
from workbench.training.mixed import MixedWeights
from workbench.training.objective import count, summed_loss
from workbench.training.optimizer import CohortOptimizer
from workbench.training.packing import Geometry, PackedBatch, pack
from workbench.training.passes import BatchPasses
from workbench.training.plan import Execution, is_small, plan
from workbench.training.stacked import stack

_REDUCED = {"bfloat16": torch.bfloat16, "float16": torch.float16}
"""The precisions in which products are computed with fewer bits than float32."""


class Interrupted(Exception):
    """An evaluation was asked to stop; nothing has changed."""


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
    frozen
        Tables of frozen blocks' outputs, to be shared with other cohorts on the same model.

    Attributes
    ----------
    position
        Optimizer steps done.
    mean
        Of the weights, where a technique reports their mean.
    """

    def __init__(
        self,
        specs: Sequence[RunSpec],
        model: LoadedModel,
        train: Encoded,
        objective: str,
        execution: Execution,
        frozen: FrozenStates | None = None,
    ):
        self.specs, self.model, self.objective, self.execution = specs, model, objective, execution
        self.plan, self.position = plan(specs[0], len(train)), 0
        self.frozen = frozen or FrozenStates()
        self.compositions = [from_settings(spec.techniques) for spec in specs]
        # The members agree in all that is asked of the first of them.
        self.composition, anatomy = self.compositions[0], model.anatomy
        self.fixed = self.composition.fixed(anatomy)
        self.network, self.address = self._stacked(specs)
        self.compiled = self._compiles()
        if self.compiled:
            _compile_blocks(self.network)
        self.mixed = MixedWeights(self.network, anatomy, self.composition)
        self.optimizer = CohortOptimizer(self.network, anatomy, specs, self.compositions, self.plan)
        self.mean = MeanWeights(self.network, self.optimizer)
        self.scale = LossScale(len(specs)) if specs[0].precision == "float16" else None
        self._unscaled = torch.ones(len(specs), device=execution.device)
        captures = self.optimizer.keeps_gradients = self._captures(train)
        self.geometry = self._geometry(captures)
        self.batches = self._batches(train)
        self.recordings = Recordings(self.batches.settle) if captures else None

    @property
    def width(self) -> int:
        """Numbers in a state."""
        return self.model.network.encoder.config.hidden_size

    def _compiles(self) -> bool:
        """Tell whether torch compiles the blocks."""
        if not (self.model.network.family.recorded and self.composition.compiles):
            return False
        if self.execution.compiled is not None:
            return self.execution.compiled
        return self.execution.device.type == "cuda" and self.plan.is_long

    def _captures(self, train: Encoded) -> bool:
        """Tell whether launching a step's kernels takes longer than computing them."""
        if not (self.model.network.family.recorded and self.composition.records):
            return False
        if self.execution.captured is not None:
            return self.execution.captured
        weights = sum(value.numel() for value in self.network.parameters())
        tokens = self.specs[0].batch_size * train.lengths.mean()
        return self.execution.device.type == "cuda" and is_small(weights, tokens)

    def _geometry(self, few_shapes: bool) -> Geometry:
        return Geometry(
            position_offset=self.model.position_offset,
            segments=self.model.segments,
            padding_id=self.model.padding_id,
            grain=_TILE if self.execution.device.type == "cuda" else 1,
            few_shapes=few_shapes,
        )

    def _batches(self, train: Encoded) -> Batches:
        device, micro_batch = self.execution.device, self.execution.micro_batch
        table = self._table(train)
        return Batches(self.specs, train, self.geometry, device, micro_batch, table)

    def _stacked(self, specs: Sequence[RunSpec]) -> tuple[Network, Address]:
        """Return a network for some members, with the weights they start from."""
        network, address = stack(self.model.network, len(specs))
        initialise(network, self.model, specs, self.compositions[: len(specs)])
        if not self.composition.drops:
            switch_off(network)
        return network.to(self.execution.device), address

    def step(self) -> tuple[Tensor, Tensor]:
        """Train one step.

        Returns
        -------
        losses, norms
            The mean loss and the gradient norm before clipping of each run, ``float32 [runs]``,
            still on the device.
        """
        self.network.train()
        if self.optimizer.select(self.position) and self.recordings:
            self.recordings.forget()
        parts = self.batches.packed(self.position, self.position + 1 == self.plan.steps)
        losses, norms = self._gradients(parts)
        self.optimizer.step(self.position)
        if self.composition.averages(self.plan.moment(self.position)):
            self.mean.add()
        self.position += 1
        return losses, norms

    def _gradients(self, parts: list[PackedBatch]) -> Tensor:
        """Compute the gradients of a step, again while a run's loss scale is too large for them.

        Returns
        -------
        Tensor
            Losses and norms, ``float32 [2, runs]``.
        """
        while True:
            scales = self.scale.factors(self.execution.device) if self.scale else self._unscaled
            found = self._attempt(parts, scales)
            if self.scale is None or self.scale.update(found[1]):
                return found
            self.optimizer.forget()

    def _attempt(self, parts: list[PackedBatch], scales: Tensor) -> Tensor:
        counts = torch.stack([count(self.objective, part) for part in parts]).sum(dim=0)
        counts = counts.clamp(min=1)
        if self.recordings and len(parts) == 1:
            try:
                return self._replayed(self.recordings, parts[0], counts, scales)
            except RecordingFailed as problem:
                warnings.warn(f"steps are not recorded, only slower: {problem}", stacklevel=2)
                self.recordings = None
                self.optimizer.forget()
        return self._clipped(parts, counts, scales)

    def _replayed(
        self, recordings: Recordings, part: PackedBatch, counts: Tensor, scales: Tensor
    ) -> Tensor:
        def compute(counts: Tensor, scales: Tensor, *tensors: Tensor) -> Tensor:
            return self._clipped([part.with_tensors(tensors)], counts, scales)

        return recordings(compute, [counts, scales, *part.tensors()])

    def _clipped(self, parts: list[PackedBatch], counts: Tensor, scales: Tensor) -> Tensor:
        """Add up and clip the gradients of a step's micro-batches; see `_gradients`."""
        losses = torch.zeros(len(self.specs), device=self.execution.device)
        for part in parts:
            outputs = self.forward(part)
            loss = summed_loss(self.objective, outputs, part)
            passes = BatchPasses(self, part, scales, outputs)
            minimised = self.composition.objective(loss, passes) / counts
            (minimised * scales).sum().backward()
            losses += loss.detach() / counts
        return torch.stack([losses, self.optimizer.clip(scales)])

    def forward(self, batch: PackedBatch, offsets: Tensor | None = None) -> Tensor:
        """Run the network on a packed batch.

        Parameters
        ----------
        batch
            Of all runs.
        offsets
            By which the embeddings' states are moved.
        """
        allow_tf32(self.specs[0].precision, self.execution.device)
        self.address.tokens, self.address.starts = batch.token_keys, batch.start_keys
        self.address.runs = batch.run_keys
        known = {"states": batch.states, "depth": max(self.fixed, 0), "layout": batch.layout}
        with self._precision():
            return self.mixed(
                self.network, batch.run_keys, batch.inputs, batch.starts, offsets=offsets, **known
            )

    def _precision(self) -> AbstractContextManager[object]:
        reduced = _REDUCED.get(self.specs[0].precision)
        if reduced is None:
            return nullcontext()
        return torch.autocast(self.execution.device.type, dtype=reduced)

    @torch.inference_mode()
    def outputs(self, split: Encoded, stop: Callable[[], bool] = lambda: False) -> np.ndarray:
        """Evaluate every run on a split.

        Parameters
        ----------
        split
            To be evaluated.
        stop
            Asked before every batch.

        Returns
        -------
        ndarray
            ``float32 [runs, examples, outputs]``, or ``[runs, tokens, outputs]`` for an objective
            over tokens, in the split's order.

        Raises
        ------
        Interrupted
            When it was asked to stop.
        """
        self.network.eval()
        table, runs = self._table(split), len(self.specs)
        groups = list(self._evaluation_batches(split))
        # Fetched at the end: fetching waits for the device.
        outputs = []
        for group in groups:
            if stop():
                raise Interrupted
            outputs.append(self.forward(self._shared(split, group, runs, table)))
        per_token = self.objective == "token"
        places = split.offsets[-1] if per_token else len(split)
        result = np.zeros((runs, places, outputs[0].shape[-1]), np.float32)
        for group, values in zip(groups, outputs, strict=True):
            where = _token_places(split, group) if per_token else group
            result[:, where] = values.float().cpu().numpy()[:, : len(where)]
        return result

    def _shared(
        self, split: Encoded, examples: np.ndarray, runs: int, table: np.ndarray | None = None
    ) -> PackedBatch:
        """Pack examples that every run sees."""
        shared = np.repeat(examples[None], runs, axis=0)
        device = self.execution.device
        return pack(split, shared, self.geometry, [0] * runs, device, table)

    def _evaluation_batches(self, split: Encoded) -> Iterator[np.ndarray]:
        """Group examples of like length, so that attention's blocks hold little padding."""
        order = np.argsort(split.lengths, kind="stable")
        batch_of = np.cumsum(split.lengths[order]) // self.execution.evaluation_tokens
        for number in np.unique(batch_of):
            yield order[batch_of == number]

    def _table(self, split: Encoded) -> np.ndarray | None:
        """Return the states that leave the frozen part without dropout, if there is one."""
        if self.fixed < 0:
            return None
        key = self.fixed, self.specs[0].precision
        return self.frozen.table(split, key, self.width, lambda table: self._fill(table, split))

    @torch.inference_mode()
    def _fill(self, table: np.ndarray, split: Encoded) -> None:
        """Pass a split through the frozen part, which is the same for all members."""
        network, _ = self._stacked(self.specs[:1])
        network.eval()
        for examples in self._evaluation_batches(split):
            batch = self._shared(split, examples, 1)
            with self._precision():
                states = network.embed(batch.inputs)
                states = network.pass_through(
                    batch.inputs, states, 0, self.fixed, layout=batch.layout
                )
            where = _token_places(split, examples)
            table[where] = states[0, : len(where)].float().cpu().numpy()


def _token_places(split: Encoded, examples: np.ndarray) -> np.ndarray:
    """Return the places of some examples' tokens in their split, in the examples' order."""
    return np.concatenate(
        [np.arange(split.offsets[index], split.offsets[index + 1]) for index in examples]
    )


_TILE = 64
"""Lines on a GPU are a multiple of so many tokens: the rows of a tile of a matrix product."""


def _compile_blocks(network: Network) -> None:
    """Let torch compile the blocks: one compilation serves all of them, and batches of any size."""
    for block in network.blocks:
        block.compile(dynamic=True)
