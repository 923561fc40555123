"""How large a saved model is, before it is there."""

from workbench.models.checkpoint import find_checkpoint
from workbench.models.size import parameter_counts
from workbench.models.tokenizer import stored_config
from workbench.spec import RunSpec

_FLOAT32 = 4


def model_bytes(spec: RunSpec, outputs: int) -> int:
    """Return the bytes of a run's model on disk: every row of the word embeddings is part of it.

    Parameters
    ----------
    spec
        Of the run.
    outputs
        Width of its model's output.

    Raises
    ------
    WorkbenchError
        When the checkpoint cannot be found or read.
    """
    checkpoint = find_checkpoint(spec.model)
    words = stored_config(checkpoint).vocab_size
    # A head for tokens lacks the inner layer of one for texts, which is less than a hundredth.
    counts = parameter_counts(checkpoint, words, outputs, per_token=False, head=spec.head)
    return _FLOAT32 * sum(counts)
