"""How many operations training needs: the yardstick for speed, time and plans.

Counted are the multiplications and additions of matrix products over real tokens, two for each
multiply-accumulate, as in Kaplan et al. 2020 (arXiv:2001.08361, section 2.1) but with attention's
own products, without products whose result nothing reads, and without padding. The rest
(softmax, LayerNorm, dropout, the optimizer) is what a fast engine must hide.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from workbench.models.families import Family
    from workbench.models.network import Network

_OPERATIONS = 2
"""Of one multiply-accumulate."""


@dataclass(frozen=True)
class Dimensions:
    """The sizes of a network that decide how many operations it needs."""

    layers: int
    hidden: int
    intermediate: int
    per_token: bool
    """Whether the head reads every token; else only the sequence starts leave the last block."""
    matrices: int = 2
    """Of the feed-forward part, each hidden times intermediate; a gated one has three."""
    products: int = 2
    """Of attention, each as large as scores times values. What attention computes of distances
    once for a whole batch is not counted: it does not grow with the text."""
    windows: tuple[int, ...] = ()
    """How far a token sees in each block, itself included; 0 is everywhere, as is no entry."""
    rotary: bool = False
    """Whether one product gives queries, keys and values, and positions then turn the first two."""
    distances: int = 0
    """Entries of the table of distances that attention scores beside content."""

    @classmethod
    def of(cls, family: Family, config: Any, reads_all: bool) -> Dimensions:
        """Return the dimensions of a family's network from its description."""
        sizes = asdict(family.sizes(config))
        del sizes["heads"]
        return cls(per_token=reads_all, **sizes)


@dataclass(frozen=True)
class _Passes:
    """How often the products of one block are computed in a training step."""

    from_input: int
    """Products with the block's input: queries, keys, values."""
    inner: int
    """Linear layers whose input is computed inside the block."""
    attention: int


_FROZEN, _LOWEST, _TRAINED = _Passes(1, 1, 1), _Passes(2, 3, 3), _Passes(3, 3, 3)
_EVALUATED = _FROZEN
_SEARCHED = _Passes(2, 2, 3)
"""Linear layers pass a gradient on to their input and have none of their own."""


def dimensions(network: Network) -> Dimensions:
    """Return the sizes of a network."""
    return Dimensions.of(network.family, network.encoder.config, network.reads_all)


def training_operations(
    sizes: Dimensions, lengths: np.ndarray, frozen: int = -1, cached: bool = False
) -> float:
    """Return the operations of one training pass over sequences.

    Parameters
    ----------
    sizes
        Of the network.
    lengths
        Tokens of each sequence, ``int64 [sequences]``.
    frozen
        The highest depth that is not trained (0 is the embeddings); -1 when all is trained.
    cached
        Whether the outputs of the frozen blocks are at hand.
    """
    total = 0.0
    for depth in range(1, sizes.layers + 1):
        if depth <= frozen:
            total += 0.0 if cached else _block(sizes, lengths, depth, _FROZEN)
        else:
            # The lowest trained block passes no gradient on to its input.
            passes = _LOWEST if depth == frozen + 1 else _TRAINED
            total += _block(sizes, lengths, depth, passes)
    return _OPERATIONS * total


def search_operations(sizes: Dimensions, lengths: np.ndarray) -> float:
    """Return the operations of one pass whose gradients go to the embeddings' states alone."""
    blocks = (_block(sizes, lengths, depth, _SEARCHED) for depth in range(1, sizes.layers + 1))
    return _OPERATIONS * sum(blocks)


def evaluation_operations(sizes: Dimensions, lengths: np.ndarray) -> float:
    """Return the operations of one forward pass over sequences."""
    blocks = (_block(sizes, lengths, depth, _EVALUATED) for depth in range(1, sizes.layers + 1))
    return _OPERATIONS * sum(blocks)


def _block(sizes: Dimensions, lengths: np.ndarray, depth: int, passes: _Passes) -> float:
    """Return a block's multiply-accumulates: those of linear layers, then attention's two."""
    lengths = np.asarray(lengths, dtype=np.float64)
    trimmed = depth == sizes.layers and not sizes.per_token
    window = sizes.windows[depth - 1] if sizes.windows else 0
    tokens = lengths.sum()
    leaving = float(len(lengths)) if trimmed else tokens
    looking = _seen_by_first(lengths, window) if trimmed else _pairs(lengths, window)
    square = sizes.hidden**2
    from_input = (2 * tokens + leaving) * square
    inner = leaving * (square + sizes.matrices * sizes.hidden * sizes.intermediate)
    attention = sizes.products * looking * sizes.hidden
    return passes.from_input * from_input + passes.inner * inner + passes.attention * attention


def _pairs(lengths: np.ndarray, window: int) -> float:
    """Count the pairs of tokens that look at each other."""
    if not window:
        return np.square(lengths).sum()
    near = np.minimum(lengths, window)
    # A token sees window - 1 others to either side; near an end of its sequence some are missing.
    return (lengths * (2 * near - 1) - near * (near - 1)).sum()


def _seen_by_first(lengths: np.ndarray, window: int) -> float:
    """Count the tokens that the first of each sequence sees."""
    return (np.minimum(lengths, window) if window else lengths).sum()
