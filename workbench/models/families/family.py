"""What the engine asks of a family: where its parts are, how a block is called, what it holds.

The engine calls transformers' own modules, one after another, on packed lines; a family says which
module is which. Nothing here or beside it imports torch, so that a plan can be made without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from torch import Tensor

EMBEDDINGS = 0
"""The depth of what lies below the blocks, or is shared by all of them."""


@dataclass(frozen=True)
class Parts:
    """A native model of transformers, taken apart; its modules are shared, not copied."""

    encoder: Any
    """The base model, without its pooler."""
    pooler: Any
    """What the checkpoint holds between encoder and outputs, or None."""
    dropout: Any
    """In front of the outputs; None where the head is a module of its own."""
    classifier: Any
    """The outputs' layer, or the family's own head module."""
    first: bool = False
    """Whether the outputs' layer is to take the first position, which no pooler has taken."""


@dataclass(frozen=True)
class Sizes:
    """The sizes of a network that decide what a step costs."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    matrices: int = 2
    """Of the feed-forward part, each hidden times intermediate; a gated one has three."""
    products: int = 2
    """Of attention, each as large as scores times values; disentangled attention has four."""
    windows: tuple[int, ...] = ()
    """How far a token sees in each block, itself included; 0 is everywhere, as is no entry."""
    rotary: bool = False
    """Whether one product gives queries, keys and values, and positions then turn the first two."""
    distances: int = 0
    """Entries of the table of distances that attention scores beside content."""


@dataclass(frozen=True)
class Rows:
    """What a network with a new head holds, as counting its parameters must know it."""

    words: int
    """Word embeddings that are kept."""
    outputs: int
    per_token: bool
    head: str


class Family(ABC):
    """One family; what is stated here is BERT's and stays where a family does not differ.

    Attributes
    ----------
    name
        ``model_type`` in a checkpoint's description.
    layers_key, hidden_key
        Where the description gives the number of blocks and the width of a state.
    dropouts
        The settings that together are dropout everywhere; the first is what runs take theirs from.
    outer_dropout
        The setting for dropout in front of a linear head.
    stack
        Where the blocks are in the encoder.
    above
        Modules of the encoder that only the top block's output passes.
    shared_dropouts
        Names of dropout modules whose values belong to a run instead of to its tokens.
    recorded
        Whether a step never waits for the device, so that it can be recorded and compiled.
    pooler
        How the pooler's weight is called in a checkpoint; empty where the head has all there is.
    pools_tokens
        Whether a head for every token reads through the pooler as well.
    spaced
        Whether a text's first word is to have a space before it, like all its other words.
    """

    name: ClassVar[str]
    layers_key: ClassVar[str] = "num_hidden_layers"
    hidden_key: ClassVar[str] = "hidden_size"
    dropouts: ClassVar[tuple[str, ...]] = (
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
        "classifier_dropout",
    )
    outer_dropout: ClassVar[str] = "hidden_dropout_prob"
    stack: ClassVar[str] = "encoder.layer"
    above: ClassVar[tuple[str, ...]] = ()
    shared_dropouts: ClassVar[tuple[str, ...]] = ()
    recorded: ClassVar[bool] = True
    pooler: ClassVar[str] = ""
    pools_tokens: ClassVar[bool] = False
    spaced: ClassVar[bool] = False

    # What its description says.

    def longest(self, config: Any) -> int:
        """Return how many word pieces a sequence may have."""
        return config.max_position_embeddings - self.position_offset(config)

    def position_offset(self, config: Any) -> int:
        """Return the position id of a sequence's first token."""
        return 0

    def segments(self, config: Any) -> int:
        """Return how many segment types a token may have."""
        return config.type_vocab_size

    def means(self, config: Any, per_token: bool, head: str) -> bool:
        """Tell whether the head reads the mean over a sequence instead of its first state."""
        return False

    # What it holds.

    def sizes(self, config: Any) -> Sizes:
        """Return the sizes that decide what a step costs."""
        return Sizes(
            config.num_hidden_layers,
            config.hidden_size,
            config.intermediate_size,
            config.num_attention_heads,
        )

    @abstractmethod
    def parameters_below(self, config: Any, words: int) -> int:
        """Count the parameters of depth 0."""

    def parameters_inside(self, config: Any, number: int) -> int:
        """Count the parameters of a block, with what is `above` it."""
        hidden, wide = config.hidden_size, self.sizes(config).intermediate
        norms = 2 * norm(hidden)
        return 4 * linear(hidden, hidden) + linear(hidden, wide) + linear(wide, hidden) + norms

    def parameters_above(self, config: Any, rows: Rows) -> int:
        """Count the parameters of pooler and head: as a rule an inner layer, then the outputs."""
        hidden = config.hidden_size
        inner = 0 if rows.per_token or rows.head == "linear" else linear(hidden, hidden)
        return inner + linear(hidden, rows.outputs)

    # How it is called.

    def depth_of(self, name: str, layers: int) -> int:
        """Return the depth of a parameter of the encoder from its name there."""
        if name.startswith(f"{self.stack}."):
            return int(name.removeprefix(f"{self.stack}.").split(".")[0]) + 1
        return layers if name.startswith(self.above) else EMBEDDINGS

    def parts(self, model: Any, per_token: bool) -> Parts:
        """Take a native model apart."""
        encoder = model.base_model
        pooler = getattr(encoder, "pooler", None)
        if pooler is not None:
            encoder.pooler = None
        dropout = None if pooler is None and not per_token else model.dropout
        return Parts(encoder, pooler, dropout, model.classifier)

    def blocks(self, encoder: Any) -> Any:
        """Return the blocks of an encoder, from the lowest to the highest."""
        return encoder.get_submodule(self.stack)

    def use_attention(self, encoder: Any, name: str) -> None:
        """Let an encoder attend by a function that is registered with transformers."""
        encoder.set_attn_implementation(name)

    def embed(self, encoder: Any, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the states below the lowest block."""
        return encoder.embeddings(**inputs)

    def shared(self, encoder: Any, inputs: Mapping[str, Tensor], states: Tensor) -> Any:
        """Return what all blocks of one forward pass share beside the states."""
        return None

    def through(self, block: Any, states: Tensor, shared: Any, **attention: Any) -> Tensor:
        """Return the states that leave a block."""
        return block(states, **attention)

    @abstractmethod
    def at_starts(
        self,
        block: Any,
        states: Tensor,
        starts: Tensor,
        shared: Any,
        **attention: Any,
    ) -> Tensor:
        """Run a block for the sequence starts alone, ``[runs, sequences, hidden]``.

        The block's attention sees all ``states``; what stands elsewhere is computed no further,
        since nothing would read it.
        """

    def finish(self, encoder: Any, states: Tensor) -> Tensor:
        """Return the encoder's output, given the states that leave the top block."""
        return states


def linear(inputs: int, outputs: int, bias: bool = True) -> int:
    """Count the parameters of a linear layer."""
    return inputs * outputs + bias * outputs


def norm(width: int, bias: bool = True) -> int:
    """Count the parameters of a LayerNorm."""
    return width + bias * width


def gather(states: Tensor, starts: Tensor) -> Tensor:
    """Return what stands at the sequence starts, ``[runs, sequences, hidden]``."""
    return states.gather(1, starts.unsqueeze(-1).expand(-1, -1, states.shape[-1]))


def in_heads(projected: Tensor, heads: int) -> Tensor:
    """Turn ``[runs, tokens, heads * width]`` into ``[runs, heads, tokens, width]``."""
    return projected.view(*projected.shape[:2], heads, -1).transpose(1, 2)


def attention_function(config: Any) -> Any:
    """Return the attention function that a model is set to."""
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    return ALL_ATTENTION_FUNCTIONS[config._attn_implementation]
