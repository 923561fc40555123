"""Training losses, one value per run, normalised over the whole logical batch."""

from torch import Tensor
from torch.nn import functional

from workbench.tasks.task import IGNORED
from workbench.training.packing import PackedBatch


def summed_loss(objective: str, outputs: Tensor, batch: PackedBatch) -> Tensor:
    """Return the sum of a micro-batch's losses, ``float32 [runs]``.

    Parameters
    ----------
    objective
        ``regression`` (squared error), ``single-label`` (cross-entropy), ``multi-label`` (mean
        binary cross-entropy over the classes) or ``token`` (cross-entropy over labelled tokens).
    outputs
        ``[runs, sequences, outputs]`` or ``[runs, tokens, outputs]``.
    batch
        With the labels; empty places count nothing.
    """
    outputs = outputs.float()
    if objective == "token":
        return _cross_entropy(outputs, batch.labels).sum(dim=1)
    return (_per_sequence(objective, outputs, batch.labels) * batch.present).sum(dim=1)


def summed_divergence(objective: str, one: Tensor, other: Tensor, batch: PackedBatch) -> Tensor:
    """Return the sum of a micro-batch's divergences between two outputs, ``float32 [runs]``.

    Parameters
    ----------
    objective, batch
        As for `summed_loss`: of what has a label there is one divergence.
    one, other
        Outputs of the same shape. Their divergence is the squared difference in regression; else
        the mean of the two Kullback-Leibler divergences between their distributions, and of those
        of the classes where each class has a distribution of its own.
    """
    one, other = one.float(), other.float()
    if objective == "token":
        return (_symmetric(one, other) * (batch.labels != IGNORED)).sum(dim=1)
    if objective == "regression":
        found = (one - other).squeeze(-1).square()
    elif objective == "multi-label":
        found = ((one.sigmoid() - other.sigmoid()) * (one - other)).mean(dim=-1) / 2
    else:
        found = _symmetric(one, other)
    return (found * batch.present).sum(dim=1)


def count(objective: str, batch: PackedBatch) -> Tensor:
    """Return how many losses `summed_loss` added up, ``[runs]``."""
    if objective == "token":
        return (batch.labels != IGNORED).sum(dim=1)
    return batch.present.sum(dim=1)


def _per_sequence(objective: str, outputs: Tensor, labels: Tensor) -> Tensor:
    if objective == "regression":
        return (outputs.squeeze(-1) - labels).square()
    if objective == "multi-label":
        losses = functional.binary_cross_entropy_with_logits(outputs, labels, reduction="none")
        return losses.mean(dim=-1)
    return _cross_entropy(outputs, labels)


def _cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(
        outputs.transpose(1, 2), labels, reduction="none", ignore_index=IGNORED
    )


def _symmetric(one: Tensor, other: Tensor) -> Tensor:
    """Return half the sum of KL(p, q) and KL(q, p), which is half the sum of (p - q) log(p / q)."""
    # Laid out as for the cross-entropy, so that gradients of both meet in the same order of sums.
    logs = [each.transpose(1, 2).log_softmax(dim=1) for each in (one, other)]
    return ((logs[0].exp() - logs[1].exp()) * (logs[0] - logs[1])).sum(dim=1) / 2
