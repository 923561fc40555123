"""How much memory a run needs while it trains, in closed form.

Weights, gradients and AdamW's two moments take 16 bytes for a trained parameter and 4 for a frozen
one; a technique may hold copies of the weights. What a trained block keeps for its backward pass is
counted tensor by tensor below, for a batch of the size that is seldom exceeded; the tests compare
the count with what autograd saves.
"""

import numpy as np

from workbench.spec import RunSpec
from workbench.techniques import Cost, from_settings
from workbench.training.operations import Dimensions
from workbench.training.plan import Execution, is_small
from workbench.training.workload import Workload

LARGEST_COHORT = 16
"""Beyond, throughput no longer grows: the matrix products of small batches then fill a GPU."""

_SHARE = 0.85
"""Of the free memory that a plan uses: the rest is for what no formula knows."""

_FULL = 4
"""Bytes of a float32."""

_DEVIATIONS = 3
"""How far above the mean a batch's tokens are planned: one batch in a thousand is longer."""


def state_bytes(spec: RunSpec, workload: Workload) -> int:
    """Return the bytes of a run's weights and their copies, gradients and moments."""
    cost = _cost(spec)
    beside = 1 + cost.held_copies - cost.saved
    frozen = sum(workload.parameters[1 : _frozen_at_most(spec, workload) + 1])
    beside_trained, beside_frozen = beside * _trained(spec, workload), cost.frozen * frozen
    return checkpoint_bytes(spec, workload) + _FULL * (beside_trained + beside_frozen)


def checkpoint_bytes(spec: RunSpec, workload: Workload) -> int:
    """Return the bytes of a run in a checkpoint: the same without what is made anew."""
    copies = (2 if spec.reporting == "best-dev" else 1) + _cost(spec).saved
    return _FULL * (copies * sum(workload.parameters) + 2 * _trained(spec, workload))


def _cost(spec: RunSpec) -> Cost:
    return from_settings(spec.techniques).cost


def _trained(spec: RunSpec, workload: Workload) -> int:
    return sum(workload.parameters[_frozen_at_most(spec, workload) + 1 :])


def kept_bytes(
    spec: RunSpec,
    workload: Workload,
    tokens: int,
    stacked: bool = False,
    fused: bool = False,
) -> int:
    """Return the bytes that blocks keep for the backward pass: those trained, or searched through.

    Parameters
    ----------
    spec, workload
        The run.
    tokens
        On its line, in one forward pass.
    stacked
        Whether it trains in a cohort.
    fused
        Whether attention is one kernel that keeps no probabilities, as on a GPU.
    """
    trained = workload.sizes.layers - max(0, _frozen_at_most(spec, workload))
    whole, last = trained, 0
    if trained and not workload.sizes.per_token:
        # The last block computes keys and values for all tokens, the rest for the starts alone.
        whole, last = trained - 1, 1
    sizes, width = workload.sizes, _bytes_each(spec)
    # Both LayerNorms' inputs; with weights for each run also what they normalised.
    norms = (4 if stacked else 2) * sizes.hidden * _FULL
    # A gate keeps both its halves, the activation and their product.
    widened = 2 * (sizes.matrices - 1) * sizes.intermediate * width
    each = tokens * (norms + widened + _input_bytes(sizes, width))
    each += _attention_bytes(workload, tokens, width, fused)
    casts = _trained(spec, workload) * width if width < _FULL else 0
    leaving = _last_bytes(workload, tokens, width)
    states = _cost(spec).held * (whole * each + last * leaving)
    if _cost(spec).searches:
        # Its gradients pass frozen blocks, which keep nothing for gradients of their weights.
        states += (sizes.layers - trained) * (each - tokens * _input_bytes(sizes, width))
    return casts + states


def _input_bytes(sizes: Dimensions, width: int) -> int:
    """Bytes for a token of what a block's linear layers multiply, widened states left out."""
    # In lower precision a block's input is cast for each of queries, keys and values.
    return (3 if width == _FULL or sizes.rotary else 5) * sizes.hidden * width


def _attention_bytes(workload: Workload, tokens: int, width: int, fused: bool) -> int:
    """Bytes of what a block's attention keeps: what it multiplies, and probabilities."""
    sizes = workload.sizes
    if sizes.distances:
        return _padded_bytes(workload, tokens, width)
    found = _fused_bytes(workload, tokens) if fused else _probability_bytes(workload, tokens, width)
    # Queries, keys, values; the first two once more where positions turn them.
    multiplied = (5 if sizes.rotary else 3) * sizes.hidden * width
    return tokens * multiplied + workload.heads * found


def _padded_bytes(workload: Workload, tokens: int, width: int) -> int:
    """Bytes of attention to content and distances, on blocks padded to the longest sequence."""
    longest, laid_out = _laid_out(workload, tokens)
    tables = workload.sizes.products - 2
    looked_up = tables * workload.sizes.distances * width
    # Probabilities in single precision, and what is left of them after dropout.
    scores = longest * (_FULL + width)
    # Queries, keys and values, those that meet distances once more, and the output.
    states = (4 + tables) * workload.sizes.hidden * width
    return laid_out * (states + workload.heads * (looked_up + scores))


def _last_bytes(workload: Workload, tokens: int, width: int) -> int:
    """Bytes of the last block where the sequence starts alone leave it: keys and values."""
    sizes = workload.sizes
    if sizes.rotary:
        # Norm, its output, one product of all three, turned keys.
        return sizes.hidden * tokens * (_FULL + 5 * width)
    found = 2 * sizes.hidden * tokens * (_FULL + width)
    if not sizes.distances:
        return found
    _, laid_out = _laid_out(workload, tokens)
    return found + laid_out * width * (sizes.hidden + workload.heads * sizes.distances)


def _laid_out(workload: Workload, tokens: int) -> tuple[int, int]:
    """Return the longest sequence, and the places of a block padded to it."""
    lengths = workload.lengths["train"]
    longest = int(lengths.max())
    return longest, int(tokens * longest / lengths.mean())


def _fused_bytes(workload: Workload, tokens: int) -> int:
    """Bytes of what one head keeps beside its inputs: a number and two bits a probability."""
    return tokens * (_FULL + int(max(workload.lengths["train"])) // 4)


def _probability_bytes(workload: Workload, tokens: int, width: int) -> int:
    """Bytes of one head's probabilities in batches of so many tokens."""
    lengths = workload.lengths["train"]
    return int(tokens * np.square(lengths).sum() / lengths.sum() * width)


def _frozen_at_most(spec: RunSpec, workload: Workload) -> int:
    """Return the frozen depth at the end, when a technique that unfreezes trains the most."""
    return workload.frozen(spec, workload.plan(spec).steps - 1)


def run_bytes(
    spec: RunSpec, workload: Workload, execution: Execution, stacked: bool = False
) -> int:
    """Return the peak of a run's memory on the device that trains it.

    The larger of what training and what evaluation hold at once, beside the run's state.
    """
    sequences = min(execution.micro_batch or spec.batch_size, len(workload.lengths["train"]))
    tokens = batch_tokens(workload.lengths["train"], sequences)
    fused = execution.device.type == "cuda"
    training = kept_bytes(spec, workload, tokens, stacked, fused)
    training += _passing_bytes(spec, workload, tokens)
    if fused and is_small(sum(workload.parameters), tokens):
        # A recording holds what it computes beside what the steps before it left in memory.
        training = 2 * training + _FULL * _trained(spec, workload)
    longest = min(execution.evaluation_tokens, int(sum(workload.lengths["test"])))
    return state_bytes(spec, workload) + max(training, _passing_bytes(spec, workload, longest))


def _passing_bytes(spec: RunSpec, workload: Workload, tokens: int) -> int:
    """Bytes of what one block computes and drops: a widened state twice, four states."""
    values = 2 * workload.sizes.intermediate + 4 * workload.sizes.hidden
    return tokens * values * _bytes_each(spec)


def _bytes_each(spec: RunSpec) -> int:
    return 2 if spec.precision in ("bfloat16", "float16") else _FULL


def batch_tokens(lengths: np.ndarray, sequences: int) -> int:
    """Return a number of tokens that few batches of so many sequences exceed."""
    usual = sequences * lengths.mean() + _DEVIATIONS * lengths.std() * sequences**0.5
    return int(min(usual, np.sort(lengths)[-sequences:].sum()))


def cohort_size(run: int, free: int) -> int:
    """Return how many runs of so many bytes train together in so much free memory.

    Examples
    --------
    >>> cohort_size(2_000_000_000, 16_000_000_000), cohort_size(9, 0)
    (6, 1)
    """
    return max(1, min(LARGEST_COHORT, int(_SHARE * free / run)))
