"""The data and the checkpoint that a specification names, and the text as word pieces."""

from transformers import PreTrainedTokenizerBase

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import Checkpoint, find_checkpoint
from workbench.spec import RunSpec
from workbench.tasks.catalogue import shown
from workbench.tasks.loading import LoadedTask
from workbench.tasks.loading import load as load_task
from workbench.tasks.task import SPLITS, Encoded


def read(spec: RunSpec) -> tuple[LoadedTask, Checkpoint]:
    """Return the task, cut down to the run's training subset, and the checkpoint.

    Raises
    ------
    WorkbenchError
        When data or weights are not the ones that the specification names, or cannot be loaded.
    """
    task = load_task(spec.task)
    if task.data_hash != spec.data:
        raise WorkbenchError(
            f"the files of {shown(spec.task)} are not those this run was specified with "
            f"({task.data_hash[:12]}, not {spec.data[:12]}): restore them, or start the study again"
        )
    checkpoint = find_checkpoint(spec.model)
    if checkpoint.weights != spec.weights:
        raise WorkbenchError(
            f"the weights of {spec.model} are not those this run was specified with "
            f"({checkpoint.weights[:19]}, not {spec.weights[:19]}): restore them, or start the "
            "study again"
        )
    return task.subset(spec.train_size, spec.subset_seed), checkpoint


def encode_splits(
    task: LoadedTask, tokenizer: PreTrainedTokenizerBase, max_length: int
) -> dict[str, Encoded]:
    """Return every split as word pieces, each input cut to ``max_length`` of them."""
    return {split: task.shape.encode(task.splits[split], tokenizer, max_length) for split in SPLITS}


def preparation_key(spec: RunSpec) -> tuple[object, ...]:
    """Return what two runs must share to use the same `Prepared`."""
    return (
        spec.task,
        spec.data,
        spec.train_size,
        spec.subset_seed,
        spec.model,
        spec.weights,
        spec.head,
        spec.dropout,
        spec.max_length,
    )
