"""The widgets that choose techniques: a switch each, and the parameter they write."""

from collections.abc import Callable
from typing import Any

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.notebook.choosing.arms import arms_of, lone, switched, together
from workbench.notebook.choosing.switches import Setting, Switch, techniques, values_of
from workbench.notebook.page import saying
from workbench.techniques import BASELINE, parse

_MOST_STEPS = 200
"""Of a slider; a wider range is typed."""


class TechniqueRow:
    """A technique's switch, what it does, and its settings.

    Parameters
    ----------
    switch
        The technique.
    changed
        Called with the row after a user has changed it.
    """

    def __init__(self, switch: Switch, changed: Callable[["TechniqueRow"], None]):
        self.switch = switch
        self.box = ipywidgets.Checkbox(
            description=switch.name,
            tooltip=f"{switch.summary} ({switch.source})",
            indent=False,
            disabled=bool(switch.problem),
            layout={"width": "auto"},
        )
        said = ipywidgets.HTML(
            saying.trouble(switch.problem)
            if switch.problem
            else saying.muted([switch.summary], f"{switch.help}\n\nSource: {switch.source}")
        )
        self.settings = {item.name: _setting_widget(item) for item in switch.settings}
        self.widget = ipywidgets.Box([ipywidgets.VBox([self.box, said]), *self.settings.values()])
        self.widget.add_class("workbench-technique")
        for each in (self.box, *self.settings.values()):
            each.observe(lambda _: changed(self), "value")

    @property
    def typed(self) -> str:
        """The arm as users type it; empty while it is switched off."""
        values = {name: each.value for name, each in self.settings.items()}
        return self.switch.typed(values) if self.box.value else ""

    def follow(self, arm: str, layers: int) -> None:
        """Show an arm; an empty one switches off, one that cannot be read leaves the settings."""
        self.box.value = bool(arm) and not self.switch.problem
        for name, value in (values_of(arm, layers) or {} if arm else {}).items():
            self.settings[name].value = value
        for each in self.settings.values():
            each.disabled = not self.box.value


class TechniquePanel:
    """A row for each technique, and the parameter ``techniques``, which they write.

    Typing the parameter moves the switches. What no switch can say stays in it as it was typed.

    Parameters
    ----------
    tooltip
        What the parameter is.
    changed
        Called after a user has changed anything.

    Attributes
    ----------
    text
        The parameter; the one place where the choice is kept.
    rows
        One for each technique.
    """

    def __init__(self, tooltip: str, changed: Callable[[], None]):
        self._changed, self._held, self._layers = changed, False, 0
        self.rows: list[TechniqueRow] = []
        self.text = ipywidgets.Text(
            description="techniques",
            tooltip=tooltip,
            continuous_update=False,
            layout={"width": "auto"},
        )
        self.add = ipywidgets.Button(
            description="Add the ticked as one technique",
            tooltip='Add one more technique to compare: all that are ticked, joined with "+"',
            icon="plus",
            layout={"width": "auto"},
        )
        self.add.add_class("workbench-indented")
        self.problem, self.switches = ipywidgets.HTML(), ipywidgets.VBox()
        self.problem.add_class("workbench-indented")
        self.widget = ipywidgets.VBox([self.switches, self.text, self.problem, self.add])
        self.text.observe(lambda _: self._typed(), "value")
        self.add.on_click(lambda _: self._join())

    @property
    def value(self) -> str:
        """The parameter as papermill would get it."""
        return self.text.value.strip()

    @value.setter
    def value(self, text: str) -> None:
        self._held = True
        self.text.value = text
        self._follow()
        self._held = False

    @property
    def arms(self) -> list[str]:
        """What is compared with the baseline, or the baseline alone."""
        return [arm for arm in arms_of(self.value) if arm != BASELINE] or [BASELINE]

    def bind(self, layers: int) -> None:
        """Set the ranges of the settings to a model of so many blocks."""
        if layers == self._layers:
            return
        self._layers = layers
        self.rows = [TechniqueRow(each, self._switched) for each in techniques(layers)]
        self.switches.children = [row.widget for row in self.rows]
        self.value = self.text.value

    def _typed(self) -> None:
        if not self._held:
            self.value = self.text.value
            self._changed()

    def _switched(self, row: TechniqueRow) -> None:
        if not self._held:
            self.value = switched(self.value, row.switch.name, row.typed)
            self._changed()

    def _join(self) -> None:
        self.value = together(self.value, self._ticked())
        self._changed()

    def _follow(self) -> None:
        for row in self.rows:
            row.follow(lone(self.value, row.switch.name), self._layers)
        ticked = self._ticked()
        joined = together(self.value, ticked)
        self.add.disabled = (
            len(ticked) < 2 or joined == self.value or bool(self._refusal(["+".join(ticked)]))
        )
        refused = self._refusal(arms_of(self.value))
        self.problem.value = saying.trouble(refused) if refused else ""
        self.problem.layout.display = None if refused else "none"

    def _ticked(self) -> list[str]:
        return [row.typed for row in self.rows if row.box.value]

    def _refusal(self, arms: list[str]) -> str:
        """Return why one of the arms cannot work; empty where all can."""
        try:
            for arm in arms:
                parse(arm, self._layers)
        except WorkbenchError as problem:
            return str(problem)
        return ""


def _setting_widget(item: Setting) -> ipywidgets.Widget:
    shared: dict[str, Any] = {
        "description": item.name,
        "tooltip": item.help,
        "value": item.default,
        "layout": {"width": "auto"},
    }
    if item.choices:
        return ipywidgets.Dropdown(options=item.choices, **shared)
    if not item.step:
        return ipywidgets.Text(continuous_update=False, **shared)
    whole = isinstance(item.default, int)
    if item.low is None or item.high is None:
        return (ipywidgets.IntText if whole else ipywidgets.FloatText)(step=item.step, **shared)
    shared |= {"min": item.low, "max": item.high, "step": item.step}
    if (item.high - item.low) / item.step > _MOST_STEPS:
        return (ipywidgets.BoundedIntText if whole else ipywidgets.BoundedFloatText)(**shared)
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    return kind(continuous_update=False, **shared)
