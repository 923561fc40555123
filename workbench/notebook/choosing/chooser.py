"""The widgets that choose a sweep: one for each parameter, and the choice is checked at once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import Field, fields
from pathlib import Path

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.models.catalogue import AUTO, PREFERRED
from workbench.notebook.choosing import choices, layers
from workbench.notebook.choosing.choices import Option
from workbench.notebook.choosing.more_settings import MoreSettings, fill, setting_widget
from workbench.notebook.choosing.picker import FAILS, Picker
from workbench.notebook.choosing.planning import Plan, Planner
from workbench.notebook.choosing.preset_picker import PresetPicker
from workbench.notebook.choosing.presets import recipe_of
from workbench.notebook.choosing.technique_panel import TechniquePanel
from workbench.notebook.page import saying
from workbench.notebook.page.keyboard import Keyboard
from workbench.store.parameters import explanation
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.tasks.task import Recipe

_LAYERS = 12
"""Blocks that are drawn while a model's own number is not known."""

_FIELDS: dict[str, Field] = {item.name: item for item in fields(SweepSettings)}
_HELP = {name: explanation(item) for name, item in _FIELDS.items()}


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
    fields
        The widget of each parameter, by its name.
    task, model
        Their ``value`` is what is picked, as users type it.
    planner
        Makes the plan that is shown.
    """

    def __init__(self, settings: SweepSettings):
        self._callbacks: list[Callable[[SweepSettings], None]] = []
        self._lock, self._held = threading.RLock(), False
        self.plan = ipywidgets.HTML()
        self.planner = Planner(self._tell)
        self._make()
        self.widget = self._laid_out()
        self._fill(settings)
        self._follow()

    @property
    def settings(self) -> SweepSettings:
        """What is chosen.

        Raises
        ------
        WorkbenchError
            For a text that cannot be read, such as seeds, and for a choice that cannot work.
        """
        chosen = self._read()
        if problem := choices.problem(chosen):
            raise WorkbenchError(problem)
        return chosen

    @property
    def outputs(self) -> Path:
        """The folder of runs and reports that is chosen, whatever else is."""
        return outputs_folder(SweepSettings(outputs=str(self.fields["outputs"].value)))

    def observe(self, callback: Callable[[SweepSettings], None]) -> None:
        """Call something with every choice that can work."""
        self._callbacks.append(callback)

    def choose(self, settings: SweepSettings) -> None:
        """Put settings into the widgets; observers are called once."""
        with self._lock:
            self._fill(settings)
            self._changed()

    def plan_again(self) -> None:
        """Make the plan of what is chosen anew, after runs were trained; any thread may call it."""
        with self._lock:
            self._follow()

    def _make(self) -> None:
        self.task = Picker(
            "task",
            _HELP["task"],
            "another: type its name with options, or the path of a task file",
            self._changed,
        )
        self.model = Picker(
            "model", _HELP["models"], "another: type a hub id, a folder, or several", self._changed
        )
        self.techniques = TechniquePanel(_HELP["techniques"], self._changed)
        self.seeds = setting_widget(_FIELDS["seeds"])
        self.vary = setting_widget(_FIELDS["vary"])
        self.device = setting_widget(_FIELDS["device"])
        self.device.options = [
            (f"{label} {FAILS}" if choices.device_problem(word) else label, word)
            for label, word in self.device.options
        ]
        self.fields = {
            "task": self.task.list,
            "models": self.model.list,
            "techniques": self.techniques.text,
            "seeds": self.seeds,
            "vary": self.vary,
            "device": self.device,
        }
        self.more = MoreSettings(self.fields, self._changed)
        self.fields |= self.more.widgets
        self.preset = PresetPicker(self.techniques, self.more, self._changed)
        self.drawing = ipywidgets.HTML()
        for each in (self.seeds, self.vary, self.device):
            each.observe(lambda _: self._changed(), "value")

    def _laid_out(self) -> ipywidgets.Widget:
        few = ipywidgets.Box([self.seeds, self.vary, self.device])
        few.add_class("workbench-few")
        form = ipywidgets.VBox(
            [
                self.task.widget,
                self.model.widget,
                self.preset.widget,
                self.techniques.widget,
                few,
                self.more.widget,
                self.plan,
            ]
        )
        form.add_class("workbench-form")
        self.drawing.add_class("workbench-drawing")
        columns = ipywidgets.Box([form, self.drawing])
        columns.add_class("workbench-columns")
        style = Path(__file__).with_suffix(".css").read_text(encoding="utf8")
        sheet = ipywidgets.HTML(f"<style>{style}</style>", layout={"display": "none"})
        whole = ipywidgets.VBox([sheet, Keyboard(), columns])
        whole.add_class("workbench-chooser")
        return whole

    @contextmanager
    def _holding(self) -> Iterator[None]:
        """Let the widgets change without taking that for a user's choice."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def _fill(self, settings: SweepSettings) -> None:
        with self._holding():
            self.task.offer(choices.tasks())
            self.task.value = settings.task
            self.model.offer(self._models())
            self.model.value = settings.models
            self.techniques.value = settings.techniques
            for name in ("seeds", "vary", "device"):
                fill(self.fields[name], getattr(settings, name))
            self.more.choose(settings)

    def _read(self) -> SweepSettings:
        return SweepSettings.from_values(
            {
                "task": self.task.value,
                "models": self.model.value,
                "techniques": self.techniques.value,
                "seeds": self.seeds.value,
                "vary": self.vary.value,
                "device": self.device.value,
                **self.more.values,
            }
        )

    def _changed(self) -> None:
        with self._lock:
            if self._held:
                return
            chosen = self._follow()
            if chosen:
                for callback in self._callbacks:
                    callback(chosen)

    def _follow(self) -> SweepSettings | None:
        """Bring everything that depends on the choice up to date; return a choice that can work."""
        with self._holding():
            self.model.offer(self._models())
            self._describe_task()
            blocks, recipe = self._describe_models()
            self.techniques.bind(blocks)
            self.more.follow(recipe)
            self.preset.follow(self.task.value, self.model.value)
            self.drawing.value = layers.gallery(blocks, self.techniques.arms)
        try:
            chosen = self.settings
            self._plan(chosen)
            return chosen
        except WorkbenchError as problem:
            self.planner.say(Plan(str(problem), problem=True))
            return None

    def _models(self) -> list[Option]:
        try:
            automatic = [choices.model_option(AUTO, self.task.value)]
        except WorkbenchError:
            automatic = []
        return [*automatic, *choices.models()]

    def _describe_task(self) -> None:
        model = self.model.value.split(",")[0]
        try:
            name = choices.settled(model, self.task.value) or PREFERRED
            self.task.tell([choices.task_option(self.task.value, name)], place=True)
        except WorkbenchError as problem:
            self.task.refuse(str(problem))

    def _describe_models(self) -> tuple[int, Recipe | None]:
        """Say what the models are; return the blocks and the task's numbers for the first."""
        names = [name.strip() for name in self.model.value.split(",") if name.strip()]
        try:
            found = [choices.model_option(name, self.task.value) for name in names]
            self.model.tell(found)
            return found[0].layers or _LAYERS, recipe_of(self.task.value, names[0])
        except (WorkbenchError, IndexError) as problem:
            self.model.refuse(str(problem))
            return _LAYERS, None

    def _plan(self, chosen: SweepSettings) -> None:
        absent = choices.to_download(chosen)
        if not absent:
            self.planner.ask(chosen)
            return
        # A plan reads the text and the weights, and would download them.
        self.planner.say(
            Plan(
                f"To download: {', '.join(absent)}\n"
                "Nothing is downloaded before Run, so time and memory are not known yet."
            )
        )

    def _tell(self, plan: Plan) -> None:
        write = saying.trouble(plan.text, alert=True) if plan.problem else saying.plan(plan.text)
        self.plan.value = write
