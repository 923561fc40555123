"""What a finished study says, and how it leaves the notebook: files, and the line that repeats it.

Nothing here trains. Reading a study and drawing its pictures takes seconds and happens in a thread.
"""

from __future__ import annotations

import base64
import html
import shlex
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import ipywidgets
import pandas as pd

from workbench.analysis import summary
from workbench.errors import WorkbenchError
from workbench.notebook.batch import NOTEBOOK, file_stem
from workbench.notebook.figures import static
from workbench.notebook.results.latex import latex
from workbench.notebook.results.report import Report
from workbench.notebook.results.saving import ModelSaver
from workbench.store.atomic import write_bytes, write_text
from workbench.store.folder import RunStore
from workbench.store.seal import check_open
from workbench.store.settings import SweepSettings
from workbench.store.study import Study


def command_of(settings: SweepSettings) -> str:
    """Return the papermill command that runs a sweep, quoted for a POSIX shell.

    It holds the parameters that differ from their defaults, and is typed in the project's folder.

    Examples
    --------
    >>> command_of(SweepSettings(task="hoc", seeds="1,2"))
    'papermill notebooks/sweep.ipynb outputs/hoc.ipynb -p task hoc -p seeds 1,2'
    """
    target = Path(settings.outputs or "outputs").expanduser() / f"{_stem(settings)}.ipynb"
    words = ["papermill", NOTEBOOK, str(target)]
    for item in fields(SweepSettings):
        value = getattr(settings, item.name)
        if value != item.default:
            words += [_option(value), item.name, str(value)]
    return shlex.join(words)


def _stem(settings: SweepSettings) -> str:
    return settings.study or file_stem(settings.task)


def _option(value: str | int | float) -> str:
    """Return papermill's option for a value: ``-r`` keeps text as it is that ``-p`` would not."""
    kept = not isinstance(value, str) or value == str(_number(value))
    return "-r" if value in ("True", "False", "None") or not kept else "-p"


def _number(text: str) -> str | int | float:
    """Return the number that papermill's ``-p`` makes of a text, or the text."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def differences(found: pd.DataFrame) -> pd.DataFrame:
    """Return each technique's paired difference to the baseline, as people read it.

    Parameters
    ----------
    found
        What `workbench.analysis.summary.summarise` returned.

    Returns
    -------
    DataFrame
        ``technique model difference pairs verdict``, strings, scores times 100. The interval is
        the one on which the verdict rests, left out where so few pairs exclude nothing.
    """
    compared = found[found["verdict"].notna()].to_dict("records")
    columns = ["technique", "model", "difference", "pairs", "verdict"]
    return pd.DataFrame(map(_difference, compared), columns=columns)


def _difference(row: dict[str, Any]) -> dict[str, str]:
    limits = row["difference_low"], row["difference_high"]
    return {
        "technique": row["technique"],
        "model": row["model"],
        "difference": summary.with_interval(row["difference"], *limits, signed=True),
        "pairs": str(row["pairs"]),
        "verdict": row["verdict"],
    }


class Findings:
    """What a finished study says, without widgets.

    Parameters
    ----------
    store, study
        What to read.

    Raises
    ------
    WorkbenchError
        While the test scores are sealed: see `check_open`.
    """

    def __init__(self, store: RunStore, study: Study):
        check_open(store, study)
        self.report = Report(store, study)

    @property
    def differences(self) -> pd.DataFrame:
        """See `differences`."""
        return differences(self.report.summary)

    @property
    def command(self) -> str:
        """The papermill command that repeats it; what is finished is not trained again."""
        return command_of(self.report.study.settings)

    def html(self) -> str:
        """Return table, paired differences and conclusion; everything is escaped."""
        parts = [f"<h3>{html.escape(self.report.title)}</h3>", table_html(self.report.table)]
        if len(self.differences):
            heading = "Paired difference to " + html.escape(self.report.baseline)
            parts += [f"<h4>{heading}</h4>", table_html(self.differences)]
        return "".join([*parts, f"<p>{html.escape(self.report.conclusion)}</p>"])

    def saved_html(self) -> str:
        """Return what a saved notebook shows where no widget lives: all of it, and the figures.

        It is left out of sight on a page that shows the live figure (``live.css``).
        """
        images = (
            f'<p><img alt="{html.escape(static.alt_text(figure))}" '
            f'src="data:image/png;base64,{_coded(static.small(self.report.images[name]))}"/></p>'
            for name, figure in self.report.figures.items()
        )
        return f'<div class="workbench-saved">{self.html()}{"".join(images)}</div>'

    def save_csv(self) -> list[Path]:
        """Write a row for each run, and the summary; return the files."""
        return [
            self._write("runs.csv", summary.csv(self.report.runs)),
            self._write("summary.csv", summary.csv(self.report.summary)),
        ]

    def save_latex(self) -> list[Path]:
        """Write the table for a paper; return the file."""
        return [self._write("table.tex", latex(self.report.table))]

    def save_png(self) -> list[Path]:
        """Draw and write the figures; return the files."""
        paths = {self.report.folder / f"{name}.png": image for name, image in self._images()}
        for path, image in paths.items():
            write_bytes(path, image)
        return list(paths)

    def save_command(self) -> list[Path]:
        """Write the command that repeats the study; return the file."""
        return [self._write("reproduce.sh", f"{self.command}\n")]

    def _images(self) -> list[tuple[str, bytes]]:
        return list(self.report.images.items())

    def _write(self, name: str, text: str) -> Path:
        path = self.report.folder / name
        write_text(path, text)
        return path


def _coded(image: bytes) -> str:
    return base64.b64encode(image).decode("ascii")


def table_html(table: pd.DataFrame) -> str:
    """Write a table as HTML, its index left out and every cell escaped."""
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in table.columns)
    rows = [
        "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row)
        for row in table.to_numpy().tolist()
    ]
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    written = f"<table class='workbench'><thead><tr>{head}</tr></thead>{body}</table>"
    # A wide table is scrolled: it would widen what stands below it, which the page then cuts off.
    return f"{_STYLE}<div style='overflow-x: auto; contain: inline-size'>{written}</div>"


_STYLE = (
    "<style>table.workbench {color: var(--jp-ui-font-color1); border-collapse: collapse} "
    "table.workbench :is(td, th) {padding: 0.2em 0.8em; text-align: left; "
    "border-bottom: 1px solid var(--jp-border-color2)}</style>"
)


class Understand:
    """The panel of a finished study: table, differences, conclusion, and a button for each file.

    Parameters
    ----------
    store, study
        What to show; while runs are missing, that is what it says.
    filled
        Called with the `Findings` when they are shown, in a thread.

    Attributes
    ----------
    widget
        To be displayed; it fills by itself.
    """

    def __init__(
        self,
        store: RunStore,
        study: Study,
        filled: Callable[[Findings], None] = lambda findings: None,
    ):
        self._filled = filled
        self.text, self.said = ipywidgets.HTML(), ipywidgets.HTML()
        self.buttons = {
            name: ipywidgets.Button(description=name, tooltip=tooltip, icon="download")
            for name, tooltip in _TOOLTIPS.items()
        }
        self._row = ipywidgets.HBox(list(self.buttons.values()), layout={"flex_flow": "row wrap"})
        self.models = ModelSaver(store, study, self._say)
        self.widget = ipywidgets.VBox([self.text, self._row, self.models.widget, self.said])
        for button in self.buttons.values():
            button.disabled = True
        self._in_thread(lambda: self._fill(Findings(store, study)))

    def close(self) -> None:
        """Take its widgets away: what is still displayed would be kept for good otherwise."""
        own = (*self.buttons.values(), self.text, self.said, self._row, self.widget)
        for each in (*own, *self.models.widgets):
            for part in (each.layout, getattr(each, "style", each), each):
                part.close()

    def wait(self) -> None:
        """Wait until what was asked for last is done."""
        self._thread.join()

    def _fill(self, findings: Findings) -> None:
        self.text.value = findings.html()
        saving = (findings.save_csv, findings.save_latex, findings.save_png, findings.save_command)
        for button, save in zip(self.buttons.values(), saving, strict=True):
            button.on_click(lambda _, save=save: self._in_thread(lambda: self._save(save)))
            button.disabled = False
        self.models.enable()
        self._command = findings.command
        self._filled(findings)

    def _save(self, save: Callable[[], list[Path]]) -> None:
        paths = "".join(f"<li><code>{html.escape(str(path))}</code></li>" for path in save())
        command = f"<pre>{html.escape(self._command)}</pre>" if "reproduce.sh" in paths else ""
        self._say(f"Written:<ul>{paths}</ul>{command}", "status")

    def _in_thread(self, work: Callable[[], None]) -> None:
        def attempt() -> None:
            try:
                work()
            except WorkbenchError as problem:
                self._say(html.escape(str(problem)), "alert")

        self._thread = threading.Thread(target=attempt, daemon=True)
        self._thread.start()

    def _say(self, words: str, role: str) -> None:
        colour = "--jp-error-color0" if role == "alert" else "--jp-ui-font-color1"
        self.said.value = f'<div role="{role}" style="color: var({colour})">{words}</div>'


_TOOLTIPS = {
    "CSV": "Write every run and the summary as comma-separated values",
    "LaTeX": "Write the table for a paper, with booktabs",
    "PNG": "Draw the figures as pictures",
    "Command": "Show and write the papermill command that reproduces this study",
}
