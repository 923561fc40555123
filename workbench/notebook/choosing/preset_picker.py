"""The list of presets, and what a source says of the one picked."""

from collections.abc import Callable
from dataclasses import fields

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.notebook.choosing.more_settings import MoreSettings, written
from workbench.notebook.choosing.presets import Preset, presets
from workbench.notebook.choosing.technique_panel import TechniquePanel
from workbench.notebook.page import saying
from workbench.tasks.task import Recipe

_YOURSELF = ""
_NUMBERS = tuple(item.name for item in fields(Recipe))


class PresetPicker:
    """Puts what a source recommends into other widgets.

    Parameters
    ----------
    techniques, more
        Where the techniques and the numbers are chosen.
    changed
        Called after a preset was put there.
    """

    def __init__(self, techniques: TechniquePanel, more: MoreSettings, changed: Callable[[], None]):
        self._techniques, self._more, self._changed = techniques, more, changed
        self._held = False
        self._found: dict[str, Preset] = {}
        self.list = ipywidgets.Dropdown(
            description="preset",
            tooltip="What a source recommends for this task and model",
            layout={"width": "auto"},
        )
        self.facts = ipywidgets.HTML()
        self.facts.add_class("workbench-indented")
        self.widget = ipywidgets.VBox([self.list, self.facts])
        self.list.observe(lambda _: self._picked(), "value")

    def follow(self, task: str, model: str) -> None:
        """Offer what there is for a task and a model; keep the picked one while it is chosen."""
        try:
            self._found = {each.title: each for each in presets(task, model)}
        except WorkbenchError:
            self._found = {}
        picked = self.list.value
        if picked not in self._found or not self._stands(self._found[picked]):
            picked = _YOURSELF
        self._held = True
        entries = [("choose yourself", _YOURSELF), *((title, title) for title in self._found)]
        if list(self.list.options) != entries:
            self.list.options = entries
        self.list.value = picked
        self._held = False
        self.facts.value = _about(self._found[picked]) if picked else ""

    def _picked(self) -> None:
        if self._held:
            return
        if self.list.value:
            self._techniques.value = self._found[self.list.value].techniques
            for name in _NUMBERS:
                # A preset's numbers are the task's own, which an empty widget stands for: they
                # follow when another task or model is picked.
                self._more.widgets[name].value = ""
        self._changed()

    def _stands(self, preset: Preset) -> bool:
        numbers = [self._more.widgets[name].value for name in _NUMBERS]
        return self._techniques.value == preset.techniques and not any(numbers)


def _about(preset: Preset) -> str:
    numbers = [
        f"{name.replace('_', ' ')} {written(getattr(preset.recipe, name))}"
        for name in _NUMBERS
        if preset.recipe
    ]
    lines = [[preset.technique, *numbers], [f"Source: {preset.source}"], [preset.note]]
    return "".join(saying.muted(line) for line in lines if any(line))
