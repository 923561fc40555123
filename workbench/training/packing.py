"""Packed batches: the currency between data and engine.

Every run's sequences stand one after another on one line of tokens, so that linear layers see no
padding. Attention works on blocks ``[sequences, length]``: a `Layout` says which token stands in
which cell of its block, and back.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workbench.tasks.task import IGNORED, Encoded
from workbench.training.randomness import token_keys

ABSENT = -1
"""The example number of an empty place, where a run's batch is smaller than its neighbours'."""

_GRAIN = 8
"""Blocks and the lines that are cut into them are rounded up to a multiple of this."""


@dataclass(frozen=True)
class Geometry:
    """What packing must know of a model and a device."""

    position_offset: int
    segments: int
    padding_id: int
    blocks: bool
    """Lay attention out in blocks of few sizes (a GPU wants few kernels and few shapes) instead of
    attending to each sequence at its own length."""

    def round_up(self, size: int) -> int:
        """Return the size a line or block of ``size`` is stretched to (at most an eighth more)."""
        if not self.blocks:
            return size
        grain = max(_GRAIN, (1 << (size - 1).bit_length()) // 16)
        return -(-size // grain) * grain


@dataclass(frozen=True)
class Spans:
    """Where the sequences stand on their lines.

    Attributes
    ----------
    places
        Run, number within the run, first token and end of each sequence.
    tokens
        Places on a line.
    """

    places: tuple[tuple[int, int, int, int], ...]
    tokens: int


@dataclass(frozen=True)
class Blocks:
    """Where the tokens of a line stand in the blocks that attention works on.

    Attributes
    ----------
    rows
        For every cell of every block the token it shows, ``int64 [runs * sequences * length]``.
    cells
        For every token its cell, ``int64 [runs * tokens]``.
    real_cells, real_rows
        1 where a cell (a token) is not padding, else 0, ``float32 [cells, 1]`` (``[rows, 1]``).
    bias
        Added to attention scores: 0 for a real key, else the least finite value,
        ``float32 [runs * sequences, 1, 1, length]``.
    length
        Cells in a block.
    tokens
        Places on a line.
    """

    rows: Tensor
    cells: Tensor
    real_cells: Tensor
    real_rows: Tensor
    bias: Tensor
    length: int
    tokens: int


Layout = Spans | Blocks


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
    token_keys, start_keys
        Dropout keys, ``int64 [runs, tokens]`` and ``[runs, sequences]``.
    labels
        ``[runs, sequences]``, ``[runs, sequences, classes]`` or ``[runs, tokens]``.
    present
        1 for a sequence that is there, 0 for an empty place, ``float32 [runs, sequences]``.
    """

    inputs: dict[str, Tensor]
    starts: Tensor
    layout: Layout
    states: Tensor | None
    token_keys: Tensor
    start_keys: Tensor
    labels: Tensor
    present: Tensor


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
        layout=_blocks(lines, move) if geometry.blocks else _spans(lines),
        states=None if table is None else move(table[lines.spread(lines.sources)]),
        token_keys=move(keys),
        start_keys=move(keys.gather(1, torch.from_numpy(lines.starts))),
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
    rows, cells
        Where the token stands among all lines' places, and among all blocks' cells.
    sources, examples, offsets
        Where it comes from in the split, its example, its place in the example.
    starts, lengths
        Where each sequence starts on its line, and its tokens, ``[runs, sequences]``.
    """

    def __init__(self, encoded: Encoded, examples: np.ndarray, geometry: Geometry):
        self.runs, self.sequences = examples.shape
        lengths = np.where(examples == ABSENT, 0, encoded.lengths[examples])
        self.lengths = lengths
        self.tokens = geometry.round_up(int(lengths.sum(axis=1).max()))
        self.length = geometry.round_up(int(lengths.max()))
        starts = np.cumsum(lengths, axis=1) - lengths
        sequence = np.repeat(np.arange(examples.size), lengths.ravel())
        first = np.cumsum(lengths.ravel()) - lengths.ravel()
        self.offsets = np.arange(len(sequence)) - first[sequence]
        self.examples = examples.ravel()[sequence]
        self.sources = encoded.offsets[self.examples] + self.offsets
        line = (sequence // self.sequences) * self.tokens
        self.rows = line + starts.ravel()[sequence] + self.offsets
        self.cells = sequence * self.length + self.offsets
        # An empty place at the end of a full line would start beyond it.
        self.starts = np.minimum(starts, self.tokens - 1)

    def spread(self, values: np.ndarray, fill: int = 0) -> np.ndarray:
        """Lay one value a token out as ``int64 [runs, tokens]``."""
        line = np.full(self.runs * self.tokens, fill, dtype=np.int64)
        line[self.rows] = values
        return line.reshape(self.runs, self.tokens)


def _spans(lines: _Lines) -> Spans:
    ends = lines.starts + lines.lengths
    places = (
        (run, number, int(lines.starts[run, number]), int(ends[run, number]))
        for run, number in zip(*np.nonzero(lines.lengths), strict=True)
    )
    return Spans(
        tuple((int(run), int(number), first, end) for run, number, first, end in places),
        lines.tokens,
    )


def _blocks(lines: _Lines, move: _Mover) -> Blocks:
    # Padding shows its own run's first token: a run that diverged must not reach its neighbours.
    run = np.arange(lines.runs)
    rows = np.repeat(run * lines.tokens, lines.sequences * lines.length)
    rows[lines.cells] = lines.rows
    cells = np.repeat(run * lines.sequences * lines.length, lines.tokens)
    cells[lines.rows] = lines.cells
    real_cells = np.zeros((len(rows), 1), dtype=np.float32)
    real_cells[lines.cells] = 1
    real_rows = np.zeros((len(cells), 1), dtype=np.float32)
    real_rows[lines.rows] = 1
    # The least finite value instead of minus infinity: an empty block must not give NaN.
    bias = np.where(real_cells == 1, np.float32(0), np.finfo(np.float32).min)
    return Blocks(
        rows=move(rows),
        cells=move(cells),
        real_cells=move(real_cells),
        real_rows=move(real_rows),
        bias=move(bias.reshape(lines.runs * lines.sequences, 1, 1, lines.length)),
        length=lines.length,
        tokens=lines.tokens,
    )


def _labels(lines: _Lines, encoded: Encoded, examples: np.ndarray) -> np.ndarray:
    if len(encoded.labels) == len(encoded):
        return encoded.labels[examples]
    return lines.spread(encoded.labels[lines.sources], IGNORED)
