"""The part of ``explore.ipynb`` that declares a study: what was tried becomes what decides.

What a user sees and clicks: below the results a button, *Declare a study*, opens a form. It takes
models, task, techniques and numbers from what is chosen above, and asks for what a study has beside
them: the question, a name, the reporting seeds (a count, a list, or auto with the most runs), the
learning rates to tune over, what is expected, and the margin. Everything has a proposal or a
default, so that *Save as study* can be pressed at once. It says what the study will take and the
smallest difference that it can find, which takes a few seconds in a thread; then it writes the file
and shows its path and the line that runs it. Whatever cannot work is one sentence in the same
place, and nothing is written. Below, *Run study* carries out a study that was saved, or a shipped
one, in a process of its own; *Stop study* ends it with checkpoints. One line tells how far it is,
and its report is shown when all of it is complete.
"""

import html
import shlex
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.notebook.choosing import choices
from workbench.notebook.declaring.study_form import StudyForm
from workbench.notebook.declaring.study_runner import StudyRunner
from workbench.notebook.page import saying
from workbench.protocol.conduct import Conduct
from workbench.protocol.declaration import Declaration
from workbench.protocol.draft import finished_before
from workbench.protocol.stages import Machine
from workbench.protocol.writing import check_free, write_study
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings, outputs_folder, project_root

_TOOLTIP = "Write a study file of what is chosen above, and say what it will take"


class StudyDeclarer:
    """A form that opens, and a button that saves what it declares.

    Parameters
    ----------
    choose
        Gives the settings of the sweep that is chosen, or raises `WorkbenchError`.
    outputs
        Gives the outputs folder of all studies, also where no sweep can be chosen.

    Attributes
    ----------
    widget
        To be displayed.
    form, fold, button, said, runner
        Its parts: the fields, what opens them, what saves, what is said of it, what runs studies.
    """

    def __init__(self, choose: Callable[[], SweepSettings], outputs: Callable[[], Path]):
        self._choose, self._outputs = choose, outputs
        self.form, self.said = StudyForm(), ipywidgets.HTML()
        self.fold = ipywidgets.ToggleButton(
            description="Declare a study",
            tooltip="A question, its seeds and its rule, declared before anything is trained",
            layout={"width": "auto"},
        )
        self.button = ipywidgets.Button(description="Save as study", tooltip=_TOOLTIP, icon="save")
        self.said.add_class("workbench-indented")
        self.button.add_class("workbench-indented")
        self.runner = StudyRunner(self._machine)
        parts = [self.form.widget, self.button, self.said, self.runner.widget]
        self.panel = ipywidgets.VBox(parts)
        self.widget = ipywidgets.VBox([self.fold, self.panel])
        self.widget.add_class("workbench-chooser")
        self.panel.add_class("workbench-study")
        self.fold.observe(lambda _: self._show(), "value")
        self.form.observe(self.follow)
        self.button.on_click(lambda _: self._start())
        self._thread = threading.Thread()
        self._show()

    def follow(self) -> None:
        """Propose a question and a name for what is chosen now."""
        with suppress(WorkbenchError):  # The chooser says what is wrong with it.
            self.form.follow(self._choose())

    def wait(self) -> None:
        """Wait until what was asked for is done."""
        self._thread.join()

    def _show(self) -> None:
        self.panel.layout.display = None if self.fold.value else "none"
        self.fold.icon = "chevron-down" if self.fold.value else "chevron-right"
        self.follow()
        if self.fold.value:
            self.runner.offer()

    def _machine(self) -> Machine:
        """Return where studies are run: as chosen, else as it is chosen where nobody does."""
        outputs = str(self._outputs())
        with suppress(WorkbenchError):
            return replace(_machine(self._choose()), outputs=outputs)
        return Machine(outputs=outputs)

    def _start(self) -> None:
        self.button.disabled = True
        self.said.value = saying.plan("working out what it takes\N{HORIZONTAL ELLIPSIS}")
        self._thread = threading.Thread(target=self._attempt, daemon=True)
        self._thread.start()

    def _attempt(self) -> None:
        try:
            self.said.value = self._saved()
        except WorkbenchError as problem:
            self.said.value = saying.trouble(str(problem), alert=True)
        except Exception as problem:
            # In a thread nobody else would ever hear of it.
            told = f"the study was not saved ({type(problem).__name__}: {problem})"
            self.said.value = saying.trouble(told, alert=True)
        finally:
            self.button.disabled = False

    def _saved(self) -> str:
        """Price what is declared, write it, and return what there is to say, as HTML."""
        settings, may_replace = self._choose(), self.form.replace.value
        declaration = self.form.declaration(settings, outputs_folder(settings))
        check_free(declaration, may_replace)
        absent = choices.to_download(settings)
        known = 0 if absent else _finished_before(declaration, settings)
        price = _unknown_price(absent) if absent else _price(declaration, settings)
        if known:
            declaration = replace(declaration, caveats=(_looked_at(known),))
        path = write_study(declaration, may_replace)
        self.runner.offer(declaration.name)
        lines = [price, _advice(known), f"Saved: {shown(path)}, which this line runs:"]
        text = saying.plan("\n".join(filter(None, lines)))
        return f"{text}<pre>{html.escape(command_of(path, settings))}</pre>"


def _price(declaration: Declaration, settings: SweepSettings) -> str:
    return Conduct(declaration, _machine(settings)).plan()


def _unknown_price(absent: list[str]) -> str:
    # A price reads the text and the weights, and would download them.
    return (
        f"To download: {', '.join(absent)}\n"
        "Nothing is downloaded before the study runs, so what it takes is not known yet."
    )


def _finished_before(declaration: Declaration, settings: SweepSettings) -> int:
    store = RunStore(outputs_folder(settings))
    return finished_before(store, declaration, _machine(settings))


def _machine(settings: SweepSettings) -> Machine:
    return Machine(settings.device, settings.workers, settings.outputs)


def _looked_at(known: int) -> str:
    return f"{known} of the runs to report had finished before this was declared."


def _advice(known: int) -> str:
    if not known:
        return ""
    return f"{_looked_at(known)} The file says so; other seeds would be a test of what is expected."


def command_of(path: Path, settings: SweepSettings) -> str:
    """Return the line that runs a study file, quoted for a POSIX shell.

    It is typed in the project's folder, and holds what differs from the defaults of the machine.

    Parameters
    ----------
    path
        Of the study file.
    settings
        Of the sweep that it was made from.

    Examples
    --------
    >>> command_of(Path("/x/mine.yaml"), SweepSettings(device="cpu", workers=2))
    'python -m workbench study /x/mine.yaml --device cpu --workers 2'
    """
    words = ["python", "-m", "workbench", "study", shown(path)]
    if settings.device != SweepSettings().device:
        words += ["--device", settings.device]
    if settings.workers:
        words += ["--workers", str(settings.workers)]
    if outputs_folder(settings) != project_root() / "outputs":
        words += ["--outputs", shown(outputs_folder(settings))]
    return shlex.join(words)


def shown(path: Path) -> str:
    """Return a path as it is typed in the project's folder."""
    root = project_root()
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
