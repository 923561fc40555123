"""The table of a study: one row per model and technique, every number with its spread."""

import itertools
import re
import textwrap
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from workbench.analysis import seeds, spread
from workbench.analysis.decision import Decision, decide
from workbench.errors import WorkbenchError, unknown

COLUMNS = (
    "technique",
    "model",
    "n",
    "mean",
    "sd",
    "low",
    "high",
    "minimum",
    "maximum",
    "collapsed",
    "not_above_trivial",
    "undefined",
    "difference",
    "difference_sd",
    "difference_low",
    "difference_high",
    "pairs",
    "level",
    "p",
    "verdict",
)

SPLITS = ("dev", "test")

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"

_METRIC_WORDS = {"f1": "F1", "pearson": "Pearson", "spearman": "Spearman", "mse": "MSE"}


def summarise(runs: pd.DataFrame, baseline: str = "baseline", split: str = "test") -> pd.DataFrame:
    """Summarise finished runs of one task.

    Collapsed runs are part of the mean, the spread and the differences, and are counted beside
    them: published tables tend to hide them. Undefined scores cannot be averaged; they are counted.

    Where seeds are crossed, runs share some, and are then no independent draws: the mean has no
    interval, and techniques are compared over runs that share none (`seeds.independent`).

    Parameters
    ----------
    runs
        One row per run with ``model``, ``technique``, ``seed``, ``collapsed``, ``above_trivial``
        and the score in ``dev`` and ``test`` on its raw scale; ``task`` is checked where present.
    baseline
        The technique that the others are compared with, paired by seed within a model.
    split
        ``"dev"`` or ``"test"``.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row per model and technique in the order of the runs, raw scale, NaN where
        undefined. ``n`` counts all runs, ``n - undefined`` are in the mean; ``low`` to ``high`` is
        Student's 95% interval of the mean. ``difference_low`` to ``difference_high`` is the
        interval of the paired difference on which the ``verdict`` rests, NaN where so few pairs
        exclude nothing; it has the two-sided ``level`` at which ``p`` was tested, the techniques
        of a model together (`workbench.analysis.decision.decide`).

    Raises
    ------
    WorkbenchError
        When the split does not exist, or the runs are of several tasks or settings, so that a
        seed occurs twice.
    """
    _check(runs, split)
    decisions = {
        (model, technique): decision
        for model, group in runs.groupby("model", sort=False)
        for technique, decision in decide(_differences(group, baseline, split)).items()
    }
    rows = [
        _scores_of(group, split) | _compared(decisions.get(key))
        for key, group in runs.groupby(["model", "technique"], sort=False)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _check(runs: pd.DataFrame, split: str) -> None:
    if split not in SPLITS or (len(runs) and split not in runs):
        raise unknown("split", split, [name for name in SPLITS if name in runs])
    if "task" in runs and runs["task"].nunique() > 1:
        tasks = ", ".join(runs["task"].unique())
        raise WorkbenchError(f"the runs are of several tasks ({tasks}): summarise one at a time")
    keys = ["model", "technique", *(name for name in seeds.COLUMNS if name in runs)]
    if len(runs) and runs.duplicated(keys).any():
        model, technique, seed = runs.loc[runs.duplicated(keys), keys].iloc[0, :3]
        raise WorkbenchError(
            f"seed {seed} of {technique} with {model} occurs twice: "
            "choose the runs of one study or one setting"
        )


def _scores_of(group: pd.DataFrame, split: str) -> dict[str, Any]:
    scores = spread.defined(group[split])
    low, high = (not seeds.is_crossed(group) and spread.interval(scores)) or (None, None)
    return {
        "technique": group["technique"].iloc[0],
        "model": group["model"].iloc[0],
        "n": len(group),
        "mean": _number(spread.mean(scores)),
        "sd": _number(spread.sd(scores)),
        "low": _number(low),
        "high": _number(high),
        "minimum": float(scores.min()) if len(scores) else np.nan,
        "maximum": float(scores.max()) if len(scores) else np.nan,
        "collapsed": int(group["collapsed"].eq(True).sum()),
        "not_above_trivial": int(group["above_trivial"].eq(False).sum()),
        "undefined": spread.undefined(group[split]),
    }


def _differences(runs: pd.DataFrame, baseline: str, split: str) -> dict[str, list[float]]:
    """Return the paired differences of each technique of one model; empty without the baseline."""
    alone = runs[seeds.independent(runs)].sort_values("seed")
    scores: dict[str, dict[Hashable, spread.Score]] = {
        name: dict(zip(seeds.keys(group), group[split], strict=True))
        for name, group in alone.groupby("technique", sort=False)
    }
    others = scores.pop(baseline, None)
    if others is None:
        return {}
    return {name: spread.differences(mine, others) for name, mine in scores.items()}


def _compared(decision: Decision | None) -> dict[str, Any]:
    if decision is None:
        return {"pairs": 0, "verdict": None}
    known = np.isfinite(decision.high)
    return {
        "difference": decision.difference,
        "difference_sd": decision.sd,
        "difference_low": decision.low if known else np.nan,
        "difference_high": decision.high if known else np.nan,
        "pairs": decision.pairs,
        "level": decision.level,
        "p": decision.p,
        "verdict": decision.verdict.value,
    }


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def metric_name(metric: str) -> str:
    """Write a metric's key as people read it: ``"micro_f1"`` as ``"micro F1"``."""
    words = metric.replace("_", " ").replace("-", " ").split()
    return " ".join(_METRIC_WORDS.get(word, word) for word in words)


def metric_title(metric: str) -> str:
    """Write a metric's key as figures and tables do: ``"micro_f1"`` as ``"micro F1"`` times 100.

    Scores are shown times 100, as the published tables print F1, accuracy and Pearson alike.
    """
    return f"{metric_name(metric)} \N{MULTIPLICATION SIGN}100"


def percent(value: float | None, signed: bool = False) -> str:
    """Write a raw score times 100 with one decimal, ``"undefined"`` where there is none."""
    if value is None or not np.isfinite(value):
        return "undefined"
    return f"{100 * value:{'+' if signed else ''}.1f}"


def with_interval(value: float, low: float, high: float, signed: bool = False) -> str:
    """Write a raw score and its interval times 100, such as ``"71.3 [65.0, 77.6]"``."""
    if not np.isfinite([low, high]).all():
        return percent(value, signed)
    return f"{percent(value, signed)} [{percent(low, signed)}, {percent(high, signed)}]"


def readable(summary: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Format a summary for reading: strings only, scores times 100 with their 95% intervals.

    Columns that would only repeat themselves are left out: differences where nothing is compared,
    pairs where every run has one, and failures (other than collapsed runs) where there is none.

    Parameters
    ----------
    summary
        What `summarise` returned.
    metric
        The metric's key, for the heading.
    """
    rows = [_readable_row(row, metric_title(metric)) for row in summary.to_dict("records")]
    table = pd.DataFrame(rows, columns=list(_readable_row(_EMPTY, metric_title(metric))))
    return table.drop(columns=_idle_columns(summary))


def _idle_columns(summary: pd.DataFrame) -> list[str]:
    """Name the readable columns that tell nothing about this summary."""
    compared = summary[summary["pairs"] > 0]
    idle = {
        _DIFFERENCE: compared.empty,
        "pairs": compared["pairs"].eq(compared["n"]).all(),
        "not above trivial": not summary["not_above_trivial"].any(),
        "undefined": not summary["undefined"].any(),
    }
    return [name for name, is_idle in idle.items() if is_idle]


_DIFFERENCE = "difference to baseline [95%]"
_EMPTY: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan)


def _readable_row(row: dict[str, Any], title: str) -> dict[str, str]:
    difference = with_interval(
        row["difference"], row["difference_low"], row["difference_high"], signed=True
    )
    return {
        "technique": str(row["technique"]),
        "model": str(row["model"]),
        "runs": str(row["n"]),
        f"{title} [95%]": with_interval(row["mean"], row["low"], row["high"]),
        "sd": percent(row["sd"]) if row["n"] != 1 else "",
        "lowest to highest": f"{percent(row['minimum'])} to {percent(row['maximum'])}",
        _DIFFERENCE: difference if row["pairs"] else "",
        "pairs": str(row["pairs"]) if row["pairs"] else "",
        "collapsed": str(row["collapsed"]),
        "not above trivial": str(row["not_above_trivial"]),
        "undefined": str(row["undefined"]),
    }


def markdown(table: pd.DataFrame) -> str:
    """Write a table as Markdown (GitHub's pipe tables), its index left out."""
    lines = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy().tolist()]
    return (
        "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines) + "\n"
    )


def _cell(value: Any) -> str:
    return unbroken(str(value).replace("|", "\\|").replace("\n", " "))


def unbroken(text: str) -> str:
    r"""Keep a line from being broken inside an interval, or between "to" and the last number.

    Examples
    --------
    >>> unbroken("71.3 [65.0, 77.6]")
    '71.3 [65.0,\xa077.6]'
    """
    return re.sub(r"\[[^]]*\]|\bto \S+$", lambda found: found[0].replace(" ", NO_BREAK_SPACE), text)


def aligned(table: pd.DataFrame, width: int = 100) -> str:
    """Write a table for a terminal: aligned columns, its index left out.

    Parameters
    ----------
    table
        Anything that prints.
    width
        Characters of a line. Headings are broken into lines as wide as their column; where that is
        not enough, so are the cells of the columns that gain most from it.
    """
    rows = [list(map(str, table.columns)), *table.astype(str).to_numpy().tolist()]
    rows = [[unbroken(cell) for cell in row] for row in rows]
    widths = _widths(rows, width)
    rule = "  ".join("-" * size for size in widths)
    heading, *body = [_broken(row, widths) for row in rows]
    lines = [*heading, rule, *(line for row in body for line in row)]
    return "".join(f"{line}\n" for line in lines).replace(NO_BREAK_SPACE, " ")


def _widths(rows: list[list[str]], limit: int) -> list[int]:
    """Return the width of each column, narrowed by line breaks until a line fits the limit."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    least = [max(len(word) for cell in column for word in cell.split(" ")) for column in columns]
    widths = [max([low, *map(len, column[1:])]) for low, column in zip(least, columns, strict=True)]
    for i in sorted(range(len(columns)), key=lambda i: least[i] - widths[i]):
        excess = sum(widths) + 2 * (len(widths) - 1) - limit
        widths[i] = max(least[i], widths[i] - max(0, excess))
    return widths


def _broken(row: list[str], widths: list[int]) -> list[str]:
    """Return the lines of a row, its cells broken to the widths of their columns."""
    cells = [
        textwrap.wrap(cell, size, break_on_hyphens=False) if cell else []
        for cell, size in zip(row, widths, strict=True)
    ]
    return [
        "  ".join(part.ljust(size) for part, size in zip(parts, widths, strict=True)).rstrip()
        for parts in itertools.zip_longest(*cells, fillvalue="")
    ]


def csv(table: pd.DataFrame) -> str:
    """Write a table as CSV with Unix line ends, numbers in full, empty where undefined."""
    return table.to_csv(index=False, lineterminator="\n")
