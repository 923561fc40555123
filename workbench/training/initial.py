"""The parameters a run starts from: pretrained, new, or drawn again by a technique."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from workbench.models.depth import Anatomy, Parameter
from workbench.models.network import LoadedModel
from workbench.spec import RunSpec
from workbench.techniques import Composition
from workbench.training.randomness import normal


def draw(seed: int, deviation: float, shape: torch.Size, parameter: Parameter) -> Tensor:
    """Draw a parameter afresh: weights from a normal, biases 0, LayerNorm scales 1."""
    if parameter.kind == "bias":
        return torch.zeros(shape)
    if parameter.kind == "norm":
        return torch.ones(shape)
    return normal(seed, parameter.name, tuple(shape), deviation)


def initialise(
    stacked: nn.Module,
    model: LoadedModel,
    specs: Sequence[RunSpec],
    compositions: Sequence[Composition],
) -> None:
    """Set the new and the re-initialised parameters of every run of a stacked network."""
    parameters = dict(stacked.named_parameters())
    for place in model.anatomy.parameters:
        for run, (spec, composition) in enumerate(zip(specs, compositions, strict=True)):
            slot = parameters[place.name].detach()[run]
            value = _initial(model.anatomy, place, slot, place.name in model.new, spec, composition)
            if value is not slot:
                slot.copy_(value)


def _initial(
    anatomy: Anatomy,
    place: Parameter,
    value: Tensor,
    new: bool,
    spec: RunSpec,
    composition: Composition,
) -> Tensor:
    fresh = partial(draw, spec.weights_seed, anatomy.initializer_range, value.shape)
    return composition.initial(place, fresh(place) if new else value, anatomy, fresh)
