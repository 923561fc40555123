"""The settings that most people leave alone, behind a button; made from their definition."""

from collections.abc import Callable, Collection
from dataclasses import Field, fields
from typing import Any

import ipywidgets

from workbench.store.parameters import explanation
from workbench.store.settings import SweepSettings
from workbench.tasks.task import Recipe

_SMALL = 0.001
"""Below it, a number is written with a power of ten."""


def setting_widget(item: Field) -> ipywidgets.Widget:
    """Make the widget of a parameter: a list of its words, or a text.

    A number is typed, so that nothing can stand for the task's own, and 2e-5 is readable.
    """
    shared: dict[str, Any] = {
        "description": item.name,
        "tooltip": explanation(item),
        "layout": {"width": "auto"},
    }
    words = item.metadata["words"]
    if words:
        entries = [(f"{word} ({said})" if said else word, word) for word, said in words.items()]
        return ipywidgets.Dropdown(options=entries, **shared)
    return ipywidgets.Text(placeholder=item.metadata["unset"], continuous_update=False, **shared)


def fill(widget: ipywidgets.Widget, value: Any) -> None:
    """Put a parameter's value into its widget; one that stands for another is left empty."""
    if isinstance(widget, ipywidgets.Text):
        widget.value = written(value) if value else ""
        return
    if value not in [word for _, word in widget.options]:
        # A word with a number, such as cuda:1, or a mistyped one, which is refused with a reason.
        widget.options = [*widget.options, (value, value)]
    widget.value = value


def written(value: Any) -> str:
    """Write a value as users type it: 2e-5, not 2e-05 or 0.00002."""
    if not isinstance(value, float):
        return str(value)
    if not 0 < value < _SMALL:
        return f"{value:g}"
    digits, power = f"{value:e}".split("e")
    return f"{float(digits):g}e{int(power)}"


class MoreSettings:
    """A button that opens the remaining settings.

    ipywidgets' own Accordion cannot be opened with the keyboard; a button can.

    Parameters
    ----------
    shown
        The names of those that have a widget elsewhere.
    changed
        Called after a user has changed one.

    Attributes
    ----------
    widgets
        By name.
    """

    def __init__(self, shown: Collection[str], changed: Callable[[], None]):
        self._items = {item.name: item for item in fields(SweepSettings) if item.name not in shown}
        self.widgets = {name: setting_widget(item) for name, item in self._items.items()}
        self.button = ipywidgets.ToggleButton(
            tooltip=", ".join(self._items), layout={"width": "auto"}
        )
        self.button.add_class("workbench-indented")
        self.panel = ipywidgets.Box(list(self.widgets.values()))
        self.panel.add_class("workbench-more")
        self.widget = ipywidgets.VBox([self.button, self.panel])
        self.button.observe(lambda _: self._show(), "value")
        for each in self.widgets.values():
            each.observe(lambda _: changed(), "value")
        self._show()

    @property
    def values(self) -> dict[str, Any]:
        """What is typed; nothing is the default."""
        return {
            name: item.default if widget.value == "" else widget.value
            for (name, item), widget in zip(self._items.items(), self.widgets.values(), strict=True)
        }

    def choose(self, settings: SweepSettings) -> None:
        """Put settings into the widgets."""
        for name, widget in self.widgets.items():
            fill(widget, getattr(settings, name))

    def follow(self, recipe: Recipe | None) -> None:
        """Say what an empty widget stands for, and on the button what is not empty."""
        for name in (item.name for item in fields(Recipe)):
            own = f": {written(getattr(recipe, name))}" if recipe else ""
            self.widgets[name].placeholder = self._items[name].metadata["unset"] + own
        self._show()

    def _show(self) -> None:
        self.panel.layout.display = None if self.button.value else "none"
        self.button.icon = "chevron-down" if self.button.value else "chevron-right"
        changed = [
            f"{name} {value}"
            for name, value in self.values.items()
            if value != self._items[name].default
        ]
        self.button.description = ": ".join(filter(None, ["More settings", ", ".join(changed)]))
