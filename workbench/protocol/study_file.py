"""Reading a study file into a validated `Declaration`, and finding those that are shipped."""

from importlib.resources import as_file, files
from pathlib import Path
from textwrap import fill
from typing import Any

from workbench import settings_file
from workbench.errors import unknown
from workbench.protocol.declaration import AUTO, NOT_TESTABLE, Declaration
from workbench.protocol.sections import Seeds
from workbench.settings_file import Reader, SettingsFile, number, text, texts, whole
from workbench.tasks.own.path import ENDINGS, absolute


def find(typed: str) -> Declaration:
    """Return the study that a user typed.

    Parameters
    ----------
    typed
        The path of a study file, which ends in .yaml or .yml, or the name of a shipped study.

    Raises
    ------
    WorkbenchError
        When there is none, or its file cannot be read or work.
    """
    if is_declared(typed) and typed not in shipped():
        return read_declaration(Path(absolute(typed)))
    if typed not in shipped():
        raise unknown("shipped study", typed, shipped())
    return read_declaration(shipped()[typed])


def is_declared(typed: str) -> bool:
    """Tell whether a text is the path of a study file, or the name of a shipped study."""
    return typed.strip().lower().endswith(ENDINGS) or typed in shipped()


def read_declaration(path: Path) -> Declaration:
    """Read a study file.

    Raises
    ------
    WorkbenchError
        When there is no such file, it is no YAML, or it holds an unknown setting (with the nearest
        valid one) or a value that cannot work.
    """
    file = SettingsFile("study file", path, "'question: Does freezing help?'", _READERS)
    return file.read(Declaration, path=path)


def shipped() -> dict[str, Path]:
    """Return the files of the studies that come with the workbench, by name."""
    with as_file(files("workbench.protocol") / "studies") as folder:
        return {path.stem: path for path in sorted(folder.glob("*.yaml"), key=_stem)}


def listing() -> list[str]:
    """Return what a study file may hold, for a terminal: each setting with its default."""
    return settings_file.listing(Declaration)


def overview() -> str:
    """Return the questions of the shipped studies, for a terminal."""
    return "\n".join(
        fill(f"  {name:<10} {_told(path)}", settings_file.WIDTH, subsequent_indent=" " * 13)
        for name, path in shipped().items()
    )


def _told(path: Path) -> str:
    found = read_declaration(path)
    refused = [f"{NOT_TESTABLE}: {found.not_testable}"] if found.not_testable else []
    return " ".join([found.question, *refused, *found.caveats])


def _stem(path: Path) -> str:
    return path.stem


def _one_or_more(read: Any) -> Any:
    """Return a reader of one value or a list of them."""
    return lambda value: tuple(map(read, value if isinstance(value, list) else [value]))


def _seeds(value: Any) -> Seeds:
    if isinstance(value, list):
        return tuple(map(whole, value))
    return AUTO if value == AUTO else whole(value)


_READERS: dict[Any, Reader] = {
    tuple[int, ...]: ("a whole number or a list of them", _one_or_more(whole)),
    tuple[float, ...]: ("a number or a list of them", _one_or_more(number)),
    tuple[str, ...]: (
        "text or a list; put quotes around yes, no, on and off",
        lambda value: texts(value) if isinstance(value, list) else (text(value),),
    ),
    Seeds: ("a count, a list of seeds, or auto", _seeds),
}
