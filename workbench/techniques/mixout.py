"""Mixout: in every training pass, some weights are those that training started from."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from workbench.errors import WorkbenchError, unknown
from workbench.models.depth import Parameter
from workbench.techniques.cost import Cost
from workbench.techniques.passes import Keep, Mixing
from workbench.techniques.technique import Technique, setting

REPLACE, KEEP = "replace", "keep"
"""What becomes of dropout: off, as the authors have it, or on as in the baseline."""


@dataclass(frozen=True)
class Mixout(Technique):
    """Use ``((1 - M) * u + M * w - p * u) / (1 - p)`` in place of every Linear's weight w.

    u is the value that the run starts from: the pretrained one, and the fresh draw of a new or a
    re-initialised layer. M is 0 with probability p and else 1. As in the authors' code one row of
    M serves all outputs, so that what is mixed is whatever leaves an input; each training pass
    draws anew for each weight, and an evaluation uses w (Lee et al. 2020).

    Mixed are the weights of all Linear layers (blocks, pooler, head; not biases or embeddings), as
    in the authors' example for transformers, which also switches dropout off everywhere.
    ``mixout:0.7:keep`` leaves dropout on. Gradients are those of the formula, M / (1 - p) times
    those of the weight in use; the authors' code leaves the division out.
    """

    p: float = setting(0.7, "probability that what leaves an input has its starting weights")
    dropout: str = setting(
        REPLACE, "what becomes of dropout: replaced by mixout, or kept", words=(REPLACE, KEEP)
    )

    name: ClassVar[str] = "mixout"
    summary: ClassVar[str] = "mix the starting weights in at random, in place of dropout"
    source: ClassVar[str] = "Lee et al. 2020, arXiv:1909.11299, and its code"
    # What training started from, and what is in use: of every Linear layer, frozen ones too.
    cost: ClassVar[Cost] = Cost(copies=2, in_use=1, frozen=2)
    compiles: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 0 <= self.p < 1:
            raise WorkbenchError(f"mixout:{self.p:g} is out of range: choose 0 to below 1")
        if self.dropout not in (REPLACE, KEEP):
            raise unknown("dropout setting of mixout", self.dropout, (REPLACE, KEEP))

    @property
    def neutral(self) -> bool:
        """Whether nothing is mixed and dropout is the baseline's."""
        return self.p == 0 and self.dropout == KEEP

    @property
    def cohort_key(self) -> Hashable:
        """Runs of one cohort mix alike."""
        return self.p, self.dropout

    @property
    def drops(self) -> bool:
        """Whether dropout stays on."""
        return self.dropout == KEEP

    def mixing(self, parameter: Parameter) -> Mixing | None:
        """Mix the weights of Linear layers."""
        return self.mixed if parameter.kind == "linear" else None

    def mixed(self, value: Tensor, origin: Tensor, keep: Keep) -> Tensor:
        """Return the weights in use, ``[runs, out, in]``.

        The formula is ``u + M / (1 - p) * (w - u)``, a step from u to w and beyond: where M is 0 it
        is u exactly, and w where p is 0.
        """
        share = keep(value.shape[-1], self.p).to(value.dtype) / (1 - self.p)
        return torch.lerp(origin, value, share.unsqueeze(1))
