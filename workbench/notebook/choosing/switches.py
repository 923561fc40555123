"""The techniques as switches with settings: what widgets need to know, from the registry alone."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import Field, dataclass, fields
from inspect import cleandoc

from workbench.errors import WorkbenchError
from workbench.notebook.choosing.ranges import accepted_range, step_of
from workbench.techniques import Technique, registry

Value = int | float | str


@dataclass(frozen=True)
class Setting:
    """One setting of a technique.

    ``low`` and ``high`` are the ends of the range that is accepted, in multiples of ``step``; None
    is an end that was not found.
    """

    name: str
    help: str
    default: Value
    """With this model."""
    step: float = 0
    """0 for a setting that is no number."""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    """The accepted words; empty for a number and for free text."""


@dataclass(frozen=True)
class Switch:
    """A technique that can be switched on, with its settings."""

    name: str
    summary: str
    help: str
    """What it does, in full."""
    source: str
    """The paper the definition comes from."""
    settings: tuple[Setting, ...]
    problem: str = ""
    """Why this model cannot have it; empty where it can."""

    def typed(self, values: Mapping[str, Value]) -> str:
        """Write the technique as users type it; what stands at its default at the end is left out.

        So a technique at its defaults goes with any model: ``freeze`` is half of the blocks of
        each.
        """
        chosen = [values.get(item.name, item.default) for item in self.settings]
        while chosen and chosen[-1] == self.settings[len(chosen) - 1].default:
            chosen.pop()
        return ":".join([self.name, *(_short(value) for value in chosen)])


def techniques(layers: int) -> list[Switch]:
    """Return the techniques for a model of so many blocks, in the order of the registry."""
    return [_switch(kind, layers) for kind in registry().values()]


def values_of(arm: str, layers: int) -> dict[str, Value] | None:
    """Return the settings of one technique as typed, such as ``freeze:3``.

    Returns
    -------
    dict or None
        None where it cannot be read, or not for a model of so many blocks.
    """
    name, *texts = arm.split(":")
    with suppress(WorkbenchError, KeyError):
        return registry()[name].parse(texts).resolve(layers).settings
    return None


def _switch(kind: type[Technique], layers: int) -> Switch:
    about = cleandoc(kind.__doc__ or "")
    try:
        default = kind.parse([]).resolve(layers)
    except WorkbenchError as refusal:
        return Switch(kind.name, kind.summary, about, kind.source, (), str(refusal))
    settings = tuple(_setting(default, item, layers) for item in fields(kind))
    return Switch(kind.name, kind.summary, about, kind.source, settings)


def _setting(technique: Technique, item: Field, layers: int) -> Setting:
    default = technique.settings[item.name]
    text = item.metadata.get("help", technique.summary)
    if isinstance(default, str):
        return Setting(item.name, text, default, choices=item.metadata.get("words", ()))
    step = step_of(default)

    def accepts(value: int | float) -> bool:
        texts = [_short(text) for text in (technique.settings | {item.name: value}).values()]
        return values_of(":".join([technique.name, *texts]), layers) is not None

    low, high = accepted_range(accepts, default, step)
    return Setting(item.name, text, default, step, low, high)


def _short(value: Value) -> str:
    """Write a value as users type it; a slider's sums of steps are rounded to what was meant."""
    return f"{round(value, 12)}".removesuffix(".0") if isinstance(value, float) else str(value)
