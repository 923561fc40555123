"""A checkpoint's tokenizer and description: what encoding text needs, without loading a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transformers import CONFIG_MAPPING, AutoTokenizer, PreTrainedTokenizerBase

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import Checkpoint, check_tokenizer


def load_tokenizer(checkpoint: Checkpoint) -> PreTrainedTokenizerBase:
    """Load a checkpoint's fast tokenizer; words may come already split (RoBERTa needs a space).

    Raises
    ------
    WorkbenchError
        When its files are missing or damaged.
    """
    check_tokenizer(checkpoint)
    spaced = {"add_prefix_space": True} if checkpoint.family == "roberta" else {}
    with explained(checkpoint):
        return AutoTokenizer.from_pretrained(
            checkpoint.folder,
            config=stored_config(checkpoint),
            local_files_only=True,
            trust_remote_code=False,
            **spaced,
        )


@contextmanager
def explained(checkpoint: Checkpoint) -> Iterator[None]:
    """Turn whatever goes wrong while files are read into one sentence."""
    try:
        yield
    except Exception as problem:
        raise WorkbenchError(
            f"the files of the model {checkpoint.name!r} do not load ({type(problem).__name__}), "
            "so they are damaged or hold more than plain tensors: put intact ones into "
            f"{str(checkpoint.folder)!r}"
        ) from problem


def stored_config(checkpoint: Checkpoint) -> Any:
    """Return the family's own description of a checkpoint, as its folder holds it."""
    # Not AutoConfig: it refuses a description that does not name its family.
    kind = CONFIG_MAPPING[checkpoint.family]
    return kind.from_pretrained(checkpoint.folder, local_files_only=True)


def longest(checkpoint: Checkpoint) -> int:
    """Return how many word pieces a checkpoint's position embeddings reach."""
    with explained(checkpoint):
        config = stored_config(checkpoint)
    # RoBERTa counts positions from behind its padding index.
    skipped = config.pad_token_id + 1 if checkpoint.family == "roberta" else 0
    return config.max_position_embeddings - skipped
