"""The panel that looks at all of a task's data: tables and a figure of numbers, and no text."""

import time
from collections.abc import Callable, Sequence
from html import escape
from threading import Thread
from typing import Any

import ipywidgets
from IPython.display import HTML, DisplayHandle, display

from workbench.errors import WorkbenchError
from workbench.execution.progress import clock
from workbench.models.checkpoint import Checkpoint
from workbench.notebook.data import tables as data_tables
from workbench.notebook.data.check import DELAY, tokenizers_for
from workbench.notebook.data.figure import data_figure
from workbench.notebook.figures import static
from workbench.notebook.page import frontend
from workbench.notebook.results.understand import table_html
from workbench.tasks.catalogue import canonical, find
from workbench.tasks.check import Check, check
from workbench.tasks.loading import load
from workbench.tasks.pieces import Advance

INTERVAL = 0.5
"""Seconds between two lines of progress."""


class DataPanel:
    """A button, and what is found once it is pressed.

    Nothing is loaded before, since that may download the task's files.

    Parameters
    ----------
    task_name
        What users type.
    checkpoints
        Whose tokenizers cut the text; without one, only what needs none is shown.

    Attributes
    ----------
    widget
        To be displayed; the figure stands below it, see `show`.
    looking
        The thread that looks at the data, once it was asked for.

    Raises
    ------
    WorkbenchError
        When there is no such task.
    """

    def __init__(self, task_name: str, checkpoints: Sequence[Checkpoint] = ()) -> None:
        self.looking: Thread | None = None
        self.task_name = ""
        self.button = ipywidgets.Button(layout={"width": "auto"}, icon="bar-chart")
        self.said, self.tables = ipywidgets.HTML(), ipywidgets.HTML()
        self.widget = ipywidgets.VBox([self.button, self.said, self.tables])
        self._figure: DisplayHandle | None = None
        self._live = False
        self.button.on_click(lambda _: self.look())
        self.choose(task_name, checkpoints)

    def show(self) -> None:
        """Display the panel, and a place for the figure below it."""
        display(self.widget)
        # A thread cannot tell any more who shows the cell.
        self._live = frontend.draws_plotly()
        self._figure = display(HTML(""), display_id=True)

    def choose(self, task_name: str, checkpoints: Sequence[Checkpoint] = ()) -> None:
        """Turn to a task and to models; what was found about another task goes.

        Raises
        ------
        WorkbenchError
            When there is no such task.
        """
        self.checkpoints = tuple(checkpoints)
        task, option = find(task_name)
        if canonical(task, option) != self.task_name:
            self.task_name = canonical(task, option)
            self.button.description = f"Count the data of {task.title}"
            self.button.disabled = False
            self.tables.value = ""
            self._say("")
            self._draw(HTML(""))

    def look(self) -> None:
        """Look at the data, in a thread."""
        self.button.disabled = True
        self._say("Reading the files.")
        self.looking = Thread(target=self._look, args=(self.task_name,), daemon=True)
        self.looking.start()

    def _look(self, name: str) -> None:
        try:
            found = check(load(name), tokenizers_for(self.checkpoints), self._begin)
        except WorkbenchError as problem:
            if name == self.task_name:
                self._say(escape(str(problem)), "alert")
                self.button.disabled = False
            return
        if name == self.task_name:
            self.tables.value = tables_html(found)
            self._say("")
            self.button.disabled = False
            if found.pieces:
                self._draw(static.display_bundle(data_figure(found), live=self._live))

    def _begin(self, total: int) -> Advance:
        return _Line(total, self._say)

    def _say(self, words: str, role: str = "status") -> None:
        self.said.value = f'<div role="{role}">{words}</div>' if words else ""

    def _draw(self, what: Any) -> None:
        if self._figure is not None:
            self._figure.update(what, raw=isinstance(what, dict))


class _Line:
    """Says how much text is done, and how long the rest takes."""

    def __init__(self, total: int, say: Callable[[str], None]):
        self.total, self.done, self._tell = total, 0, say
        self.started = time.monotonic()
        self._next = self.started + DELAY

    def __call__(self, done: int) -> None:
        self.done += done
        now = time.monotonic()
        if now >= self._next:
            self._next = now + INTERVAL
            gone = now - self.started
            left = gone * (self.total - self.done) / self.done
            self._tell(f"{self.done / self.total:.0%} of the text, about {clock(left)} left")


def tables_html(found: Check) -> str:
    """Write a check as tables in HTML; everything is escaped."""
    parts = [
        f"<details open><summary>{escape(title)}</summary>{table_html(table)}</details>"
        for title, table in data_tables.alone(found).items()
    ]
    return "".join([*parts, *(f"<p>{escape(note)}</p>" for note in found.notes)])
