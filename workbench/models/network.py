"""A checkpoint with a head, in the form the engine trains: encoder, pooler, head.

The parts are transformers' own modules of the family. They are called one after another because
the engine's batches are packed: a line of tokens holds many sequences, so the states at the
sequence starts are gathered before the pooler and the head see them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils import logging as transformers_logging

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import Checkpoint
from workbench.models.depth import Anatomy, anatomy
from workbench.models.tokenizer import explained, load_tokenizer, stored_config

_ATTENTION = "attention_probs_dropout_prob"


class Network(nn.Module):
    """Encoder, pooler and head over packed batches.

    Parameters
    ----------
    encoder
        The family's base model, without its pooler.
    pooler
        The family's pooler, or None.
    head
        From states to outputs.
    per_token
        Whether the head reads every token, or only the sequence starts.
    """

    def __init__(
        self, encoder: PreTrainedModel, pooler: nn.Module | None, head: nn.Module, per_token: bool
    ):
        super().__init__()
        self.encoder: Any = encoder
        self.pooler = pooler
        self.head = head
        self.per_token = per_token

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        starts: Tensor,
        states: Tensor | None = None,
        depth: int = 0,
        **attention: Any,
    ) -> Tensor:
        """Return ``[runs, sequences, outputs]``, or ``[runs, tokens, outputs]`` per token.

        Parameters
        ----------
        inputs
            ``input_ids``, ``position_ids`` and ``token_type_ids``, each ``[runs, tokens]``.
        starts
            ``[runs, sequences]``: where on the line each sequence starts.
        states, depth
            The states that leave block ``depth`` (0: the embeddings) where they are known,
            ``[runs, tokens, hidden]``; the inputs are then not read.
        attention
            Passed on to the attention function.
        """
        if states is None:
            states, depth = self.embed(inputs), 0
        blocks = self.encoder.encoder.layer
        if self.per_token:
            return self.head(self.pass_through(states, depth, len(blocks), **attention))
        states = self.pass_through(states, depth, len(blocks) - 1, **attention)
        # Nothing reads what the top block says of other tokens.
        top = _gather(states, starts)
        if depth < len(blocks):
            top = _at_starts(blocks[-1], states, top, **attention)
        # The family's pooler and head take the first position of a padded sequence; a dimension of
        # length one before the sequences gives them just that.
        first = top.unsqueeze(1)
        return self.head(first if self.pooler is None else self.pooler(first))

    def embed(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the states below the lowest block, ``[runs, tokens, hidden]``."""
        states = self.encoder.embeddings(**inputs)
        # ELECTRA's small models widen narrow embeddings.
        widen = getattr(self.encoder, "embeddings_project", None)
        return states if widen is None else widen(states)

    def pass_through(self, states: Tensor, depth: int, end: int, **attention: Any) -> Tensor:
        """Return the states that leave block ``end``, given those that leave block ``depth``."""
        for block in self.encoder.encoder.layer[depth:end]:
            states = block(states, **attention)
        return states


def _gather(states: Tensor, starts: Tensor) -> Tensor:
    return states.gather(1, starts.unsqueeze(-1).expand(-1, -1, states.shape[-1]))


def _at_starts(block: Any, states: Tensor, first: Tensor, **attention: Any) -> Tensor:
    """Run a block for the sequence starts alone, whose states are ``[runs, sequences, hidden]``."""
    module = block.attention.self

    def heads(projected: Tensor) -> Tensor:
        shape = (*projected.shape[:2], module.num_attention_heads, module.attention_head_size)
        return projected.view(shape).transpose(1, 2)

    attend = ALL_ATTENTION_FUNCTIONS[module.config._attn_implementation]
    seen, _ = attend(
        module,
        heads(module.query(first)),
        heads(module.key(states)),
        heads(module.value(states)),
        None,
        dropout=module.dropout.p if module.training else 0.0,
        scaling=module.scaling,
        starts_only=True,
        **attention,
    )
    return block.feed_forward_chunk(block.attention.output(seen.reshape(first.shape), first))


class _FirstState(nn.Module):
    """Take the first position, as transformers' own heads do, then drop out and project."""

    def __init__(self, dropout: nn.Module, classifier: nn.Module, first: bool):
        super().__init__()
        self.dropout = dropout
        self.classifier = classifier
        self.first = first

    def forward(self, states: Tensor) -> Tensor:
        """Return ``[runs, positions, outputs]``."""
        return self.classifier(self.dropout(states[:, 0] if self.first else states))


@dataclass(frozen=True)
class LoadedModel:
    """A network with its tokenizer and what the engine must know of both."""

    network: Network
    tokenizer: PreTrainedTokenizerBase
    anatomy: Anatomy
    new: tuple[str, ...]
    """Names of the parameters that the checkpoint does not hold."""
    max_length: int
    position_offset: int
    """The position id of a sequence's first token (RoBERTa counts from its padding index)."""
    padding_id: int
    """The word piece that fills a line up."""
    segments: int
    """How many segment types the embeddings know."""


def load(
    checkpoint: Checkpoint,
    outputs: int,
    per_token: bool,
    head: str = "native",
    dropout: float | None = None,
) -> LoadedModel:
    """Load a checkpoint with a new head.

    Parameters
    ----------
    checkpoint
        From `find_checkpoint`.
    outputs
        Width of the head's output.
    per_token
        One output for each token instead of one for each sequence.
    head
        ``native``: the family's own head module, with its pooler; ``linear``: one layer on the
        final state of the first token (Gu et al. 2020, section 2.2).
    dropout
        Probability everywhere; None keeps the checkpoint's.

    Raises
    ------
    WorkbenchError
        When the family is not supported, or files are missing or damaged.
    """
    config = _config(checkpoint, outputs, dropout)
    model, missing = _load_native(checkpoint, config, per_token)
    network = _split(model, per_token, head)
    new = _new_names(network, model, missing)
    _refuse_new_encoder(checkpoint, new)
    tokenizer = load_tokenizer(checkpoint)
    positions = model.base_model.embeddings.position_embeddings
    offset = 0 if positions.padding_idx is None else positions.padding_idx + 1
    return LoadedModel(
        network=network,
        tokenizer=tokenizer,
        anatomy=anatomy(network, config.num_hidden_layers, config.initializer_range),
        new=new,
        max_length=config.max_position_embeddings - offset,
        position_offset=offset,
        padding_id=tokenizer.pad_token_id,
        segments=config.type_vocab_size,
    )


def _config(checkpoint: Checkpoint, outputs: int, dropout: float | None) -> Any:
    with explained(checkpoint):
        config = stored_config(checkpoint)
    config.num_labels = outputs
    if dropout is not None:
        config.hidden_dropout_prob = config.classifier_dropout = dropout
        setattr(config, _ATTENTION, dropout)
    return config


def _load_native(checkpoint: Checkpoint, config: Any, per_token: bool) -> tuple[Any, set[str]]:
    _quiet()
    kind = AutoModelForTokenClassification if per_token else AutoModelForSequenceClassification
    with explained(checkpoint):
        model, report = kind.from_pretrained(
            checkpoint.folder,
            config=config,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
        )
    mismatched = {entry[0] for entry in report["mismatched_keys"]}
    return model, set(report["missing_keys"]) | mismatched


def _quiet() -> None:
    """Silence progress bars, and the warning that the head is new: `LoadedModel.new` tells."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


def _split(model: Any, per_token: bool, head: str) -> Network:
    """Take a native model apart into encoder, pooler and head, sharing its modules."""
    encoder = model.base_model
    pooler = getattr(encoder, "pooler", None)
    if pooler is not None:
        encoder.pooler = None
    native = _native_head(model, per_token, pooler)
    if head == "native" or per_token:
        return Network(encoder, pooler, native, per_token)
    config = model.config
    linear = nn.Linear(config.hidden_size, config.num_labels)
    return Network(encoder, None, _FirstState(_dropout(model), linear, True), per_token)


def _native_head(model: Any, per_token: bool, pooler: nn.Module | None) -> nn.Module:
    if per_token:
        return _FirstState(model.dropout, model.classifier, False)
    if pooler is not None:
        # The pooler has already taken the first position.
        return _FirstState(model.dropout, model.classifier, False)
    return model.classifier


def _dropout(model: Any) -> nn.Dropout:
    return nn.Dropout(model.config.hidden_dropout_prob)


def _new_names(network: Network, model: Any, missing: set[str]) -> tuple[str, ...]:
    """Translate the names that loading reported as missing into the network's own."""
    fresh = {id(value) for name, value in model.named_parameters() if name in missing}
    pooler = {} if network.pooler is None else dict(network.pooler.named_parameters())
    prefix = f"{model.base_model_prefix}.pooler."
    fresh |= {id(value) for name, value in pooler.items() if prefix + name in missing}
    known = {id(value) for value in model.parameters()} | {id(value) for value in pooler.values()}
    return tuple(
        name
        for name, value in network.named_parameters()
        if id(value) in fresh or id(value) not in known
    )


def _refuse_new_encoder(checkpoint: Checkpoint, new: tuple[str, ...]) -> None:
    """Only pooler and head may be new; random weights inside the encoder would go unnoticed."""
    lost = [name for name in new if name.startswith("encoder.")]
    if lost:
        raise WorkbenchError(
            f"the weights of the model {checkpoint.name!r} do not fit its config.json ({len(lost)} "
            f"are missing or of another shape, such as {lost[0].removeprefix('encoder.')}): put "
            f"the files of one checkpoint into {str(checkpoint.folder)!r}"
        )


def load_whole(
    checkpoint: Checkpoint, outputs: int, per_token: bool, dropout: float | None = None
) -> tuple[Any, dict[str, Tensor]]:
    """Load a checkpoint as transformers' own model of the family, to be given trained weights.

    Parameters
    ----------
    checkpoint, outputs, per_token, dropout
        As for `load`, whose native head it has.

    Returns
    -------
    model
        `AutoModelForSequenceClassification` or, per token, `AutoModelForTokenClassification`.
    parameters
        Its parameters by the names they have in a `Network`; to write to one changes the model.
    """
    model, _ = _load_native(checkpoint, _config(checkpoint, outputs, dropout), per_token)
    pooler = getattr(model.base_model, "pooler", None)
    parameters: dict[str, Tensor] = dict(_split(model, per_token, "native").named_parameters())
    if pooler is not None:
        model.base_model.pooler = pooler
    return model, parameters
