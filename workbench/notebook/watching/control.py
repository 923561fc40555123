"""Run, Stop, Resume and Attach: the panel.

What trains goes on in processes of its own; the panel shows what the supervisor sees of it.
"""

import html
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import ipywidgets

from workbench.errors import WorkbenchError
from workbench.notebook.watching.status import (
    FAILED,
    FINISHED,
    RUNNING,
    STARTING,
    STOPPED,
    STOPPING,
    Status,
)
from workbench.notebook.watching.studies import Stored, Studies
from workbench.notebook.watching.supervisor import Supervisor
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings
from workbench.store.study import Study

LIST_SECONDS = 3.0
"""Between two looks at all studies, at least."""
_LIST_SHARE = 0.01
"""Of a core that these looks may take: where they last long there are fewer of them."""

_BAR_STYLES = {
    STARTING: "info",
    RUNNING: "info",
    STOPPING: "warning",
    STOPPED: "warning",
    FINISHED: "success",
    FAILED: "danger",
}
_LONG = {"width": "42em", "max_width": "100%"}
_WRAPPED = {"flex_flow": "row wrap"}


class Control:
    """The panel: buttons, the list of studies, progress, what waits, and what went wrong.

    Parameters
    ----------
    choose
        Gives the settings of the next study.
    outputs
        Gives the outputs folder of all studies.

    Attributes
    ----------
    widget
        To be displayed.
    supervisor
        What does the work.
    """

    def __init__(self, choose: Callable[[], SweepSettings], outputs: Callable[[], Path]):
        self.supervisor = Supervisor(choose, outputs)
        self._make()
        self.widget = ipywidgets.VBox(
            [
                ipywidgets.HBox([self.run, self.stop, self.resume], layout=_WRAPPED),
                ipywidgets.HBox([self.studies, self.attach], layout=_WRAPPED),
                self.bar,
                self.line,
                self.sentence,
                self.problem,
                self.queue.widget,
            ]
        )
        self._seen: tuple[str, str] = ("", "")
        self._wanted = ""
        self._offering = threading.Lock()
        self._focus_next: ipywidgets.Button | None = None
        self._stored: Studies | None = None
        self._closed, self._list_soon = threading.Event(), threading.Event()
        self.supervisor.observe(self._show)
        self._show(self.supervisor.status)
        self._lister = threading.Thread(target=self._keep_listing, name="lister", daemon=True)
        self._lister.start()

    def _make(self) -> None:
        self.run = _button("Run", "Train what is chosen; waits while a study trains", "play")
        self.stop = _button("Stop", "Save a checkpoint and stop; nothing that waits begins", "stop")
        self.resume = _button("Resume", "Go on with the study shown here", "step-forward")
        self.attach = _button("Attach", "Show the study that the list names", "link")
        self.studies = ipywidgets.Dropdown(
            description="Studies", tooltip="All studies, newest first", layout=_LONG
        )
        self.bar = ipywidgets.FloatProgress(
            max=1.0, description="Progress", tooltip="Steps done", layout=_LONG
        )
        self.line, self.sentence, self.problem = (ipywidgets.HTML() for _ in range(3))
        self.queue = Waiting(self._drop)
        self.run.on_click(lambda _: self.supervisor.run())
        self.stop.on_click(lambda _: self._stop())
        self.resume.on_click(lambda _: self._resume())
        self.attach.on_click(lambda _: self._attach())

    @property
    def study(self) -> Study | None:
        """The study that is shown."""
        view = self.supervisor.view
        return view.study if view else None

    @property
    def store(self) -> RunStore:
        """Where the study that is shown is; without one, where the next will be."""
        view = self.supervisor.view
        return view.store if view else self.supervisor.store

    def observe(self, callback: Callable[[Status], None]) -> None:
        """Have a function called with the `Status` whenever it has changed, in a thread."""
        self.supervisor.observe(callback)

    def close(self) -> None:
        """End the threads; workers go on. Closing twice does nothing."""
        self._closed.set()
        self._list_soon.set()
        self.supervisor.close()
        self._lister.join()

    # A button that is disabled loses the keyboard's focus: it goes to the one that undoes it.

    def _stop(self) -> None:
        if self.supervisor.status.active:
            self._focus_next = self.resume
        self.supervisor.stop()

    def _resume(self) -> None:
        self._focus_next = self.stop
        self.supervisor.resume()

    def _drop(self, name: str) -> None:
        self.run.focus()
        self.supervisor.drop(name)

    def _attach(self) -> None:
        if self.studies.value:
            self.supervisor.attach(self.studies.value)

    def _show(self, status: Status) -> None:
        self.stop.disabled = not _can_be_stopped(status)
        self.resume.disabled = status.state not in (STOPPED, FAILED) or _waits(status)
        self.bar.value, self.bar.bar_style = status.share, _BAR_STYLES.get(status.state, "")
        self.line.value = _paragraph(status.line())
        self.sentence.value = _paragraph(status.sentence(), "status")
        self.problem.value = _paragraph(status.problem, "alert") if status.problem else ""
        self.queue.show(status.waiting)
        self._move_focus(status)
        self._note(status.study, status.state)

    def _move_focus(self, status: Status) -> None:
        if self._focus_next and not self._focus_next.disabled:
            self._focus_next.focus()
            self._focus_next = None
        elif not status.active:
            self._focus_next = None

    def _note(self, study: str, state: str) -> None:
        """Have the list read again where its words are no longer right."""
        before, self._seen = self._seen, (study, state)
        if study != before[0]:
            self._wanted = study
            self._select()
        if self._seen != before:
            self._list_soon.set()

    # The list of studies is read in a thread of its own: it may be long, its disk slow.

    def _keep_listing(self) -> None:
        while not self._closed.is_set():
            self._list_soon.clear()
            started = time.perf_counter()
            self._list()
            seconds = time.perf_counter() - started
            self._list_soon.wait(max(LIST_SECONDS, seconds / _LIST_SHARE))

    def _list(self) -> None:
        """Read the list of studies."""
        try:
            store = self.supervisor.store
            if self._stored is None or self._stored.store.root != store.root:
                self._stored = Studies(store)
            self._offer(self._stored.listed())
        except WorkbenchError:
            pass  # A folder that cannot be read is told of when something is to be done there.

    def _offer(self, found: Iterable[Stored]) -> None:
        options = tuple((each.label, each.name) for each in found)
        if options == self.studies.options:
            return
        with self._offering, self.studies.hold_sync():
            chosen = self.studies.value
            self.studies.options = options
            if chosen in [name for _, name in options]:
                self.studies.value = chosen
        self._select()

    def _select(self) -> None:
        """Have the list name the study that has just come to be shown, once it holds it."""
        with self._offering:
            if self._wanted in [name for _, name in self.studies.options]:
                self.studies.value, self._wanted = self._wanted, ""


class Waiting:
    """The studies that wait, each with a button that takes it off the list.

    Parameters
    ----------
    drop
        Given the name of a study that is to wait no longer.

    Attributes
    ----------
    widget
        To be displayed; empty while nothing waits.
    """

    def __init__(self, drop: Callable[[str], None]):
        self.drop = drop
        self.widget = ipywidgets.VBox()
        self._names: tuple[str, ...] = ()

    def show(self, names: tuple[str, ...]) -> None:
        """Show the studies that wait, the next one first."""
        if names != self._names:
            self._names = names
            rows = [self._row(place, name) for place, name in enumerate(names, 1)]
            before, self.widget.children = self.widget.children, rows
            for row in before:
                _close(row)

    def _row(self, place: int, name: str) -> ipywidgets.HBox:
        text = ipywidgets.HTML(_paragraph(f"Waiting, number {place}: {name}"))
        remove = _button("Remove", f"Do not train {name} after all", "times")
        remove.on_click(lambda _: self.drop(name))
        return ipywidgets.HBox([text, remove], layout=_WRAPPED)


def _close(row: ipywidgets.HBox) -> None:
    for each in (*row.children, row):
        each.close()


def _can_be_stopped(status: Status) -> bool:
    return status.state in (STARTING, RUNNING) or bool(status.waiting) or status.planning


def _waits(status: Status) -> bool:
    return status.study in status.waiting


def _button(name: str, text: str, icon: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=name, tooltip=text, icon=icon)


def _paragraph(text: str, role: str = "note") -> str:
    """Write a line as HTML; a screen reader tells a status or an alert when it changes."""
    colour = "--jp-error-color0" if role == "alert" else "--jp-ui-font-color1"
    return f'<div role="{role}" style="color: var({colour})">{html.escape(text)}</div>'
