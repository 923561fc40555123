"""How many parameters a checkpoint has with a new head, from its description alone."""

from workbench.models.checkpoint import Checkpoint
from workbench.models.families import Rows
from workbench.models.tokenizer import explained, stored_config


def parameter_counts(
    checkpoint: Checkpoint, rows: int, outputs: int, per_token: bool, head: str
) -> tuple[int, ...]:
    """Count the parameters that the engine trains, by depth from the embeddings to the head.

    Parameters
    ----------
    checkpoint
        From `workbench.models.checkpoint.find_checkpoint`.
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
    family = checkpoint.architecture
    blocks = (family.parameters_inside(config, number) for number in range(checkpoint.layers))
    top = family.parameters_above(config, Rows(rows, outputs, per_token, head))
    return family.parameters_below(config, rows), *blocks, top
