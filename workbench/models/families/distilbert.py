"""DistilBERT: BERT's blocks under other names, without segments and without a pooler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.models.families.family import (
    Family,
    Parts,
    Sizes,
    attention_function,
    gather,
    in_heads,
    norm,
)

if TYPE_CHECKING:
    from torch import Tensor


class DistilBert(Family):
    """DistilBERT (Sanh et al. 2019, arXiv:1910.01108)."""

    name = "distilbert"
    layers_key = "n_layers"
    hidden_key = "dim"
    dropouts = ("dropout", "attention_dropout", "seq_classif_dropout")
    outer_dropout = "seq_classif_dropout"
    stack = "transformer.layer"

    def segments(self, config: Any) -> int:
        """Return how many segment types a token may have."""
        return 1

    def sizes(self, config: Any) -> Sizes:
        """Return the sizes that decide what a step costs."""
        return Sizes(config.n_layers, config.dim, config.hidden_dim, config.n_heads)

    def parameters_below(self, config: Any, words: int) -> int:
        """Count words, positions and their norm."""
        return (words + config.max_position_embeddings) * config.dim + norm(config.dim)

    def parts(self, model: Any, per_token: bool) -> Parts:
        """Take a native model apart: its own head is a layer, ReLU, dropout and the outputs."""
        found = super().parts(model, per_token)
        return found if per_token else replace(found, classifier=_head(model))

    def embed(self, encoder: Any, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the states below the lowest block."""
        return encoder.embeddings(inputs["input_ids"], position_ids=inputs["position_ids"])

    def at_starts(
        self, block: Any, states: Tensor, starts: Tensor, shared: Any, **attention: Any
    ) -> Tensor:
        """See `Family.at_starts`."""
        module, first = block.attention, gather(states, starts)
        seen, _ = attention_function(module.config)(
            module,
            in_heads(module.q_lin(first), module.n_heads),
            in_heads(module.k_lin(states), module.n_heads),
            in_heads(module.v_lin(states), module.n_heads),
            None,
            dropout=module.dropout.p if module.training else 0.0,
            scaling=module.scaling,
            starts_only=True,
            **attention,
        )
        attended = block.sa_layer_norm(module.out_lin(seen.reshape(first.shape)) + first)
        return block.output_layer_norm(block.ffn(attended) + attended)


def _head(model: Any) -> Any:
    from workbench.models.heads import TwoLayers

    return TwoLayers(model.pre_classifier, model.dropout, model.classifier)
