"""The table of a comparison as people read it."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from workbench.analysis.summary import metric_name, percent, with_interval
from workbench.comparison.verdicts import contrast_rows, nothing_learned
from workbench.tasks.catalogue import shown

NOTHING_LEARNED = "nothing learned"

_SCORE = "score \N{MULTIPLICATION SIGN}100 [95%]"
_DIFFERENCE = "difference [interval]"
_ALWAYS = ("task", "model", "technique", "runs", _SCORE, "sd", "collapsed")


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Format a comparison for reading: strings only, scores times 100 with their intervals.

    Columns that would only repeat one value tell it no more than once: settings, sources and
    metrics stand there where they differ, differences where something is compared.

    Parameters
    ----------
    table
        As `workbench.comparison.table.compare` returns it.
    """
    rows = [_row(row) for row in with_learning(table).to_dict("records")]
    found = pd.DataFrame(rows, columns=list(_row(_EMPTY)))
    idle = [
        name
        for name in found
        if name not in _ALWAYS and (found[name].eq("").all() or _tells_nothing(found, name))
    ]
    return found.drop(columns=idle)


def with_learning(table: pd.DataFrame) -> pd.DataFrame:
    """Return a comparison whose verdict is `NOTHING_LEARNED` where every run of both sides failed.

    Equal scores of runs that all collapsed are no finding about the technique.
    """
    failed = {row["group"] for row in contrast_rows(table) if nothing_learned(row)}
    return table.assign(verdict=table["verdict"].mask(table["group"].isin(failed), NOTHING_LEARNED))


def marked(found: pd.DataFrame, table: pd.DataFrame, best: Collection[str]) -> pd.DataFrame:
    """Return a readable table whose decided best techniques carry a word.

    Parameters
    ----------
    found, table
        What `readable` made of which table, row by row.
    best
        Groups that are decided to be better than every other group of their block.
    """
    if not best:
        return found
    names = [
        f"{name} (best)" if group in best else name
        for name, group in zip(found["technique"], table["group"], strict=True)
    ]
    return found.assign(technique=names)


_EMPTY: dict[Any, Any] = dict.fromkeys(
    (
        *("task", "model", "settings", "technique", "source", "metric", "n", "mean", "low", "high"),
        *("sd", "undefined", "collapsed", "baseline", "pairs", "difference", "difference_low"),
        *("difference_high", "level", "verdict"),
    ),
    np.nan,
)


def _tells_nothing(found: pd.DataFrame, name: str) -> bool:
    if name == "metric":
        return found[name].nunique() == 1
    expected = {"source": "store", "undefined": "0"}.get(name)
    return expected is not None and bool(found[name].eq(expected).all())


def _row(row: dict[Any, Any]) -> dict[str, str]:
    compared = isinstance(row["baseline"], str)
    limits = (row["difference_low"], row["difference_high"])
    return {
        "task": shown(str(row["task"])),
        "model": str(row["model"]),
        "settings": _word(row["settings"]),
        "technique": str(row["technique"]),
        "source": _word(row["source"]),
        "metric": metric_name(_word(row["metric"])),
        "runs": _count(row["n"]),
        _SCORE: with_interval(row["mean"], row["low"], row["high"]),
        "sd": percent(row["sd"]) if np.isfinite(row["sd"]) else "",
        "undefined": _count(row["undefined"]),
        "collapsed": _count(row["collapsed"]),
        _DIFFERENCE: with_interval(row["difference"], *limits, signed=True) if compared else "",
        "pairs": _count(row["pairs"]) if compared else "",
        "verdict": _word(row["verdict"]) if compared else "",
    }


def _word(value: Any) -> str:
    return str(value) if isinstance(value, str) else ""


def _count(value: Any) -> str:
    return "" if pd.isna(value) else str(int(value))
