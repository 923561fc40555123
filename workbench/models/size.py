"""How many parameters a checkpoint has with a new head, from its description alone."""

from typing import Any

from workbench.models.checkpoint import Checkpoint
from workbench.models.tokenizer import explained, stored_config


def parameter_counts(
    checkpoint: Checkpoint, rows: int, outputs: int, per_token: bool, head: str
) -> tuple[int, ...]:
    """Count the parameters that the engine trains, by depth from the embeddings to the head.

    Parameters
    ----------
    checkpoint
        Of the BERT, RoBERTa or ELECTRA family.
    rows
        Word embeddings that are kept.
    outputs, per_token, head
        Of the head, as `workbench.models.network.load` takes them.

    Raises
    ------
    WorkbenchError
        When its description is damaged.
    """
    with explained(checkpoint):
        config = stored_config(checkpoint)
    top = _head(config, outputs, per_token, head)
    return _embeddings(config, rows), *[_block(config)] * config.num_hidden_layers, top


def _linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def _embeddings(config: Any, rows: int) -> int:
    width = getattr(config, "embedding_size", config.hidden_size)
    tables = (rows + config.max_position_embeddings + config.type_vocab_size) * width
    # ELECTRA's small models widen narrow embeddings.
    widening = 0 if width == config.hidden_size else _linear(width, config.hidden_size)
    return tables + 2 * width + widening


def _block(config: Any) -> int:
    hidden, wide = config.hidden_size, config.intermediate_size
    norms = 2 * 2 * hidden
    return 4 * _linear(hidden, hidden) + _linear(hidden, wide) + _linear(wide, hidden) + norms


def _head(config: Any, outputs: int, per_token: bool, head: str) -> int:
    """BERT's pooler, or the inner layer of RoBERTa's and ELECTRA's heads, then the outputs."""
    inner = 0 if per_token or head == "linear" else _linear(config.hidden_size, config.hidden_size)
    return inner + _linear(config.hidden_size, outputs)
