"""The reproduction ledger: published numbers, and what runs here come to beside each of them."""

from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from workbench.analysis.intervals import ROUNDING
from workbench.analysis.naming import STAGE
from workbench.analysis.published import TASK_TITLES, Cell, cells
from workbench.analysis.spread import Interval, Unpaired
from workbench.analysis.summary import percent, with_interval
from workbench.comparison.command import sweep_command
from workbench.comparison.gathering import STORE
from workbench.comparison.groups import sort_runs
from workbench.comparison.members import members
from workbench.errors import WorkbenchError
from workbench.models.catalogue import BUNDLED
from workbench.techniques import BASELINE

MARGIN = 0.01
"""The largest difference that is no disagreement: one point, on the raw scale."""

COLUMNS = (
    "group",
    "task",
    "model",
    "settings",
    "n",
    "mean",
    "low",
    "high",
    "paper",
    "table",
    "published_model",
    "published",
    "published_sd",
    "published_n",
    "difference",
    "difference_low",
    "difference_high",
    "reproduction",
    "note",
    "command",
)

OUTSIDE = (
    f"{BUNDLED} was trained for sentence similarity and lies outside the models of the published "
    "claims (H1 to H6)"
)
NO_NUMBER = "no published number of this model is known"
WITHOUT_ERROR = "how the published runs spread is not reported, so the interval is that of ours"
DATA_GONE = "its data are not here any more, so they were not compared with the published files"


class Reproduction(StrEnum):
    """What runs here say of a published number."""

    AGREES = "agrees"
    """The whole interval of the difference lies within `MARGIN`."""
    DIFFERS = "differs"
    """The interval excludes 0, and does not lie within `MARGIN`."""
    UNDECIDED = "undecided"
    NO_NUMBER = "no number"


def ledger(runs: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Set runs beside every published number that they can be compared with.

    That takes a task of BLURB, all of its training data for all of its epochs, and standard
    fine-tuning, since no published number of these models and tasks is of another technique. Runs
    and published numbers are independent samples. That intervals overlap is never called agreement.

    Parameters
    ----------
    runs
        One row a run, as `workbench.comparison.gathering.gather` returns them.
    table
        What `workbench.comparison.table.compare` made of their test scores.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a group and published number, raw scale, NaN where unknown. A group
        without any has one row that says why. ``difference`` is ours minus the published one, its
        interval of 95% (Welch's where the published spread is known, else Student's of our mean);
        ``command`` trains our runs again.

    Notes
    -----
    Agreement is the two one-sided tests of Schuirmann (1987), Journal of Pharmacokinetics and
    Biopharmaceutics 15, 657-680, each at 2.5%.
    """
    groups = sort_runs(runs)
    seeds = {name: group.seeds for name, group in members(runs, groups.of_run, "test").items()}
    rows = []
    for row in table.to_dict("records"):
        settings = groups.settings.loc[row["group"]].to_dict()
        if not _comparable(settings):
            continue
        command = sweep_command(settings, seeds[row["group"]])
        known = {name: row[name] for name in COLUMNS[:8]} | {"command": command}
        rows += [known | entry for entry in _entries(row, str(settings["data"]))]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _comparable(settings: dict[Any, Any]) -> bool:
    return (
        settings["source"] == STORE
        and settings["technique"] == BASELINE
        and settings["task"].partition(":")[0] in TASK_TITLES
        and not settings.get(STAGE)
        and settings["train_size"] == settings["max_steps"] == 0
    )


def _entries(row: dict[Any, Any], data: str) -> Iterator[dict[str, Any]]:
    found = cells(row["task"], row["model"])
    if not found:
        why = OUTSIDE if row["model"] == BUNDLED else NO_NUMBER
        yield {"reproduction": str(Reproduction.NO_NUMBER), "note": f"{why}."}
    for cell in found:
        notes = [*_data_notes(row["task"], data), *([] if _known(cell) else [WITHOUT_ERROR])]
        yield _beside(row, cell) | {"note": "".join(f"{note}. " for note in notes).strip()}


def _known(cell: Cell) -> bool:
    return cell.sd is not None and cell.seeds is not None


@cache
def _data_notes(task: str, data: str) -> tuple[str, ...]:
    """Say what speaks against comparing scores on some data with published ones."""
    # Here, because what loads tasks takes a second.
    from workbench.tasks.loading import load

    try:
        loaded = load(task)
    except WorkbenchError:
        return (DATA_GONE,)
    if loaded.data_hash != data:
        return (DATA_GONE,)
    return tuple(note.removesuffix(".") for note in loaded.notes)


def _beside(row: dict[Any, Any], cell: Cell) -> dict[str, Any]:
    found = _difference(row, cell)
    low, high = found.interval() or Interval(np.nan, np.nan)
    return {
        "paper": cell.paper,
        "table": cell.table,
        "published_model": cell.model,
        "published": cell.mean / 100,
        "published_sd": np.nan if cell.sd is None else cell.sd / 100,
        "published_n": np.nan if cell.seeds is None else cell.seeds,
        "difference": found.mean,
        "difference_low": low,
        "difference_high": high,
        "reproduction": str(_reproduction(low, high)),
    }


def _difference(row: dict[Any, Any], cell: Cell) -> Unpaired:
    """Return our mean less the published one (Welch 1947, Biometrika 34, as `spread.independent`).

    Where the published spread is not known, the number counts as if it had no error.
    """
    difference, n = row["mean"] - cell.mean / 100, row["n"] - row["undefined"]
    if not row["sd"] > ROUNDING:  # Of one run, or of runs that all failed alike, nothing is known.
        return Unpaired(difference, None, None)
    ours = row["sd"] ** 2 / n
    if cell.sd is None or cell.seeds is None:
        return Unpaired(difference, ours**0.5, n - 1)
    theirs = (cell.sd / 100) ** 2 / cell.seeds
    freedom = (ours + theirs) ** 2 / (ours**2 / (n - 1) + theirs**2 / (cell.seeds - 1))
    return Unpaired(difference, (ours + theirs) ** 0.5, freedom)


def _reproduction(low: float, high: float) -> Reproduction:
    if low > -MARGIN and high < MARGIN:
        return Reproduction.AGREES
    if low > 0 or high < 0:
        return Reproduction.DIFFERS
    return Reproduction.UNDECIDED


def readable(found: pd.DataFrame) -> pd.DataFrame:
    """Format a ledger for reading: strings only, scores times 100."""
    return pd.DataFrame([_readable_row(row) for row in found.to_dict("records")])


def _readable_row(row: dict[Any, Any]) -> dict[str, str]:
    listed = not pd.isna(row["published"])
    ends = row["difference_low"], row["difference_high"]
    return {
        "task": row["task"],
        "model": ", ".join(filter(None, [row["model"], row["settings"]])),
        "runs": str(row["n"]),
        "ours [95%]": with_interval(row["mean"], row["low"], row["high"]),
        "published": f"{100 * row['published']:.2f}" if listed else "",
        "sd": percent(row["published_sd"]) if not pd.isna(row["published_sd"]) else "",
        "source": f"{row['paper']}, {row['table']}" if listed else "",
        "difference [95%]": with_interval(row["difference"], *ends, signed=True) if listed else "",
        "reproduction": row["reproduction"],
        "note": row["note"],
    }
