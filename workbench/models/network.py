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
from transformers.utils import logging as transformers_logging

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import Checkpoint
from workbench.models.depth import Anatomy, anatomy
from workbench.models.families import Family, Parts, gather
from workbench.models.heads import FirstState
from workbench.models.tokenizer import explained, load_tokenizer, stored_config


class Network(nn.Module):
    """Encoder, pooler and head over packed batches.

    Parameters
    ----------
    family
        Whose parts these are.
    encoder
        The family's base model, without its pooler.
    pooler
        What the checkpoint brings between encoder and head, or None.
    head
        From states to outputs.
    per_token
        Whether the head reads every token, or one state of each sequence.
    means
        Whether that state is the mean over the sequence instead of its first.
    """

    def __init__(
        self,
        family: Family,
        encoder: PreTrainedModel,
        pooler: nn.Module | None,
        head: nn.Module,
        per_token: bool,
        means: bool = False,
    ):
        super().__init__()
        self.family = family
        self.encoder: Any = encoder
        self.pooler = pooler
        self.head = head
        self.per_token = per_token
        self.means = means

    @property
    def blocks(self) -> Any:
        """The blocks, from the lowest to the highest."""
        return self.family.blocks(self.encoder)

    @property
    def reads_all(self) -> bool:
        """Whether every token leaves the top block, instead of the sequence starts alone."""
        return self.per_token or self.means

    def forward(
        self,
        inputs: Mapping[str, Tensor],
        starts: Tensor,
        states: Tensor | None = None,
        depth: int = 0,
        offsets: Tensor | None = None,
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
            ``[runs, tokens, hidden]``; nothing below is then computed.
        offsets
            By which the states that leave the embeddings are moved, ``[runs, tokens, hidden]``.
        attention
            Passed on to the attention function.
        """
        if states is None:
            states, depth = self.embed(inputs), 0
            states = states if offsets is None else states + offsets
        if self.per_token:
            return self._out(self._to_top(inputs, states, depth, **attention))
        if self.means:
            states = self._to_top(inputs, states, depth, **attention)
            return self._out(_means(states, starts, attention["layout"].lengths).unsqueeze(1))
        # The family's pooler and head take the first position of a padded sequence; a dimension of
        # length one before the sequences gives them just that.
        return self._out(self._starts(inputs, states, starts, depth, **attention).unsqueeze(1))

    def _out(self, states: Tensor) -> Tensor:
        return self.head(states if self.pooler is None else self.pooler(states))

    def _to_top(
        self, inputs: Mapping[str, Tensor], states: Tensor, depth: int, **attention: Any
    ) -> Tensor:
        return self.pass_through(inputs, states, depth, len(self.blocks), **attention)

    def _starts(
        self,
        inputs: Mapping[str, Tensor],
        states: Tensor,
        starts: Tensor,
        depth: int,
        **attention: Any,
    ) -> Tensor:
        """Return what leaves the top block at the sequence starts: nothing reads the rest."""
        top = len(self.blocks) - 1
        if depth > top:
            return gather(states, starts)
        shared = self.family.shared(self.encoder, inputs, states)
        for block in self.blocks[depth:top]:
            states = self.family.through(block, states, shared, **attention)
        states = self.family.at_starts(self.blocks[top], states, starts, shared, **attention)
        return self.family.finish(self.encoder, states)

    def embed(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return the states below the lowest block, ``[runs, tokens, hidden]``."""
        return self.family.embed(self.encoder, inputs)

    def pass_through(
        self,
        inputs: Mapping[str, Tensor],
        states: Tensor,
        depth: int,
        end: int,
        **attention: Any,
    ) -> Tensor:
        """Return the states that leave block ``end``, given those that leave block ``depth``.

        What the encoder does above its blocks belongs to the top one.
        """
        if depth == end:
            return states
        shared = self.family.shared(self.encoder, inputs, states)
        for block in self.blocks[depth:end]:
            states = self.family.through(block, states, shared, **attention)
        return self.family.finish(self.encoder, states) if end == len(self.blocks) else states


def _means(states: Tensor, starts: Tensor, lengths: Tensor) -> Tensor:
    """Return the mean state of each sequence, ``[runs, sequences, hidden]``."""
    place = torch.arange(states.shape[1], device=states.device)
    first, length = starts.unsqueeze(-1), lengths.view_as(starts).unsqueeze(-1)
    inside = (place >= first) & (place < first + length)
    with torch.autocast(states.device.type, enabled=False):
        states = states.float()
        # An empty place has no tokens: its mean is zero, and nothing reads it.
        return torch.bmm(inside.to(states.dtype), states) / length.clamp(min=1)


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
    family, config = checkpoint.architecture, _config(checkpoint, outputs, dropout)
    model, missing = _load_native(checkpoint, config, per_token)
    network = _split(family, model, per_token, head)
    new = _new_names(network, model, missing)
    _refuse_new_encoder(checkpoint, new)
    tokenizer = load_tokenizer(checkpoint)
    return LoadedModel(
        network=network,
        tokenizer=tokenizer,
        anatomy=anatomy(network, config.num_hidden_layers, config.initializer_range),
        new=new,
        max_length=family.longest(config),
        position_offset=family.position_offset(config),
        padding_id=tokenizer.pad_token_id,
        segments=family.segments(config),
    )


def _config(checkpoint: Checkpoint, outputs: int, dropout: float | None) -> Any:
    with explained(checkpoint):
        config = stored_config(checkpoint)
    config.num_labels = outputs
    if dropout is not None:
        for setting in checkpoint.architecture.dropouts:
            setattr(config, setting, dropout)
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
            key_mapping=checkpoint.renamed,
        )
    mismatched = {entry[0] for entry in report["mismatched_keys"]}
    return model, set(report["missing_keys"]) | mismatched


def _quiet() -> None:
    """Silence progress bars, and the warning that the head is new: `LoadedModel.new` tells."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


def _split(family: Family, model: Any, per_token: bool, head: str) -> Network:
    """Take a native model apart into encoder, pooler and head, sharing its modules."""
    parts, config = family.parts(model, per_token), model.config
    means = family.means(config, per_token, head)
    if head == "native" or per_token:
        return Network(family, parts.encoder, parts.pooler, _native_head(parts), per_token, means)
    dropout = nn.Dropout(getattr(config, family.outer_dropout))
    linear = nn.Linear(config.hidden_size, config.num_labels)
    return Network(family, parts.encoder, None, FirstState(dropout, linear, True), per_token)


def _native_head(parts: Parts) -> nn.Module:
    if parts.dropout is None:
        return parts.classifier
    return FirstState(parts.dropout, parts.classifier, parts.first)


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
    network = _split(checkpoint.architecture, model, per_token, "native")
    parameters: dict[str, Tensor] = dict(network.named_parameters())
    if pooler is not None:
        model.base_model.pooler = pooler
    return model, parameters
