"""A checkpoint's tokenizer and description: what encoding text needs, without loading a network."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from transformers import CONFIG_MAPPING, AutoTokenizer, PreTrainedTokenizerBase

from workbench.errors import WorkbenchError
from workbench.models.casing import casing
from workbench.models.checkpoint import Checkpoint, check_tokenizer


def load_tokenizer(checkpoint: Checkpoint) -> PreTrainedTokenizerBase:
    """Load a checkpoint's fast tokenizer; words may come already split.

    Raises
    ------
    WorkbenchError
        When its files are missing or damaged.
    """
    check_tokenizer(checkpoint)
    spaced = {"add_prefix_space": True} if checkpoint.architecture.spaced else {}
    with explained(checkpoint):
        return AutoTokenizer.from_pretrained(
            checkpoint.folder,
            config=stored_config(checkpoint),
            local_files_only=True,
            trust_remote_code=False,
            **spaced,
            **casing(checkpoint.folder),
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
    told = checkpoint.config
    # ELECTRA's embeddings are narrow unless its description says how wide, and BERT's never says.
    mistaken = checkpoint.family == "electra" and told.get("model_type", "bert") == "bert"
    width = {"embedding_size": told.get("embedding_size", told["hidden_size"])} if mistaken else {}
    return kind.from_pretrained(checkpoint.folder, local_files_only=True, **width)


def longest(checkpoint: Checkpoint) -> int:
    """Return how many word pieces a checkpoint reaches: its tokenizer may not say."""
    with explained(checkpoint):
        config = stored_config(checkpoint)
    return checkpoint.architecture.longest(config)
