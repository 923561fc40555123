"""The sections of a study file: arms, data, tuning, training, contrast, budget."""

from dataclasses import dataclass, field, fields
from typing import Any

from workbench.store.parameters import explanation
from workbench.store.settings import SweepSettings

TUNING_SEEDS = 1000
"""Where tuning seeds start that are given as a count; reporting seeds start at 0."""

DIRECTIONS = ("higher", "lower", "either")

NEW, THESE = ITEMS = ("new", "these")
"""What test items a claim is about: new ones like these, or these alone."""

Seeds = int | str | tuple[int, ...]
"""A count, `AUTO`, or each of them."""

_PARAMETERS = {item.name: item for item in fields(SweepSettings)}


def told(text: str) -> dict[str, str]:
    """Say what a setting is, for people."""
    return {"help": text}


def _as_in_a_sweep(name: str) -> Any:
    """Declare a setting that is a parameter of a sweep."""
    item = _PARAMETERS[name]
    return field(default=item.default, metadata=told(explanation(item)))


@dataclass(frozen=True)
class Candidate:
    """One setting of an arm that tuning may choose; a rate of 0 is the task's own."""

    technique: str
    learning_rate: float = 0.0


@dataclass(frozen=True)
class Arm:
    """What is compared: a model and how it is trained."""

    technique: tuple[str, ...] = field(
        default=("baseline",),
        metadata=told("as in a sweep, such as freeze:6; a list is tried on dev"),
    )
    learning_rate: tuple[float, ...] = field(
        default=(),
        metadata=told("peak learning rate; a list is tried on dev; empty is that of tuning"),
    )
    model: str = field(default="", metadata=told("name, hub id or folder; empty is the study's"))
    baseline: str = field(
        default="", metadata=told("the arm it is compared with; empty is the study's")
    )


@dataclass(frozen=True)
class Data:
    """On how much of a task's training set the arms train, and how where that is the task's own."""

    train_size: tuple[int, ...] = field(
        default=(0,),
        metadata=told(
            "training examples drawn, or documents where a task has them; a list makes a learning "
            "curve; 0 is all"
        ),
    )
    subset_seeds: tuple[int, ...] = field(
        default=(0,), metadata=told("which ones train_size draws; a list draws several times")
    )
    batch_size: int = field(default=0, metadata=told("on this task; 0 is that of training"))
    epochs: int = field(default=0, metadata=told("on this task; 0 is that of training"))
    max_steps: int = field(default=0, metadata=told("on this task; 0 is that of training"))

    @property
    def training(self) -> dict[str, int]:
        """What replaces the settings of `Training` on this task."""
        own = {name: getattr(self, name) for name in ("batch_size", "epochs", "max_steps")}
        return {name: value for name, value in own.items() if value}

    @property
    def subsets(self) -> list[tuple[int, int]]:
        """The training sets to report on: size, and which draw."""
        # All of the data can be drawn in one way only.
        return [
            (size, seed)
            for size in self.train_size
            for seed in (self.subset_seeds if size else (0,))
        ]


@dataclass(frozen=True)
class Tuning:
    """How the candidate of each arm is chosen."""

    learning_rate: tuple[float, ...] = field(
        default=(), metadata=told("peak learning rates that each arm tries")
    )
    seeds: Seeds = field(
        default=3, metadata=told(f"a count, from {TUNING_SEEDS} on, or a list; never reported")
    )


@dataclass(frozen=True)
class Training:
    """How every arm trains, in the words of a sweep."""

    learning_rate: float = _as_in_a_sweep("learning_rate")
    batch_size: int = _as_in_a_sweep("batch_size")
    epochs: int = _as_in_a_sweep("epochs")
    max_steps: int = _as_in_a_sweep("max_steps")
    head: str = _as_in_a_sweep("head")
    reporting: str = _as_in_a_sweep("reporting")
    precision: str = _as_in_a_sweep("precision")


@dataclass(frozen=True)
class Contrast:
    """What counts as a difference to the baseline; scores are times 100, as in tables."""

    direction: str = field(
        default="either",
        metadata=told(f"what the question expects of an arm's score: {', '.join(DIRECTIONS)}"),
    )
    margin: float = field(
        default=1.0, metadata=told("points below which a difference does not matter")
    )
    error: float = field(
        default=0.05, metadata=told("the chance of any false claim that is accepted")
    )
    items: str = field(
        default=NEW,
        metadata=told(
            "what a claim is to hold for: new (test items like these) or these (no others; it then "
            "rests on the seeds alone)"
        ),
    )


@dataclass(frozen=True)
class Budget:
    """The most that the whole study may take; 0 is no limit."""

    runs: int = field(default=0, metadata=told("runs, those of tuning included; 0 is no limit"))
    hours: float = field(
        default=0.0,
        metadata=told("hours on this machine, of each of its GPUs, by the plan; 0 is no limit"),
    )
