"""Task files that installed packages bring, found by name through an entry point.

A package adds a task with an entry point of the group ``workbench.tasks``: its name is what users
type, and it points to a `pathlib.Path` of a task file, whose ``name`` is the same.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from workbench.errors import WorkbenchError

ENTRY_POINTS = "workbench.tasks"
"""The entry-point group through which a package adds a task."""


@cache
def installed() -> dict[str, Path]:
    """Return the task files of installed packages by name, looked for once in a process."""
    # Lower case, as names of tasks are whatever users type.
    return {point.name.lower(): _file(point) for point in entry_points(group=ENTRY_POINTS)}


def _file(point: EntryPoint) -> Path:
    try:
        return Path(point.load()).resolve()
    except Exception as problem:
        raise WorkbenchError(
            f"the task {point.name!r} at {point.value} does not load ({type(problem).__name__}): "
            "update or uninstall the package it comes from"
        ) from problem
