"""BERT, and the two families that share its blocks: RoBERTa and ELECTRA."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.models.families.family import (
    Family,
    attention_function,
    gather,
    in_heads,
    linear,
    norm,
)

if TYPE_CHECKING:
    from torch import Tensor


class Bert(Family):
    """BERT (Devlin et al. 2019, arXiv:1810.04805), with or without a pooler in the checkpoint."""

    name = "bert"
    pooler = "pooler.dense.weight"

    def parameters_below(self, config: Any, words: int) -> int:
        """Count words, positions, segments and their norm."""
        tables = words + config.max_position_embeddings + config.type_vocab_size
        return tables * config.hidden_size + norm(config.hidden_size)

    def at_starts(
        self, block: Any, states: Tensor, starts: Tensor, shared: Any, **attention: Any
    ) -> Tensor:
        """See `Family.at_starts`."""
        module, first = block.attention.self, gather(states, starts)
        heads = module.num_attention_heads
        seen, _ = attention_function(module.config)(
            module,
            in_heads(module.query(first), heads),
            in_heads(module.key(states), heads),
            in_heads(module.value(states), heads),
            None,
            dropout=module.dropout.p if module.training else 0.0,
            scaling=module.scaling,
            starts_only=True,
            **attention,
        )
        return block.feed_forward_chunk(block.attention.output(seen.reshape(first.shape), first))


class Roberta(Bert):
    """RoBERTa (Liu et al. 2019, arXiv:1907.11692), whose positions count from behind padding."""

    name = "roberta"
    pooler = ""
    spaced = True

    def position_offset(self, config: Any) -> int:
        """Return the position id of a sequence's first token."""
        return config.pad_token_id + 1


class Electra(Bert):
    """ELECTRA's discriminator (Clark et al. 2020, arXiv:2003.10555); it has no pooler."""

    name = "electra"
    pooler = ""

    def parameters_below(self, config: Any, words: int) -> int:
        """Count as for BERT; small models widen narrow embeddings."""
        width, hidden = config.embedding_size, config.hidden_size
        tables = words + config.max_position_embeddings + config.type_vocab_size
        widening = 0 if width == hidden else linear(width, hidden)
        return tables * width + norm(width) + widening

    def embed(self, encoder: Any, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the states below the lowest block, as wide as the blocks need them."""
        states = encoder.embeddings(**inputs)
        widen = getattr(encoder, "embeddings_project", None)
        return states if widen is None else widen(states)
