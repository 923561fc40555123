"""The widgets that choose a sweep: task, model, techniques with their settings, seeds, device."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import fields
from html import escape
from typing import Any

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.models.catalogue import AUTO
from workbench.notebook import choices
from workbench.notebook.choices import Option, Setting, Switch
from workbench.notebook.layers import drawing
from workbench.notebook.planning import dry_run
from workbench.store.settings import SweepSettings
from workbench.techniques import BASELINE
from workbench.training.device import DEVICES

_LAYERS = 12
"""Blocks that are drawn while a model's own number is not known."""

_QUIET_SECONDS = 0.6
"""After the last change, until the plan is made anew."""

_HELP = {item.name: item.metadata["help"] for item in fields(SweepSettings)}
_WIDE = ipywidgets.Layout(width="34em")


class _TechniqueRow:
    """A technique's switch with its settings beside it."""

    def __init__(self, switch: Switch, changed: Callable[[Any], None]):
        self.switch = switch
        self.box = ipywidgets.Checkbox(
            description=switch.name, tooltip=switch.summary, indent=False, layout={"width": "11em"}
        )
        self.settings = {item.name: _setting_widget(item) for item in switch.settings}
        self.said = ipywidgets.HTML()
        self.widget = ipywidgets.HBox([self.box, *self.settings.values(), self.said])
        for each in (self.box, *self.settings.values()):
            each.observe(changed, "value")
        self.refuse(switch.problem)

    @property
    def typed(self) -> str:
        """The technique as users type it."""
        return self.switch.typed({name: each.value for name, each in self.settings.items()})

    def refuse(self, problem: str) -> None:
        """Disable the switch and say why, or enable it."""
        self.box.disabled = bool(problem)
        if problem:
            self.box.value = False
        self.said.value = f"<small>{escape(problem or self.switch.summary)}</small>"


def _setting_widget(item: Setting) -> ipywidgets.Widget:
    shared = {"description": item.name, "tooltip": item.help, "value": item.default}
    if item.choices:
        return ipywidgets.Dropdown(options=item.choices, **shared)
    if not item.step or item.low is None or item.high is None:
        return ipywidgets.Text(**shared | {"value": str(item.default)})
    kind = ipywidgets.IntSlider if float(item.step).is_integer() else ipywidgets.FloatSlider
    return kind(min=item.low, max=item.high, step=item.step, **shared)


class Chooser:
    """Chooses a sweep.

    Parameters
    ----------
    settings
        With which it begins.

    Attributes
    ----------
    widget
        To be displayed.
    """

    def __init__(self, settings: SweepSettings):
        self.start = settings
        self._callbacks: list[Callable[[SweepSettings], None]] = []
        self._timer: threading.Timer | None = None
        self.task = _dropdown("task", choices.tasks(), settings.task)
        self.model = _dropdown("model", [_automatic(settings.task), *choices.models()], AUTO)
        self.seeds = ipywidgets.Text(
            description="seeds", tooltip=_HELP["seeds"], value=str(settings.seeds)
        )
        self.device = ipywidgets.Dropdown(
            description="device", tooltip=_HELP["device"], options=DEVICES, value=settings.device
        )
        self.together = ipywidgets.Checkbox(
            description="all at once, as one technique", indent=False, value=False
        )
        self.preset = ipywidgets.Dropdown(description="preset", layout=_WIDE)
        self.techniques = ipywidgets.VBox()
        self.layers, self.plan = ipywidgets.HTML(), ipywidgets.HTML()
        self.rows: list[_TechniqueRow] = []
        self._build_rows()
        left = [self.task, self.model, self.preset, self.techniques, self.together]
        left += [ipywidgets.HBox([self.seeds, self.device]), self.plan]
        self.widget = ipywidgets.HBox(
            [ipywidgets.VBox(left), self.layers], layout={"flex_flow": "row wrap"}
        )
        for each in (self.task, self.model):
            each.observe(self._rebuild, "value")
        self.preset.observe(self._apply_preset, "value")
        for each in (self.seeds, self.device, self.together):
            each.observe(self._changed, "value")
        self._changed()

    @property
    def settings(self) -> SweepSettings:
        """What is chosen.

        Raises
        ------
        WorkbenchError
            For a text that cannot be read, such as seeds.
        """
        values = {item.name: getattr(self.start, item.name) for item in fields(SweepSettings)}
        return SweepSettings.from_values(
            values
            | {
                "task": self.task.value,
                "models": self.model.value,
                "techniques": ",".join([BASELINE, *self._arms()]),
                "seeds": self.seeds.value,
                "device": self.device.value,
            }
        )

    def observe(self, callback: Callable[[SweepSettings], None]) -> None:
        """Call something with every choice that can work."""
        self._callbacks.append(callback)

    def _arms(self) -> list[str]:
        chosen = [row.typed for row in self.rows if row.box.value]
        return ["+".join(chosen)] if chosen and self.together.value else chosen

    @property
    def _layers(self) -> int:
        name = self.model.value
        return choices.layers_of(choices.automatic(self.task.value) if name == AUTO else name) or 0

    def _build_rows(self) -> None:
        self.rows = [
            _TechniqueRow(each, self._changed)
            for each in choices.techniques(self._layers or _LAYERS)
            if each.name != BASELINE
        ]
        self.techniques.children = [row.widget for row in self.rows]
        found = choices.presets(self.task.value, self.model.value)
        self.preset.options = [
            ("choose yourself", ""),
            *[(each.title, each.technique) for each in found],
        ]
        self.preset.value = ""

    def _rebuild(self, _: Any = None) -> None:
        on = {row.switch.name for row in self.rows if row.box.value}
        self._build_rows()
        for row in self.rows:
            row.box.value = row.switch.name in on and not row.box.disabled
        self._changed()

    def _apply_preset(self, change: Any) -> None:
        names = {part.split(":")[0] for part in str(change["new"]).split("+")}
        if change["new"]:
            for row in self.rows:
                row.box.value = row.switch.name in names and not row.box.disabled

    def _changed(self, _: Any = None) -> None:
        arms = self._arms()
        layers = self._layers or _LAYERS
        try:
            self.layers.value = "".join(drawing(layers, each) for each in arms or [BASELINE])
            settings = self.settings
        except WorkbenchError as problem:
            self.plan.value = f"<b>{escape(str(problem))}</b>"
            return
        for callback in self._callbacks:
            callback(settings)
        self._plan_soon()

    def _plan_soon(self) -> None:
        """Make the plan anew in a thread: reading a task's text takes seconds."""
        if self._timer:
            self._timer.cancel()
        self._timer = threading.Timer(_QUIET_SECONDS, self._plan)
        self._timer.daemon = True
        self._timer.start()

    def _plan(self) -> None:
        try:
            chosen = self.settings
            values = {item.name: getattr(chosen, item.name) for item in fields(chosen)}
            self.plan.value = f"<pre>{escape(dry_run(values))}</pre>"
        except WorkbenchError as problem:
            self.plan.value = f"<b>{escape(str(problem))}</b>"


def _automatic(task: str) -> Option:
    return Option(AUTO, f"auto ({choices.automatic(task)})", "", (), True)


def _dropdown(name: str, options: Iterable[Option], value: str) -> ipywidgets.Dropdown:
    """Offer options with what there is to know about them; one that cannot work says why."""
    shown = [(_line(option), option.name) for option in options]
    return ipywidgets.Dropdown(
        description=name,
        tooltip=_HELP.get(name, _HELP.get(f"{name}s", name)),
        options=shown,
        value=value,
        layout=_WIDE,
    )


def _line(option: Option) -> str:
    parts = [option.group, option.title, *option.facts]
    said = " · ".join(part for part in parts if part)
    mark = "✓ " if option.here else "↓ "
    return f"{mark}{said}" + (f" — {option.problem}" if option.problem else "")
