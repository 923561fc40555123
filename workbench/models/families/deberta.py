"""DeBERTa v2 and v3: attention also scores how far apart two tokens are, by tables of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.models.families.family import (
    Family,
    Parts,
    Sizes,
    attention_function,
    gather,
    in_heads,
    linear,
    norm,
)

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Distances:
    """What a block's attention knows of distances: He et al. 2021, arXiv:2006.03654, equation 4."""

    keys: Tensor | None
    """Of each distance, ``[runs, heads, distances, width]``; None where content asks for none."""
    queries: Tensor | None
    """The same for what distances ask of content."""
    bucket: Any
    """From a length to the entries of every pair of places, ``int64 [length, length]``."""


class DebertaV2(Family):
    """DeBERTa v2 and v3 (He et al. 2021, arXiv:2006.03654 and arXiv:2111.09543).

    Its attention goes the padded way (`workbench.training.disentangled`); all else is packed. The
    table of distances is read by every block, so it sits at depth 0 with the embeddings; it trains
    and freezes with them.
    """

    name = "deberta-v2"
    dropouts = (
        "hidden_dropout_prob",
        "attention_probs_dropout_prob",
        "pooler_dropout",
        "cls_dropout",
    )
    shared_dropouts = ("pos_dropout",)
    recorded = False
    pooler = "pooler.dense.weight"

    def segments(self, config: Any) -> int:
        """Return how many segment types a token may have."""
        return max(1, config.type_vocab_size)

    def sizes(self, config: Any) -> Sizes:
        """Return the sizes that decide what a step costs."""
        return Sizes(
            config.num_hidden_layers,
            config.hidden_size,
            config.intermediate_size,
            config.num_attention_heads,
            products=2 + len(_kinds(config)),
            distances=config.relative_attention * 2 * _span(config),
        )

    def parameters_below(self, config: Any, words: int) -> int:
        """Count words, positions and segments where there are any, and the table of distances."""
        hidden = config.hidden_size
        width = getattr(config, "embedding_size", hidden)
        positions = config.position_biased_input * config.max_position_embeddings
        tables = (words + positions + config.type_vocab_size) * width
        widening = 0 if width == hidden else linear(width, hidden, bias=False)
        return tables + widening + norm(hidden) + _distance_parameters(config)

    def parameters_inside(self, config: Any, number: int) -> int:
        """Count a block; distances have keys and queries of their own unless they are shared."""
        shared = getattr(config, "share_att_key", False)
        own = 0 if shared else len(_kinds(config))
        return super().parameters_inside(config, number) + own * linear(
            config.hidden_size, config.hidden_size
        )

    def parts(self, model: Any, per_token: bool) -> Parts:
        """Take a native model apart.

        Raises
        ------
        WorkbenchError
            For the two largest models of version 2, which hold a convolution over neighbours.
        """
        encoder = model.base_model
        if encoder.encoder.conv is not None:
            raise WorkbenchError(
                "a DeBERTa with a convolution cannot be trained here: choose one of version 3, "
                "such as microsoft/deberta-v3-base"
            )
        pooler = None if per_token else model.pooler
        return Parts(encoder, pooler, model.dropout, model.classifier)

    def use_attention(self, encoder: Any, name: str) -> None:
        """Let an encoder attend by a function that is registered with transformers."""
        # transformers would refuse: its own code for this family calls no such function.
        encoder.config._attn_implementation_internal = name

    def shared(self, encoder: Any, inputs: Mapping[str, Tensor], states: Tensor) -> Any:
        """Return the table of distances, ``[runs, distances, hidden]``, and their buckets."""
        import torch

        module = encoder.encoder
        if not module.relative_attention:
            return None, None
        entries = torch.arange(module.rel_embeddings.weight.shape[-2], device=states.device)
        table = module.rel_embeddings(entries.expand(len(states), -1))
        if "layer_norm" in module.norm_rel_ebd:
            table = module.LayerNorm(table)
        return table, partial(_buckets, module, states.device)

    def through(self, block: Any, states: Tensor, shared: Any, **attention: Any) -> Tensor:
        """Return the states that leave a block."""
        return _through(block, states, states, shared, **attention)

    def at_starts(
        self, block: Any, states: Tensor, starts: Tensor, shared: Any, **attention: Any
    ) -> Tensor:
        """See `Family.at_starts`."""
        first = gather(states, starts)
        return _through(block, first, states, shared, starts_only=True, **attention)


def _kinds(config: Any) -> list[str]:
    """Return which of the two products with distances there are."""
    asked = config.pos_att_type or []
    return [kind for kind in ("c2p", "p2c") if config.relative_attention and kind in asked]


def _distance_parameters(config: Any) -> int:
    table = config.relative_attention * 2 * _span(config) * config.hidden_size
    normed = "layer_norm" in getattr(config, "norm_rel_ebd", "none").lower()
    return table + normed * norm(config.hidden_size)


def _span(config: Any) -> int:
    """Return how many distances to one side have an entry of their own."""
    buckets = getattr(config, "position_buckets", -1)
    farthest = getattr(config, "max_relative_positions", -1)
    farthest = config.max_position_embeddings if farthest < 1 else farthest
    return buckets if buckets > 0 else farthest


def _buckets(module: Any, device: Any, length: int) -> Tensor:
    """Return the entry of the distance from each place to each other, ``[length, length]``."""
    import torch
    from transformers.models.deberta_v2.modeling_deberta_v2 import build_relative_position

    places = torch.empty(length, 1, device=device)
    farthest = module.max_relative_positions
    distances = build_relative_position(places, places, module.position_buckets, farthest)[0]
    span = module.rel_embeddings.weight.shape[-2] // 2
    return (distances + span).clamp(0, 2 * span - 1)


def _through(block: Any, asking: Tensor, states: Tensor, shared: Any, **attention: Any) -> Tensor:
    """Run a block for what asks, which may be the sequence starts alone."""
    module = block.attention.self
    heads = module.num_attention_heads
    # One more power for each product with distances: their sum keeps its variance.
    terms = 1 + sum(kind in module.pos_att_type for kind in ("c2p", "p2c"))
    seen, _ = attention_function(block.attention.config)(
        module,
        in_heads(module.query_proj(asking), heads),
        in_heads(module.key_proj(states), heads),
        in_heads(module.value_proj(states), heads),
        None,
        dropout=module.dropout.p if module.training else 0.0,
        scaling=(module.attention_head_size * terms) ** -0.5,
        distances=_distances(module, *shared),
        **attention,
    )
    attended = block.attention.output(seen.reshape(asking.shape), asking)
    return block.output(block.intermediate(attended), attended)


def _distances(module: Any, table: Tensor | None, bucket: Any) -> Distances | None:
    """Project the table of distances as one block does."""
    if table is None:
        return None
    table, heads = module.pos_dropout(table), module.num_attention_heads
    keys = module.key_proj if module.share_att_key else getattr(module, "pos_key_proj", None)
    queries = module.query_proj if module.share_att_key else getattr(module, "pos_query_proj", None)
    return Distances(
        in_heads(keys(table), heads) if keys and "c2p" in module.pos_att_type else None,
        in_heads(queries(table), heads) if queries and "p2c" in module.pos_att_type else None,
        bucket,
    )
