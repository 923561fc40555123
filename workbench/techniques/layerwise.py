"""Layerwise learning-rate decay: the lower the layer, the smaller its learning rate."""

from dataclasses import dataclass
from typing import ClassVar

from workbench.errors import WorkbenchError, unknown
from workbench.models.depth import Anatomy
from workbench.techniques.moment import Moment
from workbench.techniques.technique import Technique, setting

CONVENTIONS = ("zhang", "electra")


@dataclass(frozen=True)
class Layerwise(Technique):
    """Multiply the rate by ``decay`` once more for every layer further down.

    The two conventions in use differ by one power below the head. Zhang et al. (2021): block k
    counted from the top runs at ``decay**k``, the embeddings at ``decay**(N + 1)``. ELECTRA's code
    (Clark et al. 2020): the top block runs at ``decay**2``, the embeddings at ``decay**(N + 2)``.
    Pooler and head run at the full rate in both.
    """

    decay: float = setting(0.9, "factor on the learning rate, once more for each layer down")
    convention: str = setting(
        "zhang", "where the decay begins: ELECTRA's code is one power further", words=CONVENTIONS
    )

    name: ClassVar[str] = "layerwise"
    summary: ClassVar[str] = "learning rates that shrink by a factor with each layer downwards"
    source: ClassVar[str] = "Zhang et al. 2021; Clark et al. 2020 (ELECTRA), arXiv:2003.10555"

    def __post_init__(self) -> None:
        if not 0 < self.decay <= 1:
            raise WorkbenchError(
                f"layerwise:{self.decay:g} is out of range: choose above 0, up to 1"
            )
        if self.convention not in CONVENTIONS:
            raise unknown("convention of layerwise decay", self.convention, CONVENTIONS)

    @property
    def neutral(self) -> bool:
        """Whether every layer runs at the full rate."""
        return self.decay == 1

    def rate(self, depth: int, moment: Moment, anatomy: Anatomy) -> float:
        """Return the power of the decay that belongs to a depth."""
        below = anatomy.top - depth
        extra = 1 if self.convention == "electra" and below > 0 else 0
        return self.decay ** (below + extra)
