"""Settings that are declared once and read from whatever a notebook or a command line gives."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from math import isfinite
from typing import Any, Self

from workbench.errors import WorkbenchError, unknown

_NOTEBOOK_NAMES = {"In", "Out", "exit", "quit", "get_ipython", "open"}
"""What a notebook's namespace holds before any cell ran."""


def setting(
    default: Any, text: str, unset: str = "", words: Mapping[str, str] | None = None
) -> Any:
    """Declare a setting once: widgets, papermill, `--help` and README are made from this.

    Parameters
    ----------
    default
        Its value when nobody sets it.
    text
        What it is.
    unset
        What 0, or an empty text, stands for.
    words
        The words it takes, each with its meaning; None where any text or number will do.
    """
    return field(default=default, metadata={"help": text, "unset": unset, "words": words or {}})


@dataclass(frozen=True)
class Declared:
    """Settings made of `setting` fields, which are texts and numbers of 0 or more."""

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Read settings from what a notebook or a command line gives.

        Parameters
        ----------
        values
            By parameter name: text, numbers or lists.

        Raises
        ------
        WorkbenchError
            For an unknown parameter (with the nearest name) or a value that cannot be read.
        """
        known = {item.name: item for item in fields(cls)}
        for name in values:
            if name not in known:
                raise unknown("parameter", name, known)
        return cls(**{name: _read(known[name], value) for name, value in values.items()})

    @classmethod
    def from_namespace(cls, namespace: Mapping[str, Any]) -> Self:
        """Read settings from the variables of a notebook whose first cells only set parameters.

        papermill warns about a parameter that the notebook does not have, and runs on: here it is
        refused, because its variable stands beside the known ones.
        """
        return cls.from_values(
            {
                name: value
                for name, value in namespace.items()
                if not name.startswith("_")
                and name not in _NOTEBOOK_NAMES
                # Anything else was made by a cell that ran before, not by a parameter.
                and isinstance(value, str | int | float | list | tuple | dict | None)
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Return the settings as plain JSON types."""
        return asdict(self)


def names(name: str, text: str) -> list[str]:
    """Return the names in a text with commas between them.

    Parameters
    ----------
    name
        The setting that the text was given for.
    text
        As typed.

    Raises
    ------
    WorkbenchError
        When there is none, or one is given twice.
    """
    found = [part.strip() for part in text.split(",") if part.strip()]
    if not found:
        raise WorkbenchError(f"{name} is empty: name at least one, or leave it out")
    if len(set(found)) < len(found):
        raise WorkbenchError(f"{name} is {text!r}, which names one twice: name each once")
    return found


def folder_name(kind: str, name: str) -> str:
    """Return a name that a folder can have.

    Parameters
    ----------
    kind
        What is called so, such as ``"study"``.
    name
        As typed.

    Raises
    ------
    WorkbenchError
        When it holds anything but letters, digits, ``_``, ``-`` and dots inside.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", name):
        raise WorkbenchError(
            f"the {kind} name {name!r} cannot be a folder's: use letters, digits, - and _"
        )
    return name


def _read(item: Any, value: Any) -> Any:
    if item.type is str:
        return _text(value)
    try:
        number = float(value)
        whole = number == int(number)
    except (TypeError, ValueError, OverflowError):
        number, whole = float("nan"), False
    if not isfinite(number) or isinstance(value, bool) or number < 0:
        raise WorkbenchError(f"{item.name} is {value!r}, but it must be a number of at least 0")
    if item.type is int and not whole:
        raise WorkbenchError(f"{item.name} is {value!r}, but it must be a whole number")
    return item.type(number)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        joined = ",".join(str(part) for part in value)
        # One seed in a list is that seed, not a count.
        return f"{joined}," if len(value) == 1 and isinstance(value[0], int) else joined
    return "" if value is None else str(value)
