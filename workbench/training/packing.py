"""Packed batches: the currency between data and engine.

Every run's sequences stand one after another on one line of tokens, so that no layer sees padding;
`Spans` tells attention where they stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from workbench.tasks.task import IGNORED, Encoded
from workbench.training.randomness import token_keys

ABSENT = -1
"""The example number of an empty place, where a run's batch is smaller than its neighbours'."""


@dataclass(frozen=True)
class Geometry:
    """What packing must know of a model and a device."""

    position_offset: int
    segments: int
    padding_id: int
    grain: int = 1
    """Lines are stretched to a multiple of so many tokens."""
    few_shapes: bool = False
    """Stretch lines further, by a sixteenth at most, to few lengths."""

    def stretched(self, tokens: int) -> int:
        """Return the length of a line for so many tokens."""
        grain = self.grain
        if self.few_shapes:
            grain = max(grain, (1 << (tokens - 1).bit_length()) // 32)
        return -(-tokens // grain) * grain


@dataclass(frozen=True)
class Spans:
    """Where the sequences stand on their lines.

    Attributes
    ----------
    firsts, lengths
        The first of each sequence's tokens among all runs' places, and how many it has,
        ``int32 [runs * sequences]``; an empty place has length 0.
    tokens
        Places on a line.
    longest
        At least the greatest length.
    """

    firsts: Tensor
    lengths: Tensor
    tokens: int
    longest: int

    @cached_property
    def greatest(self) -> int:
        """The greatest length of this batch; waits for the device."""
        return int(self.lengths.max())

    @cached_property
    def places(self) -> list[tuple[int, int, int]]:
        """Number among all runs' sequences, first place and end of every sequence that is there."""
        firsts, lengths = self.firsts.tolist(), self.lengths.tolist()
        found = enumerate(zip(firsts, lengths, strict=True))
        return [(number, first, first + length) for number, (first, length) in found if length]


@dataclass(frozen=True)
class PackedBatch:
    """One micro-batch of every run.

    Attributes
    ----------
    inputs
        ``input_ids``, ``position_ids``, ``token_type_ids``, each ``int64 [runs, tokens]``.
    starts
        Where each sequence starts on its line, ``int64 [runs, sequences]``.
    layout
        For attention.
    states
        Of the tokens where frozen blocks leave them, ``float32 [runs, tokens, hidden]``, or None.
    token_keys, start_keys, run_keys
        Dropout keys, ``int64 [runs, tokens]``, ``[runs, sequences]`` and ``[runs, 1]``.
    labels
        ``[runs, sequences]``, ``[runs, sequences, classes]`` or ``[runs, tokens]``.
    present
        1 for a sequence that is there, 0 for an empty place, ``float32 [runs, sequences]``.
    """

    inputs: dict[str, Tensor]
    starts: Tensor
    layout: Spans
    states: Tensor | None
    token_keys: Tensor
    start_keys: Tensor
    run_keys: Tensor
    labels: Tensor
    present: Tensor

    def tensors(self) -> list[Tensor]:
        """Return everything that differs between batches of the same shape."""
        states = [] if self.states is None else [self.states]
        own = [self.starts, self.layout.firsts, self.layout.lengths, self.token_keys]
        own += [self.start_keys, self.run_keys, self.labels, self.present]
        return [*own, *states, *self.inputs.values()]

    def with_tensors(self, tensors: Sequence[Tensor]) -> "PackedBatch":
        """Return a batch of this shape that holds other `tensors`."""
        starts, firsts, lengths, tokens, start_keys, run_keys, labels, present, *rest = tensors
        states = None if self.states is None else rest.pop(0)
        return PackedBatch(
            inputs=dict(zip(self.inputs, rest, strict=True)),
            starts=starts,
            layout=replace(self.layout, firsts=firsts, lengths=lengths),
            states=states,
            token_keys=tokens,
            start_keys=start_keys,
            run_keys=run_keys,
            labels=labels,
            present=present,
        )


def pack(
    encoded: Encoded,
    examples: np.ndarray,
    geometry: Geometry,
    step_keys: list[int],
    device: torch.device,
    table: np.ndarray | None = None,
) -> PackedBatch:
    """Pack one batch.

    Parameters
    ----------
    encoded
        The split the examples come from.
    examples
        Which examples each run sees, ``int64 [runs, sequences]``, `ABSENT` for an empty place.
    geometry
        Of the model.
    step_keys
        The dropout key of each run at this step.
    device
        Where it goes.
    table
        The states of all tokens of the split, ``[tokens, hidden]``, where they are to be looked up.
    """
    lines = _Lines(encoded, examples, geometry)
    steps = torch.tensor(step_keys, dtype=torch.int64).view(-1, 1)
    owners, positions = lines.spread(lines.examples), lines.spread(lines.offsets)
    keys = token_keys(steps, torch.from_numpy(owners), torch.from_numpy(positions))
    inputs = {
        "input_ids": lines.spread(encoded.token_ids[lines.sources], geometry.padding_id),
        "position_ids": positions + geometry.position_offset,
        "token_type_ids": np.minimum(
            lines.spread(encoded.segments[lines.sources]), geometry.segments - 1
        ),
    }
    move = _Mover(device)
    return PackedBatch(
        inputs={name: move(values) for name, values in inputs.items()},
        starts=move(lines.starts),
        layout=_spans(lines, move),
        states=None if table is None else move(table[lines.spread(lines.sources)]),
        token_keys=move(keys),
        start_keys=move(keys.gather(1, torch.from_numpy(lines.starts))),
        run_keys=move(steps),
        labels=move(_labels(lines, encoded, examples)),
        present=move((examples != ABSENT).astype(np.float32)),
    )


class _Mover:
    """Moves arrays to a device without waiting for it."""

    def __init__(self, device: torch.device):
        self.device = device

    def __call__(self, values: np.ndarray | Tensor) -> Tensor:
        tensor = torch.from_numpy(values) if isinstance(values, np.ndarray) else values
        if self.device.type == "cuda":
            return tensor.pin_memory().to(self.device, non_blocking=True)
        return tensor.to(self.device)


class _Lines:
    """Index arrays over the real tokens of all runs, one entry a token.

    Attributes
    ----------
    rows
        Where the token stands among all lines' places.
    sources, examples, offsets
        Where it comes from in the split, its example, its place in the example.
    starts, lengths
        Where each sequence starts on its line, and its tokens, ``[runs, sequences]``.
    """

    def __init__(self, encoded: Encoded, examples: np.ndarray, geometry: Geometry):
        self.runs, self.sequences = examples.shape
        lengths = np.where(examples == ABSENT, 0, encoded.lengths[examples])
        self.lengths = lengths
        self.tokens = geometry.stretched(int(lengths.sum(axis=1).max()))
        # Of the whole split, so that it is no reason for another shape.
        self.longest = int(encoded.lengths.max())
        starts = np.cumsum(lengths, axis=1) - lengths
        sequence = np.repeat(np.arange(examples.size), lengths.ravel())
        first = np.cumsum(lengths.ravel()) - lengths.ravel()
        self.offsets = np.arange(len(sequence)) - first[sequence]
        self.examples = examples.ravel()[sequence]
        self.sources = encoded.offsets[self.examples] + self.offsets
        line = (sequence // self.sequences) * self.tokens
        self.rows = line + starts.ravel()[sequence] + self.offsets
        # An empty place at the end of a full line would start beyond it.
        self.starts = np.minimum(starts, self.tokens - 1)

    def spread(self, values: np.ndarray, fill: int = 0) -> np.ndarray:
        """Lay one value a token out as ``int64 [runs, tokens]``."""
        line = np.full(self.runs * self.tokens, fill, dtype=np.int64)
        line[self.rows] = values
        return line.reshape(self.runs, self.tokens)


def _spans(lines: _Lines, move: _Mover) -> Spans:
    line = np.arange(lines.runs)[:, None] * lines.tokens
    return Spans(
        firsts=move((line + lines.starts).ravel().astype(np.int32)),
        lengths=move(lines.lengths.ravel().astype(np.int32)),
        tokens=lines.tokens,
        longest=lines.longest,
    )


def _labels(lines: _Lines, encoded: Encoded, examples: np.ndarray) -> np.ndarray:
    if len(encoded.labels) == len(encoded):
        return encoded.labels[examples]
    return lines.spread(encoded.labels[lines.sources], IGNORED)
