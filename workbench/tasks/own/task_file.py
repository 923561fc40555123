"""Reading a task file: YAML in, a validated `Description` out."""

from pathlib import Path
from typing import Any

from workbench import settings_file
from workbench.settings_file import Reader, SettingsFile, text, texts, truth
from workbench.tasks.own.description import Description
from workbench.tasks.task import SPLITS


def read_description(path: Path) -> Description:
    """Read a task file.

    Parameters
    ----------
    path
        Absolute: see `workbench.tasks.own.path.absolute`.

    Raises
    ------
    WorkbenchError
        When there is no such file, it is no YAML, or it holds an unknown setting (with the nearest
        valid one) or a value that cannot work.
    """
    file = SettingsFile("task file", path, "'name: my-task'", _READERS)
    return file.read(Description, path=path)


def listing() -> list[str]:
    """Return what a task file may hold, for a terminal: each setting with its default."""
    return settings_file.listing(Description)


def _column(value: Any) -> str | int:
    return value if isinstance(value, int) and not isinstance(value, bool) else text(value)


def _columns(value: Any) -> str | tuple[str, ...]:
    return texts(value) if isinstance(value, list) else text(value)


def _sources(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {"train": text(value)}
    if not value.keys() <= set(SPLITS):
        raise ValueError
    return {split: text(value[split]) for split in SPLITS if value.get(split) is not None}


_READERS: dict[Any, Reader] = {
    bool | None: ("yes or no", truth),
    str | int: ("a column's name, or in a CoNLL file its number", _column),
    str | tuple[str, ...]: ("a column's name, or a list of names", _columns),
    dict[str, str]: (f"a path, or a path for each of {', '.join(SPLITS)}", _sources),
}
