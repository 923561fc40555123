"""Which parameter sits at which depth.

Depth 0 is the embeddings, 1 to N are the blocks from the lowest to the highest, N + 1 is the
pooler and the head. Every technique that treats layers differently reads this map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from workbench.models.families import Family
    from workbench.models.network import Network


@dataclass(frozen=True)
class Parameter:
    """Where a parameter sits and what it does."""

    name: str
    depth: int
    kind: str
    """``linear``, ``embedding``, ``norm`` (a LayerNorm's scale) or ``bias``."""
    pooler: bool = False

    @property
    def decays(self) -> bool:
        """Whether weight decay applies: not to biases and norms (Devlin et al. 2019's code)."""
        return self.kind in ("linear", "embedding")


@dataclass(frozen=True)
class Anatomy:
    """The parameters of a network, in its own order."""

    layers: int
    initializer_range: float
    parameters: tuple[Parameter, ...]

    @property
    def top(self) -> int:
        """The depth of pooler and head."""
        return self.layers + 1


def anatomy(network: Network, layers: int, initializer_range: float) -> Anatomy:
    """Map every parameter of a `Network` to its depth and kind.

    Parameters
    ----------
    network
        As loaded.
    layers
        Transformer blocks in the encoder.
    """
    kinds = _kinds(network)
    parameters = tuple(
        Parameter(
            name, depth_of(network.family, name, layers), kinds[name], name.startswith("pooler.")
        )
        for name, _ in network.named_parameters()
    )
    return Anatomy(layers, initializer_range, parameters)


def depth_of(family: Family, name: str, layers: int) -> int:
    """Return the depth of a parameter from its name in a `Network`."""
    inside = name.removeprefix("encoder.")
    return layers + 1 if inside == name else family.depth_of(inside, layers)


def _kinds(network: nn.Module) -> dict[str, str]:
    kinds = {}
    for path, module in network.named_modules():
        for name, _ in module.named_parameters(path, recurse=False):
            kinds[name] = _kind(module, name)
    return kinds


def _kind(module: nn.Module, name: str) -> str:
    if name.endswith("bias"):
        return "bias"
    if isinstance(module, nn.LayerNorm):
        return "norm"
    return "embedding" if isinstance(module, nn.Embedding) else "linear"
