"""What a declared study found: each arm against its baseline, on each training set."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.analysis import spread
from workbench.analysis.spread import Difference, Interval, Score, Unpaired
from workbench.analysis.summary import percent, with_interval

COLUMNS = (
    "task",
    "train_size",
    "arm",
    "baseline",
    "mean",
    "sd",
    "baseline_mean",
    "baseline_sd",
    "difference",
    "low",
    "high",
    "pairs",
    "unit",
    "collapsed",
    "baseline_collapsed",
    "undefined",
)

SEEDS, SUBSETS, UNPAIRED = "seeds", "subsets", "unpaired"
"""What the spread of a difference is over."""


def contrasts(
    runs: pd.DataFrame,
    baselines: Mapping[str, str],
    models: Mapping[str, str],
    error: float = 0.05,
) -> pd.DataFrame:
    """Compare each arm with its baseline.

    Differences are paired by seed where both arms have one model; across checkpoints runs are
    independent samples, and the interval is Welch's. Where several subsets of a size were drawn,
    the runs on one subset are averaged first: they share what is peculiar to it.

    Parameters
    ----------
    runs
        One row a run and arm: ``arm task train_size subset_seed seed test collapsed``, scores on
        their raw scale.
    baselines
        The baseline of each arm that has one.
    models
        The model of each arm.
    error
        The chance that any interval of the whole table misses its true difference.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row for each arm with a baseline, task and size of the training set, raw
        scale, NaN where undefined. ``low`` to ``high`` is the interval of the difference, widened
        for the number of rows (Bonferroni's adjustment: Dunn 1961, Multiple comparisons among
        means, JASA 56).
    """
    groups = runs.groupby(["task", "train_size"], sort=False)
    family = len(groups) * len(baselines)
    rows = [
        dict(zip(("task", "train_size"), names, strict=True)) | row
        for names, group in groups
        for row in _rows(group, baselines, models, 1 - error / family)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(
    group: pd.DataFrame, baselines: Mapping[str, str], models: Mapping[str, str], confidence: float
) -> Iterator[dict[str, Any]]:
    subsets = group["subset_seed"].nunique() > 1
    for arm, baseline in baselines.items():
        mine, others = (group[group["arm"] == name] for name in (arm, baseline))
        scores, base = (_scores(part, subsets) for part in (mine, others))
        paired = models[arm] == models[baseline]
        found: Difference | Unpaired
        if paired:
            found = spread.paired(scores, base)
        else:
            found = spread.independent(scores.values(), base.values())
        low, high = found.interval(confidence) or Interval(np.nan, np.nan)
        yield {
            "arm": arm,
            "baseline": baseline,
            "mean": _number(spread.mean(scores.values())),
            "sd": _number(spread.sd(scores.values())),
            "baseline_mean": _number(spread.mean(base.values())),
            "baseline_sd": _number(spread.sd(base.values())),
            "difference": _number(found.mean),
            "low": low,
            "high": high,
            "pairs": found.pairs if isinstance(found, Difference) else 0,
            "unit": (SUBSETS if subsets else SEEDS) if paired else UNPAIRED,
            "collapsed": int(mine["collapsed"].eq(True).sum()),
            "baseline_collapsed": int(others["collapsed"].eq(True).sum()),
            "undefined": sum(spread.undefined(part["test"]) for part in (mine, others)),
        }


def _scores(runs: pd.DataFrame, subsets: bool) -> dict[Hashable, Score]:
    """Return the score of each seed, or the mean of each subset."""
    by = "subset_seed" if subsets else "seed"
    return {key: spread.mean(part["test"]) for key, part in runs.groupby(by)}


def _number(value: Score) -> float:
    return np.nan if value is None else value


def readable(table: pd.DataFrame, error: float = 0.05) -> pd.DataFrame:
    """Format contrasts for reading: strings only, scores times 100.

    Parameters
    ----------
    table
        From `contrasts`.
    error
        As given there, for the heading.
    """
    heading = f"difference [{100 * (1 - error):g}%]"
    rows = [_readable_row(row, heading) for row in table.to_dict("records")]
    found = pd.DataFrame(rows)
    return found if table["undefined"].any() else found.drop(columns="undefined", errors="ignore")


def _readable_row(row: dict[str, Any], heading: str) -> dict[str, str]:
    return {
        "task": row["task"],
        "train size": str(row["train_size"] or "all"),
        "arm": row["arm"],
        "baseline": row["baseline"],
        "arm's mean (sd)": f"{percent(row['mean'])} ({percent(row['sd'])})",
        "baseline's": f"{percent(row['baseline_mean'])} ({percent(row['baseline_sd'])})",
        heading: with_interval(row["difference"], row["low"], row["high"], signed=True),
        "over": row["unit"] if row["unit"] == UNPAIRED else f"{row['pairs']} {row['unit']}",
        "collapsed": f"{row['collapsed']} and {row['baseline_collapsed']}",
        "undefined": str(row["undefined"]),
    }
