"""A list to pick a model or a task from, with what there is to know about the one picked."""

from collections.abc import Callable, Sequence

import ipywidgets

from workbench.notebook.choosing.choices import Option
from workbench.notebook.page import saying

FAILS = "\N{MULTIPLICATION X}"
"""Marks an entry that cannot work here."""

_OTHER = ""
"""The entry that stands for a name typed by hand."""


class Picker:
    """A list of short entries; below it, in full width, what the picked one is.

    Parameters
    ----------
    label
        Shown before it.
    tooltip
        What the parameter is.
    other
        The entry for a name that the list does not hold.
    changed
        Called after a user has picked or typed another one.

    Attributes
    ----------
    list, typed, facts
        The parts of `widget`.
    """

    def __init__(self, label: str, tooltip: str, other: str, changed: Callable[[], None]):
        self._other, self._changed, self._held = other, changed, False
        self.list = ipywidgets.Dropdown(
            description=label, tooltip=tooltip, options=[(other, _OTHER)], layout={"width": "auto"}
        )
        self.typed = ipywidgets.Text(
            description="name",
            tooltip=tooltip,
            continuous_update=False,
            layout={"width": "auto", "display": "none"},
        )
        self.facts = ipywidgets.HTML()
        self.facts.add_class("workbench-indented")
        self.widget = ipywidgets.VBox([self.list, self.typed, self.facts])
        self.list.observe(self._picked, "value")
        self.typed.observe(self._picked, "value")

    @property
    def value(self) -> str:
        """What is picked, as users type it."""
        return self.typed.value.strip() if self.list.value == _OTHER else self.list.value

    @value.setter
    def value(self, name: str) -> None:
        if name != self.value:
            self._set(name)
            self._changed()

    def offer(self, options: Sequence[Option]) -> None:
        """Fill the list; what is picked stays."""
        entries = [*((_entry(option), option.name) for option in options), (self._other, _OTHER)]
        if list(self.list.options) != entries:
            name = self.value
            self._held = True
            self.list.options = entries
            self._held = False
            self._set(name)

    def tell(self, options: Sequence[Option], place: bool = False) -> None:
        """Show what there is to know, a line for each; ``place`` adds whether it is here."""
        several = len(options) > 1
        self.facts.value = "".join(_facts(option, place, several) for option in options)

    def refuse(self, sentence: str) -> None:
        """Show why what is typed is none."""
        self.facts.value = saying.trouble(sentence)

    def _set(self, name: str) -> None:
        self._held = True
        listed = name in [value for _, value in self.list.options]
        self.typed.value = "" if listed else name
        self.list.value = name if listed else _OTHER
        self._held = False
        self._show()

    def _show(self) -> None:
        self.typed.layout.display = None if self.list.value == _OTHER else "none"

    def _picked(self, change: dict) -> None:
        if self._held:
            return
        if change["owner"] is self.list and change["new"] == _OTHER:
            # It begins with what was picked, so that it can be changed by a few letters.
            self._set_typed(change["old"])
        self._show()
        self._changed()

    def _set_typed(self, name: str) -> None:
        self._held = True
        self.typed.value = name
        self._held = False


def _entry(option: Option) -> str:
    """Write an entry: the name first, for it is found by typing; its state last."""
    group = "" if option.group.startswith("generated") else option.group
    words = saying.SEPARATOR.join(filter(None, [option.title, group]))
    return f"{words} {_mark(option)}"


def _mark(option: Option) -> str:
    if option.problem:
        return FAILS
    return "\N{CHECK MARK}" if option.here else "\N{DOWNWARDS ARROW}"


def _facts(option: Option, place: bool, titled: bool) -> str:
    here = "on this machine" if option.here else "to download"
    known = [option.group, *option.facts, here if place and not option.problem else ""]
    known = [option.title, *known] if titled else known
    refused = saying.trouble(option.problem) if option.problem else ""
    return refused + saying.muted(known)
