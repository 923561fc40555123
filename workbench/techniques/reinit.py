"""Re-initialising the top: the highest blocks start from fresh weights."""

from dataclasses import dataclass
from typing import ClassVar, Self

from torch import Tensor

from workbench.models.depth import Anatomy, Parameter
from workbench.techniques.freeze import Freeze
from workbench.techniques.technique import Draw, Technique, setting, whole


@dataclass(frozen=True)
class Reinit(Technique):
    """Draw the top ``layers`` blocks anew, and the pooler where the model has one.

    Linear and embedding weights from a normal with the checkpoint's ``initializer_range``,
    biases 0, LayerNorm scales 1 (Zhang et al. 2021, section 5).
    """

    layers: int = setting(1, "highest blocks that start from fresh weights")

    name: ClassVar[str] = "reinit"
    summary: ClassVar[str] = "start the top blocks from fresh weights"
    source: ClassVar[str] = "Zhang et al. 2021, section 5; Tinn et al. 2023"

    @property
    def neutral(self) -> bool:
        """Whether nothing is drawn anew."""
        return self.layers == 0

    def resolve(self, layers: int) -> Self:
        """Refuse more blocks than the model has."""
        whole(self, "layers", 0, layers)
        return self

    def conflict(self, other: Technique, layers: int) -> str | None:
        """Fresh weights that are then frozen could never learn anything."""
        if isinstance(other, Freeze) and other.layers + self.layers > layers:
            return (
                f"of {layers} blocks, {other.label} would freeze some that {self.label} draws anew"
            )
        return None

    def initial(self, parameter: Parameter, value: Tensor, anatomy: Anatomy, draw: Draw) -> Tensor:
        """Draw the parameters of the top blocks and of the pooler."""
        top_block = anatomy.layers - self.layers < parameter.depth <= anatomy.layers
        drawn = self.layers > 0 and (top_block or parameter.pooler)
        return draw(parameter) if drawn else value
