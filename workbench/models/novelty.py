"""Which parts of a network a checkpoint leaves to be drawn, told by the names of its weights.

Loading tells parameter by parameter (`workbench.models.network.LoadedModel`); this is known before
anything is loaded, and said in words.
"""

from workbench.models.checkpoint import Checkpoint
from workbench.models.weights import weight_names

_OUTPUTS = ("classifier.weight", "classifier.out_proj.weight")
"""The last layer of every native head."""


def new_parts(checkpoint: Checkpoint, per_token: bool, head: str) -> str:
    """Say what starts from fresh weights, such as ``pooler and head``.

    Parameters
    ----------
    checkpoint
        Of any family.
    per_token, head
        As `workbench.models.network.load` takes them.
    """
    names, pooler = weight_names(checkpoint.folder), checkpoint.architecture.pooler
    used = head == "native" or per_token
    reads = used and bool(pooler) and (checkpoint.architecture.pools_tokens or not per_token)
    drawn = ["pooler"] if reads and not _holds(names, pooler) else []
    fitting = used and any(_holds(names, output) for output in _OUTPUTS)
    # A head that was trained for another task stays only where it has as many outputs.
    drawn.append("head, unless the checkpoint's has as many outputs" if fitting else "head")
    return " and ".join(drawn)


def _holds(names: frozenset[str], name: str) -> bool:
    return any(known == name or known.endswith(f".{name}") for known in names)
