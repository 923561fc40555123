"""What the lines of an imported file say of a run: its names, seeds and settings."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import fields
from typing import Any

import pandas as pd

from workbench.comparison.csv_file import Row, as_number
from workbench.comparison.groups import OUTCOMES, SEEDS
from workbench.errors import WorkbenchError
from workbench.spec import RunSpec

NAMES = ("task", "model", "technique")

_TRUTH = {"": None, "1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}

_TEXTS = {item.name for item in fields(RunSpec) if item.type is str} | {"metric"}
"""Settings that are no numbers, whatever they look like."""

_RESERVED = {*OUTCOMES, "source", "techniques", "weights_seed"} - {"collapsed"}


def settings_columns(row: Row, known: Sequence[str]) -> list[str]:
    """Return the columns that are settings.

    Parameters
    ----------
    row
        Any line, for its columns.
    known
        Those that are something else.

    Raises
    ------
    WorkbenchError
        When one has the name of something that is no setting.
    """
    found = [name for name in row.cells if name not in {*known, *NAMES, *SEEDS, "collapsed"}]
    for name in found:
        if name in _RESERVED or name.startswith(("dev_", "test_")):
            raise WorkbenchError(
                f"{row.path}, line 1: the column {name!r} means something else here: rename it, or "
                "leave it out"
            )
    return found


def described(row: Row, settings: Iterable[str]) -> dict[str, Any]:
    """Return what a line says of its run.

    Parameters
    ----------
    row
        A line with the columns ``task model technique seed``, and ``order_seed dropout_seed
        collapsed`` where the script says them. Without seeds of their own, order and dropout have
        the one there is.
    settings
        Further columns; empty cells are missing.

    Raises
    ------
    WorkbenchError
        For a value that cannot be read.
    """
    seed = row.seed("seed")
    others = {name: row.seed(name) if row.optional(name) else seed for name in SEEDS[1:]}
    return {
        **{name: row.text(name) for name in NAMES},
        "seed": seed,
        **others,
        "collapsed": _collapsed(row),
        **{name: row.optional(name) or None for name in settings},
    }


def _collapsed(row: Row) -> bool | None:
    value = row.optional("collapsed").lower()
    if value not in _TRUTH:
        raise row.wrong("write yes or no, or nothing where it is not known", "collapsed")
    return _TRUTH[value]


def identity(run: dict[str, Any]) -> Hashable:
    """Return what tells a run from the others of its file."""
    return tuple(value for name, value in run.items() if name not in ("collapsed", "test", "run"))


def as_table(runs: Sequence[dict[str, Any]], settings: Iterable[str], source: str) -> pd.DataFrame:
    """Return runs as a table such as `workbench.comparison.gathering.gather` returns.

    Parameters
    ----------
    runs
        From `described`, with ``run test metric``.
    settings
        Further columns: numbers where every cell that is not empty is one.
    source
        Where they are from.
    """
    table = pd.DataFrame(list(runs)).assign(source=source)
    for name in settings:
        numbers = [None if text is None else as_number(text) for text in table[name]]
        if name not in _TEXTS and sum(n is not None for n in numbers) == table[name].notna().sum():
            table[name] = pd.Series(numbers, index=table.index, dtype=float)
    return table.astype({"test": float, "collapsed": object})
