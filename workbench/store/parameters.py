"""Parameters as text: for a notebook's first cell, a terminal's help, the README.

All of it is made from the metadata of the settings, those of a sweep where no others are named, so
that no place can lack a parameter or explain it in other words.
"""

from dataclasses import Field, fields
from typing import Any

from workbench.store.declared import Declared
from workbench.store.settings import SweepSettings


def explanation(item: Field) -> str:
    """Return what a parameter is, the words it takes, and what 0 or empty stands for.

    Examples
    --------
    >>> [explanation(item) for item in fields(SweepSettings) if item.name == "epochs"]
    ["passes over the training data; 0 is the task's own"]
    """
    words, unset = item.metadata["words"], item.metadata["unset"]
    text = item.metadata["help"]
    if words:
        text += f": {_listed([_word(word, meaning) for word, meaning in words.items()])}"
    if unset:
        text += f"; {'0' if item.type in (int, float) else 'empty'} is {unset}"
    return text


def cell(settings: type[Declared] = SweepSettings) -> str:
    """Return the cell of a notebook that papermill sets parameters in."""
    return "\n".join(
        f"{item.name} = {_literal(item.default)}  # {explanation(item)}"
        for item in fields(settings)
    )


def listing(settings: type[Declared] = SweepSettings) -> str:
    """Return the parameters for a terminal, one a line."""
    return "\n".join(
        f"  {item.name:<14} {explanation(item)} (default: {item.default!r})"
        for item in fields(settings)
    )


def table(settings: type[Declared] = SweepSettings) -> str:
    """Return the parameters as a table in Markdown."""
    rows = [
        f"| `{item.name}` | {explanation(item)} | `{_literal(item.default)}` |"
        for item in fields(settings)
    ]
    return "\n".join(["| parameter | meaning | default |", "|---|---|---|", *rows])


def _listed(words: list[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _word(word: str, meaning: str) -> str:
    return f"{word} ({meaning})" if meaning else word


def _literal(default: Any) -> str:
    """Write a default as Python; a count that may also be a list of seeds is a number."""
    text = str(default)
    return text if text.isdigit() or not isinstance(default, str) else f'"{text}"'
