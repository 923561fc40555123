"""The padded way: attention that also scores distances, for a family without a function of its own.

transformers computes DeBERTa's attention inside its modules, on padded batches. Here the sequences
of all runs are laid out as a padded block for attention alone and put back on their lines after
it, so that everything else is packed, a run has weights of its own, and a token is dropped by the
same address as everywhere. Padding is never seen and comes back as nothing: the results are those
of transformers' own code.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from workbench.models.families.deberta import Distances
from workbench.training.dropout import AddressedDropout, Drop
from workbench.training.packing import Spans


@dataclass(frozen=True)
class _Block:
    """Where the sequences of packed lines stand in a padded block, and which places are real.

    Attributes
    ----------
    places
        Of every token of the block among all lines' tokens, ``int64 [sequences, longest]``.
    there
        Whether it is one, ``bool`` of the same shape.
    """

    places: Tensor
    there: Tensor

    @classmethod
    def of(cls, spans: Spans) -> "_Block":
        # Waiting for the device is allowed: the family's steps are not recorded.
        offsets = torch.arange(spans.greatest, device=spans.lengths.device)
        there = offsets < spans.lengths.unsqueeze(1)
        return cls(torch.where(there, spans.firsts.unsqueeze(1) + offsets, 0), there)

    def lay_out(self, line: Tensor) -> Tensor:
        """Turn ``[tokens, heads, ...]`` into ``[sequences, heads, longest, ...]``."""
        return line[self.places].transpose(1, 2)

    def put_back(self, block: Tensor, tokens: int) -> Tensor:
        """Turn ``[sequences, heads, longest, width]`` into ``[tokens, heads, width]``."""
        values = block.transpose(1, 2)[self.there]
        line = values.new_zeros(tokens, *values.shape[1:])
        return line.index_copy(0, self.places[self.there], values)


def padded(
    distances: Distances,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    site: AddressedDropout,
    spans: Spans,
    starts_only: bool,
    window: int,
    scaling: float,
    dropout: float,
) -> Tensor:
    """Attend to content and distances.

    Parameters
    ----------
    distances
        Of the block.
    query
        ``[tokens, heads, width]``, or ``[sequences, heads, width]`` where only the starts ask.
    key, value
        ``[tokens, heads, width]``.
    site
        Of the dropout of probabilities.
    spans
        Of the batch's sequences.
    starts_only
        Whether only the sequence starts ask.
    window
        Always 0: a token sees all of its sequence.
    scaling
        Factor on the sum of all scores.
    dropout
        Above 0 while attention probabilities are dropped.

    Returns
    -------
    Tensor
        Like the query.
    """
    block = _Block.of(spans)
    asking = query.unsqueeze(2) if starts_only else block.lay_out(query)
    seen, said = block.lay_out(key), block.lay_out(value)
    scores = asking @ seen.transpose(-1, -2) + _of_distances(asking, seen, distances)
    # A place without a token may see anything: it is not put back.
    unseen = ~(block.there | ~block.there.any(1, keepdim=True))[:, None, None]
    scores = (scores * scaling).masked_fill(unseen, float("-inf"))
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32)
    if dropout > 0:
        keys = site.rows(query.shape[1]).transpose(1, 2).flatten(0, 1)
        keys = keys.unsqueeze(2) if starts_only else block.lay_out(keys)
        weights = Drop.apply(weights, keys, dropout)
    attended = weights.to(said.dtype) @ said
    return attended.squeeze(2) if starts_only else block.put_back(attended, len(query))


def _of_distances(asking: Tensor, seen: Tensor, distances: Distances) -> Tensor | float:
    """Return what distances add to the scores ``[sequences, heads, asking, seen]``."""
    entries = distances.bucket(seen.shape[2])
    total: Tensor | float = 0.0
    if distances.keys is not None:
        total = total + _looked_up(asking, distances.keys, entries[: asking.shape[2]])
    if distances.queries is not None:
        found = _looked_up(seen, distances.queries, entries.T[:, : asking.shape[2]])
        total = total + found.transpose(-1, -2)
    return total


def _looked_up(states: Tensor, table: Tensor, entries: Tensor) -> Tensor:
    """Multiply states with a run's table and take, for each state, the entries named.

    Parameters
    ----------
    states
        ``[runs * sequences, heads, places, width]``.
    table
        ``[runs, heads, distances, width]``.
    entries
        ``int64 [places, others]``.

    Returns
    -------
    Tensor
        ``[runs * sequences, heads, places, others]``.
    """
    # All places of a run in one product: a table for every sequence would be a large copy.
    places = states.unflatten(0, (len(table), -1)).transpose(1, 2)
    scores = places.flatten(2, 3) @ table.transpose(-1, -2)
    scores = scores.unflatten(2, places.shape[2:4]).transpose(1, 2).flatten(0, 1)
    return scores.gather(-1, entries.expand(*scores.shape[:2], -1, -1))
