"""A trained network as a folder that transformers alone can load."""

import errno
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from workbench.models.checkpoint import Checkpoint
from workbench.models.network import load_whole
from workbench.models.tokenizer import load_tokenizer
from workbench.models.vocabulary import complete

_SEGMENTS = "token_type_ids"
_OWN_STATE = (
    "is_local",
    "local_files_only",
    "max_length",
    "stride",
    "truncation_strategy",
    "pad_to_multiple_of",
)
"""What a tokenizer notes of how it was loaded, or last used: no part of what it is."""


@dataclass(frozen=True)
class Trained:
    """The weights of one run, as the engine holds them.

    Attributes
    ----------
    weights
        By the parameters' names in a `workbench.models.network.Network`, on any device.
    rows
        The word embeddings among them: the rows of the checkpoint's table, ``int64 [rows]``.
    unused
        What weight decay has left of the other rows: see `workbench.models.vocabulary.complete`.
    dropout
        The probability it was trained with.
    """

    weights: Mapping[str, Tensor]
    rows: np.ndarray
    unused: float
    dropout: float


@dataclass(frozen=True)
class Outputs:
    """What a saved model's own description says of its outputs and of its longest input.

    Attributes
    ----------
    labels
        A name for each output, in order.
    per_token
        Whether each token has outputs, or each input.
    problem
        transformers' word: ``regression``, ``single_label_classification``,
        ``multi_label_classification``, or None for tokens.
    max_length
        Word pieces of an input, special ones included, that it was trained with.
    """

    labels: tuple[str, ...]
    per_token: bool
    problem: str | None
    max_length: int


def export(folder: Path, checkpoint: Checkpoint, trained: Trained, outputs: Outputs) -> None:
    """Write weights, description and tokenizer: equal weights are equal bytes.

    Parameters
    ----------
    folder
        Exists, and is empty.
    checkpoint
        That the run started from; its native head was trained.
    trained, outputs
        Of the run.

    Raises
    ------
    WorkbenchError
        When the checkpoint does not load.
    OSError
        When a file cannot be written.
    """
    model = _model(checkpoint, trained, outputs)
    segments = checkpoint.architecture.segments(model.config)
    tokenizer = _tokenizer(checkpoint, segments, outputs.max_length)
    with _as_os_error():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def _model(checkpoint: Checkpoint, trained: Trained, outputs: Outputs) -> Any:
    """Return the family's own model with the trained weights in their places."""
    model, parameters = load_whole(
        checkpoint, len(outputs.labels), outputs.per_token, trained.dropout
    )
    if parameters.keys() != trained.weights.keys():
        raise ValueError("the trained weights are not those of the family's own head")
    table = model.get_input_embeddings().weight
    with torch.no_grad():
        for name, slot in parameters.items():
            value = trained.weights[name].detach().cpu()
            if slot is table:
                value = complete(slot, trained.rows, value, trained.unused)
            slot.copy_(value)
    model.config.id2label = dict(enumerate(outputs.labels))
    model.config.label2id = {label: number for number, label in enumerate(outputs.labels)}
    model.config.problem_type = outputs.problem
    return model


def _tokenizer(checkpoint: Checkpoint, segments: int, max_length: int) -> Any:
    """Return the checkpoint's tokenizer, set to the lengths and inputs that the model takes."""
    tokenizer = load_tokenizer(checkpoint)
    # Some checkpoints pad and cut every text to their own fixed length.
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    for name in _OWN_STATE:
        tokenizer.init_kwargs.pop(name, None)
    tokenizer.model_max_length = max_length
    if segments < 2:
        tokenizer.model_input_names = [
            name for name in tokenizer.model_input_names if name != _SEGMENTS
        ]
    tokenizer.init_kwargs["model_input_names"] = list(tokenizer.model_input_names)
    return tokenizer


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Raise what safetensors could not write as the operating system's own error."""
    try:
        yield
    except SafetensorError as problem:
        found = re.search(r"os error (\d+)", str(problem))
        number = int(found[1]) if found else errno.EIO
        raise OSError(number, os.strerror(number)) from problem
