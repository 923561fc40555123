"""The hooks a stabilization technique may implement. Each default leaves training as it is.

A technique is a frozen dataclass of its settings. The engine knows none by name: it asks the
hooks, and several techniques compose by asking each in turn (`workbench.techniques.composition`).
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

from torch import Tensor

from workbench.errors import WorkbenchError
from workbench.models.depth import Anatomy, Parameter
from workbench.techniques.cost import Cost
from workbench.techniques.moment import Moment
from workbench.techniques.passes import Mixing, Passes

Draw = Callable[[Parameter], Tensor]
"""Draws fresh values for a parameter: see `workbench.training.initial`."""


def setting(
    default: int | float | str, text: str, words: Sequence[str] = (), shown: str = ""
) -> Any:
    """Declare a setting of a technique, with what its widget and the list of techniques say.

    Parameters
    ----------
    default
        Its value when nothing is typed.
    text
        What it is, in a few words.
    words
        The words it takes; empty where any text or number will do.
    shown
        How the default is written, where that is not its value.
    """
    metadata = {"help": text, "words": tuple(words), "shown": shown or str(default)}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class AdamStep:
    """What one call of a bias-corrected AdamW kernel is given."""

    rate: float
    epsilon: float
    weight_decay: float
    beta1: float
    beta2: float


@dataclass(frozen=True)
class Technique:
    """A technique that changes nothing; the base of all that do.

    Attributes
    ----------
    name
        What users type, ``name`` or ``name:value``.
    summary
        One line for the list of techniques.
    source
        The paper the definition comes from.
    cost
        What it takes beside the baseline.
    compiles
        Whether torch may compile the network's blocks.
    records
        Whether a GPU may replay a step's work: it is then a function of the step's tensors alone.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    cost: ClassVar[Cost] = Cost()
    compiles: ClassVar[bool] = True
    records: ClassVar[bool] = True

    @classmethod
    def parse(cls, values: list[str]) -> Self:
        """Build the technique from the values typed after its name, in the order of its settings.

        Raises
        ------
        WorkbenchError
            When there are too many, or one is not of the setting's type.
        """
        settings = fields(cls)
        if len(values) > len(settings):
            raise WorkbenchError(
                f"the technique {cls.name!r} takes at most {len(settings)} settings, "
                f"not {len(values)}: {':'.join([cls.name, *values])}"
            )
        pairs = zip(settings, values, strict=False)
        return cls(**{item.name: cls._value(item, text) for item, text in pairs})

    @classmethod
    def _value(cls, item: Any, text: str) -> int | float | str:
        kind = {"int": int, "float": float}.get(str(getattr(item.type, "__name__", item.type)), str)
        try:
            return kind(text)
        except ValueError:
            wanted = "a whole number" if kind is int else "a number"
            raise WorkbenchError(
                f"the setting {item.name} of {cls.name!r} must be {wanted}, not {text!r}"
            ) from None

    @property
    def settings(self) -> dict[str, int | float | str]:
        """Names and values of the settings."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @property
    def label(self) -> str:
        """The technique as users type it, without later settings that are at their default."""
        values = list(self.settings.values())
        defaults = [item.default for item in fields(self)]
        while len(values) > 1 and values[-1] == defaults[len(values) - 1]:
            values.pop()
        return ":".join([self.name, *(_short(value) for value in values)])

    @property
    def neutral(self) -> bool:
        """Whether these settings change nothing, so that the run is the baseline's."""
        return False

    @property
    def cohort_key(self) -> Hashable:
        """What must be equal among runs that are trained as one cohort.

        `trains`, `fixed`, `mixing`, `drops`, `averages`, `objective`, `compiles` and `records` are
        asked once for all runs of a cohort: what they depend on belongs here, and a technique that
        has one of them returns something else than None.
        """
        return None

    def resolve(self, layers: int) -> Self:
        """Fill in and check the settings that depend on the model's number of blocks."""
        return self

    def conflict(self, other: "Technique", layers: int) -> str | None:
        """Say why this technique cannot be joined with another one, or return None."""
        return None

    def steps(self, steps: int) -> int:
        """Return how many optimizer steps to train, given the baseline's."""
        return steps

    def initial(self, parameter: Parameter, value: Tensor, anatomy: Anatomy, draw: Draw) -> Tensor:
        """Return a parameter's value at the start of training."""
        return value

    def trains(self, depth: int, moment: Moment, anatomy: Anatomy) -> bool:
        """Tell whether a depth is trained at a step.

        A depth that is not trained has no gradient: its moments and Adam's step count stand still
        and it is left out of the clipping norm. A rate of zero does none of these.
        """
        return True

    def fixed(self, anatomy: Anatomy) -> int:
        """Return the highest depth whose output stays the same throughout training, or -1.

        Nothing is trained or dropped up to there, so that each example's states are computed once.
        """
        return -1

    def rate(self, depth: int, moment: Moment, anatomy: Anatomy) -> float:
        """Return the factor on a depth's learning rate at a step."""
        return 1.0

    @property
    def pull(self) -> float | None:
        """How strongly weights decay towards those that training started from; None: not at all.

        Before each update the learning rate times this strength of the distance is taken off, for
        the parameters to which weight decay applies.
        """
        return None

    def adam(self, call: AdamStep, count: int) -> AdamStep:
        """Change the optimizer's call for its ``count``-th step (from 1) on a parameter."""
        return call

    def mixing(self, parameter: Parameter) -> Mixing | None:
        """Return how a parameter's weights in use are made from those that are trained.

        None: they are the same. An evaluation always uses those that are trained.
        """
        return None

    @property
    def drops(self) -> bool:
        """Whether dropout stays on in training."""
        return True

    def averages(self, moment: Moment) -> bool:
        """Tell whether the weights after a step belong to the mean that is reported."""
        return False

    def objective(self, loss: Tensor, passes: Passes) -> Tensor:
        """Return what is minimised, given the task's losses of a micro-batch added up, ``[runs]``.

        Reported is the task's own loss of the first pass, so that runs can be compared.
        """
        return loss


def whole(technique: Technique, name: str, low: int, high: int) -> None:
    """Refuse a setting outside a range of whole numbers."""
    value = getattr(technique, name)
    if not low <= value <= high:
        raise WorkbenchError(
            f"{technique.name}:{value} is out of range: {name} must be between {low} and {high} "
            "for this model"
        )


def _short(value: int | float | str) -> str:
    # Python writes the shortest digits that read back as the same number.
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)
