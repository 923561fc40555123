"""The widgets that choose what is compared: one for each filter and rule."""

from collections.abc import Callable
from dataclasses import fields
from importlib.resources import files
from typing import Any

import ipywidgets
import pandas as pd

from workbench.comparison.filtering import task_of_runs, techniques_of_runs
from workbench.comparison.settings import CompareSettings
from workbench.notebook.choosing.more_settings import fill, setting_widget
from workbench.notebook.page.keyboard import Keyboard
from workbench.store.parameters import explanation
from workbench.tasks.catalogue import shown

_FIELDS = {item.name: item for item in fields(CompareSettings)}
_LISTS: dict[str, tuple[str, Callable[[str, pd.Series], set[str]]]] = {
    "tasks": ("task", lambda name, tasks: {task_of_runs(name, tasks)}),
    "models": ("model", lambda name, _: {name}),
    "techniques": ("technique", techniques_of_runs),
}
"""The filters of several values: the column of runs, and what of it a name stands for."""
_ROWS = 6
"""Of a list, at most."""


class Filters:
    """Chooses which runs are compared, and how.

    Parameters
    ----------
    settings
        With which it begins.
    runs
        All finished runs, one row each: what can be chosen.
    changed
        Called after a user has changed something.

    Attributes
    ----------
    widget
        To be displayed.
    fields
        The widget of each parameter, by its name.
    """

    def __init__(self, settings: CompareSettings, runs: pd.DataFrame, changed: Callable[[], None]):
        self._given = settings
        lists = {name: self._list(name, runs) for name in _LISTS}
        self.fields: dict[str, Any] = lists | {
            "precision": self._words("precision"),
            "since": setting_widget(_FIELDS["since"]),
            "until": setting_widget(_FIELDS["until"]),
            "baseline": self._baseline(runs),
            "family": self._words("family"),
            "split": self._words("split"),
        }
        for name in ("since", "until"):
            fill(self.fields[name], getattr(settings, name))
        for each in self.fields.values():
            each.observe(lambda _: changed(), "value")
        self.widget = self._laid_out()

    @property
    def settings(self) -> CompareSettings:
        """What is chosen.

        Raises
        ------
        WorkbenchError
            For a date that cannot be read.
        """
        chosen = {name: widget.value for name, widget in self.fields.items()}
        return CompareSettings.from_values(self._given.to_json() | chosen)

    def _list(self, name: str, runs: pd.DataFrame) -> ipywidgets.SelectMultiple:
        column, stands_for = _LISTS[name]
        values = runs[column]
        found = list(dict.fromkeys(values))
        given = getattr(self._given, f"{name[:-1]}_names")
        chosen = set().union(*(stands_for(each, values) for each in given))
        return ipywidgets.SelectMultiple(
            options=[(shown(value) if name == "tasks" else value, value) for value in found],
            value=[value for value in found if value in chosen],
            rows=min(_ROWS, max(2, len(found))),
            description=name,
            tooltip=f"{explanation(_FIELDS[name])}; hold Ctrl for several",
            layout={"width": "auto"},
        )

    def _words(self, name: str) -> ipywidgets.Dropdown:
        widget = setting_widget(_FIELDS[name])
        if not _FIELDS[name].default:
            widget.options = [(_FIELDS[name].metadata["unset"], ""), *widget.options]
        widget.value = getattr(self._given, name)
        return widget

    def _baseline(self, runs: pd.DataFrame) -> ipywidgets.Dropdown:
        names = dict.fromkeys([self._given.baseline, *runs["technique"]])
        return ipywidgets.Dropdown(
            options=list(names),
            value=self._given.baseline,
            description="baseline",
            tooltip=explanation(_FIELDS["baseline"]),
            layout={"width": "auto"},
        )

    def _laid_out(self) -> ipywidgets.Widget:
        grid = ipywidgets.Box(list(self.fields.values()))
        grid.add_class("workbench-filters")
        style = files("workbench.notebook.comparing").joinpath("comparing.css").read_text("utf8")
        sheet = ipywidgets.HTML(f"<style>{style}</style>", layout={"display": "none"})
        return ipywidgets.VBox([sheet, Keyboard(), grid])
