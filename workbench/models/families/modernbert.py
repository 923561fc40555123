"""ModernBERT: norms in front, rotary positions, windows in two of three blocks, no biases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.models.families.family import (
    Family,
    Parts,
    Rows,
    Sizes,
    attention_function,
    gather,
    linear,
    norm,
)

if TYPE_CHECKING:
    from torch import Tensor


class ModernBert(Family):
    """ModernBERT (Warner et al. 2024, arXiv:2412.13663).

    The prediction head, which the checkpoint brings from masked-language modelling, is what BERT's
    pooler is there: pretrained, between encoder and outputs, and drawn anew where a technique draws
    the pooler anew.

    The final norm belongs to the top block: it is the norm that every block of the other families
    ends with, it is frozen with that block, drawn anew with it, and trains at its rate.
    """

    name = "modernbert"
    dropouts = ("embedding_dropout", "attention_dropout", "mlp_dropout", "classifier_dropout")
    outer_dropout = "classifier_dropout"
    stack = "layers"
    above = ("final_norm.",)
    pooler = "head.dense.weight"
    pools_tokens = True

    def segments(self, config: Any) -> int:
        """Return how many segment types a token may have."""
        return 1

    def means(self, config: Any, per_token: bool, head: str) -> bool:
        """Tell whether the head reads the mean over a sequence: the checkpoint's choice."""
        return config.classifier_pooling == "mean" and head == "native" and not per_token

    def sizes(self, config: Any) -> Sizes:
        """Return the sizes that decide what a step costs."""
        return Sizes(
            config.num_hidden_layers,
            config.hidden_size,
            config.intermediate_size,
            config.num_attention_heads,
            matrices=3,
            windows=tuple(
                config.sliding_window + 1 if kind == "sliding_attention" else 0
                for kind in config.layer_types
            ),
            rotary=True,
        )

    def parameters_below(self, config: Any, words: int) -> int:
        """Count words and their norm; positions are rotations without parameters."""
        return words * config.hidden_size + norm(config.hidden_size, config.norm_bias)

    def parameters_inside(self, config: Any, number: int) -> int:
        """Count a block; the lowest has one norm, and the final norm counts to the top block."""
        hidden, wide = config.hidden_size, config.intermediate_size
        norms = 2 - (number == 0) + (number == config.num_hidden_layers - 1)
        return (
            linear(hidden, 3 * hidden, config.attention_bias)
            + linear(hidden, hidden, config.attention_bias)
            + linear(hidden, 2 * wide, config.mlp_bias)
            + linear(wide, hidden, config.mlp_bias)
            + norms * norm(hidden, config.norm_bias)
        )

    def parameters_above(self, config: Any, rows: Rows) -> int:
        """Count the prediction head, which reads sequences and tokens alike, and the outputs."""
        hidden = config.hidden_size
        inner = linear(hidden, hidden, config.classifier_bias) + norm(hidden, config.norm_bias)
        kept = rows.per_token or rows.head == "native"
        return kept * inner + linear(hidden, rows.outputs)

    def parts(self, model: Any, per_token: bool) -> Parts:
        """Take a native model apart, and give its attention a place for dropout."""
        from torch import nn

        encoder = model.base_model
        for block in encoder.layers:
            # The others' attention has this module; here it is a number, and no module to replace.
            block.attn.dropout = nn.Dropout(model.config.attention_dropout)
        return Parts(encoder, model.head, model.drop, model.classifier, first=not per_token)

    def embed(self, encoder: Any, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the states below the lowest block."""
        return encoder.embeddings(input_ids=inputs["input_ids"])

    def shared(self, encoder: Any, inputs: Mapping[str, Tensor], states: Tensor) -> Any:
        """Return cosines and sines of every token's position, by the kind of attention."""
        return {
            kind: encoder.rotary_emb(states, inputs["position_ids"], kind)
            for kind in sorted(set(encoder.config.layer_types))
        }

    def through(self, block: Any, states: Tensor, shared: Any, **attention: Any) -> Tensor:
        """Return the states that leave a block."""
        return block(states, position_embeddings=shared[block.attention_type], **attention)

    def at_starts(
        self, block: Any, states: Tensor, starts: Tensor, shared: Any, **attention: Any
    ) -> Tensor:
        """See `Family.at_starts`."""
        from transformers.models.modernbert.modeling_modernbert import apply_rotary_pos_emb

        module, first = block.attn, gather(states, starts)
        projected = module.Wqkv(block.attn_norm(states)).view(*states.shape[:2], 3, -1)
        query, key, value = (
            part.unflatten(-1, (-1, module.head_dim)).transpose(1, 2)
            for part in projected.unbind(-2)
        )
        query, key = apply_rotary_pos_emb(query, key, *shared[block.attention_type])
        asking = gather(query.transpose(1, 2).flatten(2), starts)
        seen, _ = attention_function(module.config)(
            module,
            asking.unflatten(-1, (-1, module.head_dim)).transpose(1, 2),
            key,
            value,
            None,
            dropout=module.attention_dropout if module.training else 0.0,
            scaling=module.head_dim**-0.5,
            sliding_window=module.sliding_window,
            starts_only=True,
            **attention,
        )
        attended = first + module.out_drop(module.Wo(seen.reshape(first.shape)))
        return attended + block.mlp(block.mlp_norm(attended))

    def finish(self, encoder: Any, states: Tensor) -> Tensor:
        """Return the encoder's output, given the states that leave the top block."""
        return encoder.final_norm(states)
