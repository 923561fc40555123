"""Gradual unfreezing: the head trains first, and the layers below join it epoch by epoch."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar, Self

from workbench.models.depth import Anatomy
from workbench.techniques.cost import Cost
from workbench.techniques.moment import Moment
from workbench.techniques.technique import Technique, setting, whole


@dataclass(frozen=True)
class Unfreeze(Technique):
    """Train pooler and head alone in the first epoch, and ``blocks`` more blocks in each later one.

    Howard and Ruder (2018, section 3.3) unfreeze the last layer first and one more at each epoch.
    The embeddings count as one more block below the lowest. Where an epoch is one of few, lower
    blocks may never join: a model of 12 blocks takes 14 epochs until all trains.

    Epochs are passes over the training data, so that longer training unfreezes further.
    """

    blocks: int = setting(1, "blocks that join at each new epoch, from the top")

    name: ClassVar[str] = "unfreeze"
    summary: ClassVar[str] = "gradual unfreezing: the head first, then one more block an epoch"
    source: ClassVar[str] = "Howard and Ruder 2018 (ULMFiT), arXiv:1801.06146, section 3.3"
    cost: ClassVar[Cost] = Cost(note="less than the baseline until all blocks train")

    @property
    def cohort_key(self) -> Hashable:
        """Runs of one cohort unfreeze together."""
        return self.blocks

    def resolve(self, layers: int) -> Self:
        """Refuse more blocks at once than there are, the embeddings counted."""
        whole(self, "blocks", 1, layers + 1)
        return self

    def trains(self, depth: int, moment: Moment, anatomy: Anatomy) -> bool:
        """Train what has joined by this epoch."""
        return depth >= anatomy.top - self.blocks * moment.epoch
