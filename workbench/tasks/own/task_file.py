"""Reading a task file: YAML in, a validated `Description` out."""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from textwrap import fill
from typing import Any

import yaml

from workbench.errors import WorkbenchError, unknown
from workbench.tasks.own.description import Description
from workbench.tasks.task import SPLITS

WIDTH, _INDENT = 100, 32
"""Characters of a line of a terminal, and before what a setting means."""

LARGEST = 1 << 20
"""Bytes of a task file; what is larger is something else."""


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
    content = _loaded(path)
    if not isinstance(content, dict):
        raise _wrong(path, "it must hold settings, such as 'name: my-task', one a line")
    return _filled(Description, content, path, path=path)


def listing(kind: Any = Description, inside: str = "") -> list[str]:
    """Return what a task file may hold, for a terminal: each setting with its default."""
    lines = []
    for item in fields(kind):
        if is_dataclass(item.type):
            lines += listing(item.type, f"{inside}{item.name}.")
        elif "help" in item.metadata:
            line = f"  {inside + item.name:<{_INDENT - 3}} {item.metadata['help']}{_default(item)}"
            lines.append(fill(line, WIDTH, subsequent_indent=" " * _INDENT))
    return lines


def _default(item: Field) -> str:
    if _required(item):
        return " (must be there)"
    shown = "yes" if item.default is True else item.default
    return f" (default: {shown})" if shown else ""


def _loaded(path: Path) -> Any:
    try:
        content = path.read_bytes() if path.stat().st_size <= LARGEST else None
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it is no path"
        raise WorkbenchError(
            f"there is no task file {path} that can be read ({reason}): correct its path or rights"
        ) from None
    if content is None:
        raise _wrong(path, "it is larger than 1 MB: a task file names the data, and holds none")
    try:
        return yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        # YAML's own message quotes the line. A date that does not exist is a ValueError.
        mark = getattr(problem, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "it"
        raise _wrong(path, f"{place} is no YAML: mend it") from None


def _wrong(path: Path, problem: str) -> WorkbenchError:
    return WorkbenchError(f"the task file {path}: {problem}")


def _filled(kind: Any, content: dict, file: Path, inside: str = "", **given: Any) -> Any:
    """Fill a dataclass from a mapping, each value by the type of its field."""
    known = {item.name: item for item in fields(kind) if "help" in item.metadata}
    for name in content:
        if name not in known:
            setting = f"setting of {inside[:-1]}" if inside else "setting"
            raise _wrong(file, str(unknown(setting, str(name), known)))
    for name, item in known.items():
        if _required(item) and content.get(name) is None:
            raise _wrong(file, f"{name} is missing: add it ({item.metadata['help']})")
    values = {
        name: _value(known[name], value, file, f"{inside}{name}")
        for name, value in content.items()
        if value is not None
    }
    return kind(**given, **values)


def _required(item: Field) -> bool:
    return item.default is MISSING


def _value(item: Field, value: Any, path: Path, name: str) -> Any:
    if is_dataclass(item.type):
        if not isinstance(value, dict):
            raise _wrong(path, f"{name} must hold settings of its own, each on a line below it")
        return _filled(item.type, value, path, f"{name}.")
    words, read = _READERS[item.type]
    try:
        return read(value)
    except (TypeError, ValueError, OverflowError):
        raise _wrong(path, f"{name} must be {words}") from None


def _text(value: Any) -> str:
    # YAML reads a bare yes, no, on or off as true or false.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(map(_text, value))


def _whole(value: Any) -> int:
    if isinstance(value, bool) or value != int(value):
        raise TypeError
    return int(value)


def _number(value: Any) -> float:
    # YAML reads 2e-5, which has no point, as text.
    number = float(value)
    if isinstance(value, bool) or not abs(number) < float("inf"):
        raise TypeError
    return number


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _column(value: Any) -> str | int:
    return value if isinstance(value, int) and not isinstance(value, bool) else _text(value)


def _columns(value: Any) -> str | tuple[str, ...]:
    return _texts(value) if isinstance(value, list) else _text(value)


def _sources(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {"train": _text(value)}
    if not value.keys() <= set(SPLITS):
        raise ValueError
    return {split: _text(value[split]) for split in SPLITS if value.get(split) is not None}


_READERS: dict[Any, tuple[str, Callable[[Any], Any]]] = {
    str: ("text; put quotes around yes, no, on and off", _text),
    int: ("a whole number", _whole),
    float: ("a number", _number),
    bool: ("yes or no", _truth),
    bool | None: ("yes or no", _truth),
    str | int: ("a column's name, or in a CoNLL file its number", _column),
    str | tuple[str, ...]: ("a column's name, or a list of names", _columns),
    tuple[str, ...]: ("a list; put quotes around yes, no, on and off", _texts),
    dict[str, str]: (f"a path, or a path for each of {', '.join(SPLITS)}", _sources),
}
"""How a value of each type is read, and what it must be, in words."""
