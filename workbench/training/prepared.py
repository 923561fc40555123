"""What a cohort trains on, loaded once and shared: the encoded task and the model."""

from dataclasses import dataclass, field, replace

import numpy as np

from workbench.models.network import LoadedModel, load
from workbench.models.vocabulary import places, restrict, used_rows
from workbench.spec import RunSpec
from workbench.tasks.loading import LoadedTask
from workbench.tasks.task import Encoded
from workbench.training.frozen import FrozenStates
from workbench.training.inputs import encode_splits, read


@dataclass(frozen=True)
class Prepared:
    """The task and the model of a run, ready for the engine.

    The word embeddings are cut down to the rows that the task's text uses, and the encoded splits
    name places among these rows.
    """

    task: LoadedTask
    model: LoadedModel
    encoded: dict[str, Encoded]
    """By split; the training split is the run's subset."""
    rows: np.ndarray
    """The rows of the checkpoint's word-embedding table that are kept, ``int64 [rows]``."""
    frozen: FrozenStates = field(default_factory=FrozenStates)
    """Outputs of frozen blocks, shared by all runs that use them."""


def prepare(spec: RunSpec) -> Prepared:
    """Load and encode what a run needs.

    Raises
    ------
    WorkbenchError
        When data or weights are not the ones that the specification names, or cannot be loaded.
    """
    task, checkpoint = read(spec)
    per_token = task.shape.objective == "token"
    model = load(checkpoint, task.shape.outputs, per_token, spec.head, spec.dropout)
    return encode(task, model, spec.max_length)


def encode(task: LoadedTask, model: LoadedModel, max_length: int) -> Prepared:
    """Encode a task's splits for a model, and cut the model's word embeddings down to them."""
    encoded = encode_splits(task, model.tokenizer, min(max_length, model.max_length))
    rows = used_rows([split.token_ids for split in encoded.values()], model.padding_id)
    placed = {
        name: replace(split, token_ids=places(split.token_ids, rows))
        for name, split in encoded.items()
    }
    return Prepared(task, restrict(model, rows), placed, rows)
