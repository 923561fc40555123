"""YAML files of settings: one reader for every kind, each value by the type of its field.

A kind is a frozen dataclass whose fields say in their metadata what they are (``help``). Nothing in
such a file can run code.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from pathlib import Path
from textwrap import fill
from types import GenericAlias
from typing import Any, get_args, get_origin

import yaml

from workbench.errors import WorkbenchError, unknown

WIDTH, _INDENT = 100, 32
"""Characters of a line of a terminal, and before what a setting means."""

LARGEST = 1 << 20
"""Bytes of such a file; what is larger is something else."""

Reader = tuple[str, Callable[[Any], Any]]
"""What a value must be, in words, and what reads it or raises `TypeError` or `ValueError`."""


class _Twice(Exception):
    """A setting or a name that stands in one place twice."""


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which would let the last of several win, without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [self.construct_object(key) for key, _ in node.value]
        twice = next((key for place, key in enumerate(keys) if key in keys[:place]), None)
        if twice is not None:
            raise _Twice(twice)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class SettingsFile:
    """A file of settings that a user wrote.

    Attributes
    ----------
    kind
        What it is called, such as ``"task file"``.
    path
        Where it is.
    example
        A setting that it may hold, such as ``"'name: my-task'"``.
    readers
        How a value of each type is read, beside `READERS`.
    """

    kind: str
    path: Path
    example: str
    readers: Mapping[Any, Reader]

    def read(self, into: Any, **given: Any) -> Any:
        """Fill a dataclass from the file.

        Parameters
        ----------
        into
            The dataclass.
        given
            Values of fields that the file cannot set.

        Raises
        ------
        WorkbenchError
            When there is no such file, it is no YAML, or it holds an unknown setting (with the
            nearest valid one) or a value of another type.
        """
        content = self._loaded()
        if not isinstance(content, dict):
            raise self.wrong(f"it must hold settings, such as {self.example}, one a line")
        return self._filled(into, content, "", **given)

    def wrong(self, problem: str) -> WorkbenchError:
        """Build the sentence for something in the file."""
        return WorkbenchError(f"the {self.kind} {self.path}: {problem}")

    def _loaded(self) -> Any:
        try:
            small = self.path.stat().st_size <= LARGEST
            content = self.path.read_bytes() if small else None
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or "it is no path"
            raise WorkbenchError(
                f"there is no {self.kind} {self.path} that can be read ({reason}): correct its "
                "path or rights"
            ) from None
        if content is None:
            raise self.wrong(f"it is larger than 1 MB: a {self.kind} holds settings, and no data")
        try:
            return yaml.load(content, _Loader)
        except _Twice as problem:
            raise self.wrong(f"{problem} stands there twice: keep one of them") from None
        except (yaml.YAMLError, ValueError, RecursionError) as problem:
            # YAML's own message quotes the line. A date that does not exist is a ValueError.
            mark = getattr(problem, "problem_mark", None)
            place = f"line {mark.line + 1}" if mark else "it"
            raise self.wrong(f"{place} is no YAML: mend it") from None

    def _filled(self, into: Any, content: dict, inside: str, **given: Any) -> Any:
        known = {item.name: item for item in fields(into) if "help" in item.metadata}
        for name in content:
            if name not in known:
                setting = f"setting of {inside[:-1]}" if inside else "setting"
                raise self.wrong(str(unknown(setting, str(name), known)))
        for name, item in known.items():
            if _required(item) and content.get(name) is None:
                raise self.wrong(f"{name} is missing: add it ({item.metadata['help']})")
        values = {
            name: self._value(known[name].type, value, f"{inside}{name}")
            for name, value in content.items()
            if value is not None
        }
        return into(**given, **values)

    def _value(self, kind: Any, value: Any, name: str) -> Any:
        if is_dataclass(kind):
            if not isinstance(value, dict):
                raise self.wrong(f"{name} must hold settings of its own, each on a line below it")
            return self._filled(kind, value, f"{name}.")
        if get_origin(kind) is dict and is_dataclass(get_args(kind)[1]):
            return self._named(kind, value, name)
        words, read = self.readers.get(kind) or READERS[kind]
        try:
            return read(value)
        except (TypeError, ValueError, OverflowError):
            raise self.wrong(f"{name} must be {words}") from None

    def _named(self, kind: GenericAlias, value: Any, name: str) -> dict[str, Any]:
        """Read settings by name; a list of names stands for settings that are all left out."""
        each = get_args(kind)[1]
        if isinstance(value, list):
            value = dict.fromkeys(map(str, value))
        if not isinstance(value, dict):
            raise self.wrong(f"{name} must hold names, each on a line below it")
        return {
            str(key): self._value(each, {} if held is None else held, f"{name}.{key}")
            for key, held in value.items()
        }


def listing(kind: Any, inside: str = "") -> list[str]:
    """Return what a file of settings may hold, for a terminal: each setting with its default."""
    lines = []
    for item in fields(kind):
        if is_dataclass(item.type):
            lines += listing(item.type, f"{inside}{item.name}.")
        elif "help" in item.metadata:
            line = f"  {inside + item.name:<{_INDENT - 3}} {item.metadata['help']}{_default(item)}"
            lines.append(fill(line, WIDTH, subsequent_indent=" " * _INDENT))
            if get_origin(item.type) is dict and is_dataclass(get_args(item.type)[1]):
                lines += listing(get_args(item.type)[1], f"{inside}{item.name}.NAME.")
    return lines


def _default(item: Field) -> str:
    if _required(item):
        return " (must be there)"
    shown = "yes" if item.default is True else item.default
    if isinstance(shown, tuple):
        shown = ", ".join(map(str, shown))
    return f" (default: {shown})" if shown and shown is not MISSING else ""


def _required(item: Field) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def text(value: Any) -> str:
    """Read text, or a number as text."""
    # YAML reads a bare yes, no, on or off as true or false.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return str(value)


def texts(value: Any) -> tuple[str, ...]:
    """Read a list of texts."""
    if not isinstance(value, list):
        raise TypeError
    return tuple(map(text, value))


def whole(value: Any) -> int:
    """Read a whole number."""
    if isinstance(value, bool) or value != int(value):
        raise TypeError
    return int(value)


def number(value: Any) -> float:
    """Read a finite number."""
    # YAML reads 2e-5, which has no point, as text.
    found = float(value)
    if isinstance(value, bool) or not abs(found) < float("inf"):
        raise TypeError
    return found


def truth(value: Any) -> bool:
    """Read yes or no."""
    if not isinstance(value, bool):
        raise TypeError
    return value


READERS: dict[Any, Reader] = {
    str: ("text; put quotes around yes, no, on and off", text),
    int: ("a whole number", whole),
    float: ("a number", number),
    bool: ("yes or no", truth),
    tuple[str, ...]: ("a list; put quotes around yes, no, on and off", texts),
}
"""How a value of each type is read, and what it must be, in words."""
