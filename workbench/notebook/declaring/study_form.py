"""What a declared study says beside the sweep that is chosen: its question, its seeds, its rule."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.protocol.declaration import AUTO, Declaration
from workbench.protocol.draft import declared, proposed_name, proposed_question
from workbench.protocol.sections import DIRECTIONS, Budget, Contrast, Seeds, Tuning
from workbench.settings_file import number
from workbench.store.settings import SweepSettings

FOLDER = "declared"
"""Below the outputs folder, where study files are saved."""


class StudyForm:
    """The fields of a study that a sweep does not have; the others are read from the sweep.

    What is left empty is proposed, or stays as it is chosen for the sweep.

    Attributes
    ----------
    fields
        The widgets, by what they ask for.
    widget
        To be displayed.
    """

    def __init__(self) -> None:
        self.fields: dict[str, ipywidgets.Widget] = {
            "question": _field(ipywidgets.Text, "question", _help(Declaration, "question")),
            "name": _field(ipywidgets.Text, "name", f"of the file, in {FOLDER}/ of the outputs"),
            "seeds": _field(ipywidgets.Text, "reported seeds", _help(Declaration, "seeds")),
            "rates": _field(ipywidgets.Text, "tuning rates", _help(Tuning, "learning_rate")),
            "tuning seeds": _count("tuning seeds", _help(Tuning, "seeds"), Tuning().seeds, 1),
            "direction": _field(
                ipywidgets.Dropdown,
                "expected",
                _help(Contrast, "direction"),
                options=[(_EXPECTED[each], each) for each in DIRECTIONS],
                value=Contrast().direction,
            ),
            "margin": _field(
                ipywidgets.BoundedFloatText,
                "margin",
                _help(Contrast, "margin"),
                value=Contrast().margin,
                min=0.01,
                max=100.0,
                step=0.5,
            ),
            "runs": _count("most runs", _help(Budget, "runs"), Budget().runs, 0),
        }
        self.replace = ipywidgets.Checkbox(
            description="replace a file of this name",
            tooltip="Otherwise a study file that is there is left as it is",
            indent=False,
        )
        self.replace.add_class("workbench-indented")
        first, *others = self.fields.values()
        grid = ipywidgets.Box(others)
        grid.add_class("workbench-more")
        self.widget = ipywidgets.VBox([first, grid, self.replace])
        self.fields["rates"].placeholder = "none: one rate for all"

    def observe(self, callback: Callable[[], None]) -> None:
        """Have a function called after a user has changed a field."""
        for each in self.fields.values():
            each.observe(lambda _: callback(), "value")

    def follow(self, settings: SweepSettings) -> None:
        """Propose a question and a name for other settings, and their seeds."""
        direction = self.fields["direction"].value
        self.fields["question"].placeholder = proposed_question(settings, direction)
        self.fields["name"].placeholder = proposed_name(settings)
        self.fields["seeds"].placeholder = f"as chosen above: {settings.seeds}"

    def declaration(self, settings: SweepSettings, outputs: Path, **more: Any) -> Declaration:
        """Return what is declared.

        Parameters
        ----------
        settings
            What is chosen for a sweep.
        outputs
            The folder of all runs.
        more
            Other settings of the declaration.

        Raises
        ------
        WorkbenchError
            For a text that cannot be read, and as `workbench.protocol.draft.declared` does.
        """
        path = _path(outputs / FOLDER, self._text("name") or proposed_name(settings))
        direction = self.fields["direction"].value
        said = {
            "tuning": Tuning(_rates(self._text("rates")), self.fields["tuning seeds"].value),
            "contrast": Contrast(direction, self.fields["margin"].value),
            "budget": Budget(self.fields["runs"].value),
        }
        if seeds := self._text("seeds"):
            said["seeds"] = _seeds(seeds)
        question = self._text("question") or proposed_question(settings, direction)
        return declared(settings, path, question, **said | more)

    def _text(self, name: str) -> str:
        return self.fields[name].value.strip()


_EXPECTED = {
    "higher": "a higher score than the baseline",
    "lower": "a lower score than the baseline",
    "either": "a higher or a lower score",
}


def _field(kind: Any, label: str, told: str, **settings: Any) -> ipywidgets.Widget:
    return kind(description=label, tooltip=told, layout={"width": "auto"}, **settings)


def _count(label: str, told: str, value: Any, least: int) -> ipywidgets.Widget:
    return _field(ipywidgets.BoundedIntText, label, told, value=value, min=least, max=100_000)


def _help(section: Any, name: str) -> str:
    """Return what a setting of a study file is, as `python -m workbench study` lists it."""
    return next(item.metadata["help"] for item in fields(section) if item.name == name)


def _path(folder: Path, name: str) -> Path:
    path = folder / f"{name}.yaml"
    if path.parent != folder:
        raise WorkbenchError(f"the name {name!r} is a path: use letters, digits, - and _")
    return path


def _rates(text: str) -> tuple[float, ...]:
    try:
        return tuple(number(part) for part in text.split(",") if part.strip())
    except (ValueError, TypeError):
        raise WorkbenchError(
            f"the tuning rates are {text!r}, but they must be numbers with commas between, such as "
            "1e-5, 3e-5"
        ) from None


def _seeds(text: str) -> Seeds:
    if text == AUTO:
        return AUTO
    seeds = SweepSettings(seeds=text).seed_list
    return tuple(seeds) if "," in text else len(seeds)
