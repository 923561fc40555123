"""How techniques are named, found, joined and asked together."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from torch import Tensor

from workbench.errors import WorkbenchError, unknown
from workbench.models.depth import Anatomy, Parameter
from workbench.spec import Settings
from workbench.techniques.average import Average
from workbench.techniques.bias_correction import Uncorrected
from workbench.techniques.cost import Cost, joined
from workbench.techniques.discriminative import Discriminative
from workbench.techniques.freeze import Freeze
from workbench.techniques.layerwise import Layerwise
from workbench.techniques.longer import Longer
from workbench.techniques.mixout import Mixout
from workbench.techniques.moment import Moment
from workbench.techniques.passes import Keep, Mixing, Passes
from workbench.techniques.pretrained_decay import PretrainedDecay
from workbench.techniques.r_drop import RDrop
from workbench.techniques.reinit import Reinit
from workbench.techniques.smooth import Smooth
from workbench.techniques.technique import AdamStep, Draw, Technique
from workbench.techniques.unfreeze import Unfreeze

BASELINE = "baseline"
ENTRY_POINTS = "workbench.techniques"
"""The entry-point group through which a package adds a technique."""

# Tinn et al.'s come first.
_OWN: tuple[type[Technique], ...] = (
    Freeze,
    Layerwise,
    Reinit,
    Longer,
    Uncorrected,
    Unfreeze,
    Discriminative,
    PretrainedDecay,
    Mixout,
    Average,
    RDrop,
    Smooth,
)


def registry() -> dict[str, type[Technique]]:
    """Return every technique there is by name: the project's own, then those of packages."""
    own = {kind.name: kind for kind in _OWN}
    # No package can replace one of them.
    return own | {kind.name: kind for kind in _installed() if kind.name not in own}


@cache
def _installed() -> tuple[type[Technique], ...]:
    """Load what packages add, once in a process: looking for it takes 10 ms."""
    return tuple(_loaded(point) for point in entry_points(group=ENTRY_POINTS))


def _loaded(point: EntryPoint) -> type[Technique]:
    try:
        kind = point.load()
        if not issubclass(kind, Technique):
            raise TypeError
    except Exception as problem:
        raise WorkbenchError(
            f"the technique {point.name!r} at {point.value} does not load "
            f"({type(problem).__name__}): update or uninstall the package it comes from"
        ) from problem
    return kind


@dataclass(frozen=True)
class Composition:
    """Techniques that act together on one run, sorted by name.

    Hooks are asked in that order: rates multiply, pulls add up, a depth trains only where all
    agree, initial values, steps, the optimizer's call, the weights in use and the loss are passed
    from one to the next.
    """

    techniques: tuple[Technique, ...] = ()

    @property
    def label(self) -> str:
        """The composition as users type it: ``baseline``, or techniques joined by ``+``."""
        return "+".join(technique.label for technique in self.techniques) or BASELINE

    @property
    def settings(self) -> tuple[tuple[str, Settings], ...]:
        """The form a `RunSpec` holds."""
        return tuple(
            (technique.name, tuple(sorted(technique.settings.items())))
            for technique in self.techniques
        )

    @property
    def cohort_key(self) -> Hashable:
        """What must be equal among runs that are trained as one cohort."""
        keys = ((technique.name, technique.cohort_key) for technique in self.techniques)
        return tuple(key for key in keys if key[1] is not None)

    @property
    def cost(self) -> Cost:
        """What they take together beside the baseline."""
        return joined(technique.cost for technique in self.techniques)

    @property
    def compiles(self) -> bool:
        """Whether torch may compile the network's blocks."""
        return all(technique.compiles for technique in self.techniques)

    @property
    def records(self) -> bool:
        """Whether a GPU may replay a step's work."""
        return all(technique.records for technique in self.techniques)

    def steps(self, steps: int) -> int:
        """Return how many optimizer steps to train, given the baseline's."""
        for technique in self.techniques:
            steps = technique.steps(steps)
        return steps

    def initial(self, parameter: Parameter, value: Tensor, anatomy: Anatomy, draw: Draw) -> Tensor:
        """Return a parameter's value at the start of training."""
        for technique in self.techniques:
            value = technique.initial(parameter, value, anatomy, draw)
        return value

    def trains(self, depth: int, moment: Moment, anatomy: Anatomy) -> bool:
        """Tell whether a depth is trained at a step."""
        return all(technique.trains(depth, moment, anatomy) for technique in self.techniques)

    def fixed(self, anatomy: Anatomy) -> int:
        """Return the highest depth whose output stays the same throughout training, or -1."""
        return max((technique.fixed(anatomy) for technique in self.techniques), default=-1)

    def rate(self, depth: int, moment: Moment, anatomy: Anatomy) -> float:
        """Return the factor on a depth's learning rate at a step."""
        factor = 1.0
        for technique in self.techniques:
            factor *= technique.rate(depth, moment, anatomy)
        return factor

    def adam(self, call: AdamStep, count: int) -> AdamStep:
        """Return the optimizer's call for its ``count``-th step on a parameter."""
        for technique in self.techniques:
            call = technique.adam(call, count)
        return call

    @property
    def pull(self) -> float | None:
        """How strongly weights decay towards those that training started from; None: not at all."""
        pulls = [pull for technique in self.techniques if (pull := technique.pull) is not None]
        return sum(pulls) if pulls else None

    def mixing(self, parameter: Parameter) -> Mixing | None:
        """Return how a parameter's weights in use are made; None: they are those trained."""
        found = [technique.mixing(parameter) for technique in self.techniques]
        mixings = [mixing for mixing in found if mixing is not None]
        if not mixings:
            return None

        def mixed(value: Tensor, origin: Tensor, keep: Keep) -> Tensor:
            for mixing in mixings:
                value = mixing(value, origin, keep)
            return value

        return mixed

    @property
    def drops(self) -> bool:
        """Whether dropout stays on in training."""
        return all(technique.drops for technique in self.techniques)

    def averages(self, moment: Moment) -> bool:
        """Tell whether the weights after a step belong to the mean that is reported."""
        return any(technique.averages(moment) for technique in self.techniques)

    def objective(self, loss: Tensor, passes: Passes) -> Tensor:
        """Return what is minimised, given the task's losses of a micro-batch."""
        for technique in self.techniques:
            loss = technique.objective(loss, passes)
        return loss


def parse(text: str, layers: int) -> Composition:
    """Read techniques as users type them, such as ``freeze:6+layerwise:0.9``.

    Parameters
    ----------
    text
        ``baseline``, or techniques joined by ``+``, each a name with settings after colons.
    layers
        The model's number of blocks: it fills in defaults and bounds depths.

    Raises
    ------
    WorkbenchError
        For an unknown name (with the nearest), a setting out of range, a technique given twice or
        two that contradict each other.
    """
    parts = [part.strip() for part in text.split("+")]
    techniques = [_parse_one(part).resolve(layers) for part in parts if part != BASELINE]
    return _compose(techniques, layers)


def from_settings(settings: Sequence[tuple[str, Settings]]) -> Composition:
    """Rebuild the composition that a `RunSpec` holds.

    Raises
    ------
    WorkbenchError
        When one of its techniques is not installed, or has no such settings.
    """
    return Composition(tuple(_rebuilt(name, dict(values)) for name, values in settings))


def _rebuilt(name: str, values: dict[str, Any]) -> Technique:
    kind = _kind(name)
    try:
        return kind(**values)
    except TypeError:
        raise WorkbenchError(
            f"the technique {name!r} has no such settings as {', '.join(values)}: specify the run "
            "anew"
        ) from None


def _parse_one(text: str) -> Technique:
    name, *values = text.split(":")
    return _kind(name).parse(values)


def _kind(name: str) -> type[Technique]:
    known = registry()
    if name not in known:
        raise unknown("technique", name, [BASELINE, *known])
    return known[name]


def _compose(techniques: list[Technique], layers: int) -> Composition:
    names = [technique.name for technique in techniques]
    for name in names:
        if names.count(name) > 1:
            raise WorkbenchError(f"the technique {name!r} is given twice: give it once")
    for one in techniques:
        for other in techniques:
            reason = one.conflict(other, layers)
            if reason:
                raise WorkbenchError(f"{one.label}+{other.label} cannot work: {reason}")
    active = [technique for technique in techniques if not technique.neutral]
    return Composition(tuple(sorted(active, key=lambda technique: technique.name)))
