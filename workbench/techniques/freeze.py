"""Freezing: the embeddings and the lowest blocks keep their pretrained weights."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from workbench.errors import WorkbenchError, unknown
from workbench.models.depth import Anatomy
from workbench.techniques.cost import Cost
from workbench.techniques.moment import Moment
from workbench.techniques.technique import Technique, setting, whole

HALF = -1
"""The setting that stands for half of the model's blocks."""

DROPOUT, CACHED = "dropout", "cached"
"""What happens to the activations of the frozen part: drawn anew at every step with dropout, or
computed once without it."""


@dataclass(frozen=True)
class Freeze(Technique):
    """Train nothing below block ``layers + 1``.

    ``freeze:0`` keeps the embeddings alone; without a value half of the blocks are kept too.
    Tinn et al. (2023) report that freezing lower layers helps standard BERT-base models.

    Dropout stays on in the frozen part, unless ``freeze:3:cached`` asks for its activations without
    dropout: another technique, which is faster because each example passes the frozen part once.
    """

    layers: int = setting(HALF, "lowest blocks that keep their weights", shown="half")
    activations: str = setting(
        DROPOUT,
        "what passes the frozen part: drawn with dropout at every step, or cached without",
        words=(DROPOUT, CACHED),
    )

    name: ClassVar[str] = "freeze"
    summary: ClassVar[str] = "keep the embeddings and the lowest blocks as they are"
    source: ClassVar[str] = "Tinn et al. 2023, arXiv:2112.07869"
    cost: ClassVar[Cost] = Cost(note="less than the baseline: no gradients below the cut")

    @property
    def cohort_key(self) -> Hashable:
        """Runs of one cohort share the depth below which no gradient is computed."""
        return self.layers, self.activations

    @classmethod
    def parse(cls, values: list[str]) -> Self:
        """Build it from what was typed; half of the blocks is a word, or left out, no number."""
        if values and values[0] == str(HALF):
            raise WorkbenchError("freeze:-1 is out of range: layers must be at least 0")
        technique = super().parse([str(HALF) if text == "half" else text for text in values])
        if technique.activations not in (DROPOUT, CACHED):
            known = (DROPOUT, CACHED)
            raise unknown("activations setting of freeze", technique.activations, known)
        return technique

    def resolve(self, layers: int) -> Self:
        """Turn half into a number and refuse one that the model does not have."""
        resolved = replace(self, layers=layers // 2) if self.layers == HALF else self
        whole(resolved, "layers", 0, layers)
        return resolved

    def trains(self, depth: int, moment: Moment, anatomy: Anatomy) -> bool:
        """Train only what lies above the kept blocks."""
        return depth > self.layers

    def fixed(self, anatomy: Anatomy) -> int:
        """Keep the frozen part's output where it is to be computed once."""
        return self.layers if self.activations == CACHED else -1
