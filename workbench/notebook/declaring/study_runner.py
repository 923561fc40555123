"""A list of declared studies, and buttons that carry one out, stop it and show what it found.

A study's test scores are shown when all of it is complete: before, there is one line of progress.
"""

import base64
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import ipywidgets
from IPython.display import HTML, DisplayHandle, Markdown, display

from workbench.errors import WorkbenchError
from workbench.notebook.declaring.study_form import FOLDER
from workbench.notebook.declaring.study_process import (
    ENDED,
    FINISHED,
    NOT_STARTED,
    RUNNING,
    StudyProcess,
    StudyState,
)
from workbench.notebook.page import saying
from workbench.protocol.declaration import AUTO, Declaration
from workbench.protocol.stages import Machine
from workbench.protocol.study_file import find, read_declaration, shipped

POLL_SECONDS = 2.0

_NONE = ("save one, or pick one", "")

_STOPPING = "Stopping: the workers end the step they are in, save a checkpoint and end."
_HAPPENS = {
    NOT_STARTED: "Not started.",
    RUNNING: "Runs in a process of its own, also when this page is closed.",
    ENDED: "Ended before it was complete; Run study goes on from there.",
    FINISHED: "Complete.",
}


class StudyRunner:
    """The part of the page that carries a study out.

    Parameters
    ----------
    machine
        Gives where studies are trained, with an absolute folder of outputs.
    poll
        Seconds between two looks at a study that runs.

    Attributes
    ----------
    widget
        To be displayed; the report stands below it, see `show`.
    list, run, stop, said
        Its parts.
    """

    def __init__(self, machine: Callable[[], Machine], poll: float = POLL_SECONDS):
        self._machine, self._poll = machine, poll
        self.list = ipywidgets.Dropdown(
            description="study", tooltip="Saved here, or shipped", layout={"width": "auto"}
        )
        self.run = ipywidgets.Button(
            description="Run study", tooltip="Tune, report, and say what was found", icon="play"
        )
        self.stop = ipywidgets.Button(
            description="Stop study", tooltip="Save checkpoints and end", icon="stop", disabled=True
        )
        self.said = ipywidgets.HTML()
        buttons = ipywidgets.HBox([self.run, self.stop], layout={"flex_flow": "row wrap"})
        for each in (buttons, self.said):
            each.add_class("workbench-indented")
        self.widget = ipywidgets.VBox([self.list, buttons, self.said])
        self.list.observe(lambda _: self.look(), "value")
        self.run.on_click(lambda _: self._begin(StudyProcess.start))
        self.stop.on_click(lambda _: self._begin(StudyProcess.stop, True))
        self._report: DisplayHandle | None = None
        self._told = ""
        self._look, self._telling = threading.Event(), threading.Lock()
        self._thread = threading.Thread()

    def show(self) -> None:
        """Make a place for the report of a study, below the widget."""
        self._report = display(HTML(""), display_id=True)

    def offer(self, name: str = "") -> None:
        """List the studies that there are, newest first, then those that are shipped.

        Parameters
        ----------
        name
            Of the one to be picked; else the pick stays, and the first one is what was saved or run
            last.
        """
        saved = sorted(self._folder.glob("*.yaml"), key=_changed, reverse=True)
        entries = [_NONE, *((path.stem, str(path)) for path in saved), *_shipped()]
        picked = next((value for label, value in entries if label == name), self.list.value)
        if list(self.list.options) != entries:
            self.list.options = entries
        values = [value for _, value in entries]
        # Nothing that would train for days is picked by itself.
        known = picked and picked in values
        self.list.value = picked if known else max(values, key=self._touched)
        self.look()

    def look(self) -> None:
        """Follow the study that is picked, in a thread, as long as it runs."""
        self._begin(lambda process: None)

    def close(self) -> None:
        """Look no longer; what runs goes on."""
        self._look.set()

    def wait(self) -> None:
        """Wait until the study that is followed runs no longer."""
        self._thread.join()

    @property
    def _folder(self) -> Path:
        return Path(self._machine().outputs, FOLDER)

    def _touched(self, study: str) -> float:
        """Return when a study was saved or run last, 0 where it never was."""
        if not study:
            return 0.0
        log = StudyProcess(study, self._machine()).log
        return max(_changed(Path(study)), _changed(log))

    def _begin(self, action: Callable[[StudyProcess], None], stopping: bool = False) -> None:
        """Do something about the picked study, then follow it; another is followed no longer."""
        with self._telling:
            self._look.set()
        if not self.list.value:
            return self._tell_nothing()
        self._look = threading.Event()
        process = StudyProcess(self.list.value, self._machine())
        work = partial(self._follow, process, action, stopping, self._look)
        self._thread = threading.Thread(target=work, name="study", daemon=True)
        self._thread.start()

    def _follow(
        self,
        process: StudyProcess,
        action: Callable[[StudyProcess], None],
        stopping: bool,
        left: threading.Event,
    ) -> None:
        try:
            action(process)
            while not left.is_set():
                found = process.state
                if found.state == NOT_STARTED:
                    found = replace(found, line=_declared(find(process.study)))
                with self._telling:
                    # What was picked before has nothing more to say.
                    if not left.is_set():
                        self._tell(found, stopping)
                if found.state != RUNNING or left.wait(self._poll):
                    return
        except (WorkbenchError, OSError) as problem:
            self.said.value = saying.trouble(str(problem), alert=True)

    def _tell(self, found: StudyState, stopping: bool) -> None:
        runs = found.state == RUNNING
        # A second request would end it before its workers have saved their checkpoints.
        self.run.disabled, self.stop.disabled = runs, stopping or not runs
        happens = _STOPPING if stopping and runs else _HAPPENS[found.state]
        self.said.value = saying.plan(f"{happens}\n{found.line}")
        self._tell_report(_whole(found.report) if found.report else "")

    def _tell_nothing(self) -> None:
        self.run.disabled = self.stop.disabled = True
        self.said.value = ""
        self._tell_report("")

    def _tell_report(self, text: str) -> None:
        if self._report and text != self._told:
            self._told = text
            self._report.update(Markdown(text) if text else HTML(""))


def _whole(report: Path) -> str:
    """Return a report with its pictures in it: a page does not find the files beside it."""

    def coded(link: re.Match) -> str:
        picture = base64.b64encode((report.parent / link[1]).read_bytes()).decode("ascii")
        return f"](data:image/png;base64,{picture})"

    return re.sub(r"\]\(([\w-]+\.png)\)", coded, report.read_text(encoding="utf8"))


def _declared(study: Declaration) -> str:
    to_tune, to_report = study.runs
    least = "at least " if study.seeds == AUTO else ""
    runs = f"Runs: {to_tune} to tune, {least}{to_report} to report"
    return f"Study {study.name}: {study.question}\n{runs}"


def _changed(path: Path) -> float:
    """Return when a file was written, in seconds since 1970; 0 where there is none."""
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _shipped() -> list[tuple[str, str]]:
    """Return the shipped studies that can be run, as entries of the list."""
    found = {name: read_declaration(path) for name, path in shipped().items()}
    return [(f"{name} (shipped)", name) for name in found if not found[name].not_testable]
