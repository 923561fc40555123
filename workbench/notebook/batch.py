"""A notebook run by papermill, with the output path supplied.

papermill is imported when it is needed, so that a mistyped parameter is refused at once.
"""

import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from traitlets.config import Config

from workbench.comparison.settings import CompareSettings
from workbench.errors import WorkbenchError
from workbench.execution.loading import uncollected
from workbench.notebook.timing import sentence, training_seconds
from workbench.protocol.study_file import is_declared
from workbench.store.atomic import make_folder
from workbench.store.declared import Declared
from workbench.store.settings import SweepSettings, outputs_folder, project_root
from workbench.tasks.own.path import is_task_file

NOTEBOOK = "notebooks/sweep.ipynb"
COMPARE = "notebooks/compare.ipynb"


def run_sweep(values: Mapping[str, Any], target: Path | None = None) -> int:
    """Run ``notebooks/sweep.ipynb`` and print what it shows, and how long it took.

    Parameters
    ----------
    values
        Parameters as typed.
    target
        Where to write the notebook that ran; by default ``<task>.ipynb`` in the outputs folder, of
        a declared study ``<study>.ipynb``.

    Raises
    ------
    WorkbenchError
        With the sentence that ended the notebook.
    """
    started = time.monotonic()
    settings = SweepSettings.from_values(values)
    target = target or outputs_folder(settings) / f"{_stem(settings)}.ipynb"
    ran = _run(NOTEBOOK, target, _typed(settings, values))
    print(f"Time: {sentence(time.monotonic() - started, training_seconds(ran))}")
    return 0


def run_comparison(values: Mapping[str, Any], target: Path | None = None) -> int:
    """Run ``notebooks/compare.ipynb`` and print what it shows.

    Parameters
    ----------
    values
        Parameters as typed.
    target
        Where to write the notebook that ran; by default ``<report>.ipynb`` in the outputs folder.

    Raises
    ------
    WorkbenchError
        With the sentence that ended the notebook.
    """
    settings = CompareSettings.from_values(values)
    target = target or outputs_folder(settings) / f"{settings.report}.ipynb"
    _run(COMPARE, target, _typed(settings, values))
    return 0


def _run(notebook: str, target: Path, parameters: dict[str, Any]) -> Any:
    """Run a notebook of the project, print what its cells displayed, and return it."""
    source = project_root() / notebook
    if not source.is_file():
        raise WorkbenchError(
            f"there is no {notebook} here: type this in the folder the project was cloned to"
        )
    make_folder(target.parent)
    print(f"Running {notebook}", flush=True)
    ran = _execute(source, target, parameters)
    for text in _shown(ran):
        print(f"\n{text}")
    print(f"Notebook: {target}")
    return ran


def _stem(settings: SweepSettings) -> str:
    if is_declared(settings.study):
        return Path(settings.study).stem
    return file_stem(settings.task)


def file_stem(task: str) -> str:
    """Return what a task's files are called: its name, of a task file the short one."""
    if is_task_file(task):
        # Only then, because it takes a second.
        from workbench.tasks.catalogue import shown

        return shown(task)
    return task.replace(":", "-")


def _typed(settings: Declared, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given parameters with the types of their settings."""
    return {name: getattr(settings, name) for name in values}


def _execute(source: Path, target: Path, parameters: dict[str, Any]) -> Any:
    with uncollected(), _without("rfc3987_syntax"):
        import papermill
        from papermill.exceptions import PapermillExecutionError
    try:
        return papermill.execute_notebook(
            str(source),
            str(target),
            parameters=parameters,
            progress_bar=False,
            cwd=str(Path.cwd()),
            stdout_file=Terminal(sys.stdout),
            # Encrypts the local connection to the kernel where both sides can.
            config=Config({"KernelManager": {"transport_encryption": "auto"}}),
        )
    except PapermillExecutionError as problem:
        raise WorkbenchError(problem.evalue or problem.ename) from None


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Let imports do without an optional module, as where it is not installed.

    JupyterLab brings ``rfc3987_syntax``, which checks international addresses in JSON schemas. No
    notebook asks for that, and building its grammar takes a second.
    """
    sys.modules.setdefault(module, None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        if sys.modules[module] is None:
            del sys.modules[module]


class Terminal:
    """Passes on what cells print, as it comes.

    A text that starts with a carriage return is progress, which writes over the line before: it is
    cut to the terminal's width, since a broken line could not be written over, and becomes a line
    of its own where the output is no terminal but a file.
    """

    def __init__(self, stream: TextIO):
        self.stream = stream

    def write(self, text: str) -> None:
        """Write at once."""
        self.stream.write(self._fitted(text) if text.startswith("\r") else text)
        self.stream.flush()

    def flush(self) -> None:
        """Do nothing more: every write is flushed."""

    def _fitted(self, progress: str) -> str:
        if not self.stream.isatty():
            return progress.strip() + "\n"
        end = "\n" if progress.endswith("\n") else ""
        # After the carriage return comes one character less than the terminal has columns.
        return progress.removesuffix("\n")[: shutil.get_terminal_size().columns] + end


def _shown(notebook: Any) -> list[str]:
    """Return the texts that the cells displayed, as a terminal shows them."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output["data"] for output in outputs if "text/markdown" in output.get("data", {})]
    return ["".join(text["text/plain"]) for text in texts]
