"""What a study's table does and does not show, in plain sentences."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from workbench.analysis.spread import Interval, student_interval
from workbench.analysis.summary import metric_title, with_interval

CONFIDENCE = 0.95


def conclude(
    summary: pd.DataFrame,
    metric: str,
    *,
    baseline: str = "baseline",
    split: str = "test",
    items: int | None = None,
    caveats: Sequence[str] = (),
) -> str:
    """Say which techniques differ from the baseline, and what the numbers cannot tell.

    A technique is better or worse where the interval of its paired difference, adjusted for the
    number of techniques compared with the baseline of that model, excludes zero; it is undecided
    otherwise, and where fewer than two seeds pair or all differences are equal, since their spread
    is then unknown.

    Parameters
    ----------
    summary
        What `workbench.analysis.summary.summarise` returned.
    metric
        The metric's key.
    baseline, split
        As given to `summarise`.
    items
        How many items every run was scored on.
    caveats
        What else a reader must know, such as ``"the task is synthetic"``.

    Notes
    -----
    Bonferroni's adjustment (Dunn 1961, Multiple comparisons among means, JASA 56): each of m
    intervals has confidence ``1 - 0.05 / m``, so all of them hold together at 95% or more.
    """
    groups = [group for _, group in summary.groupby("model", sort=False)]
    claims = [claim for group in groups if (claim := _claims(group, baseline))]
    if not claims:
        return " ".join([_no_comparison(summary, baseline), *_caveats(caveats)])
    opening = f"On {split} ({metric_title(metric)}), against {baseline}: "
    return " ".join(
        [opening + "; ".join(claims) + ".", _limits(summary, baseline, items), *_caveats(caveats)]
    )


def adjusted_interval(row: dict[str, Any], comparisons: int) -> Interval | None:
    """Return a summary row's interval of the difference for one of several comparisons.

    Parameters
    ----------
    row
        A row of the summary.
    comparisons
        How many techniques are compared with the same baseline.

    Returns
    -------
    Interval or None
        On the raw scale; None below two pairs.
    """
    confidence = 1 - (1 - CONFIDENCE) / comparisons
    return student_interval(row["difference"], row["difference_sd"], row["pairs"], confidence)


def verdict(row: dict[str, Any], comparisons: int) -> str:
    """Return ``"better"``, ``"worse"``, ``"identical"`` or ``"undecided"`` for a summary row."""
    interval = adjusted_interval(row, comparisons)
    if interval is None:
        return "undecided"
    if _is_constant(row):
        return "identical" if abs(row["difference"]) < 1e-12 else "undecided"
    if interval.low > 0:
        return "better"
    return "worse" if interval.high < 0 else "undecided"


def _is_constant(row: dict[str, Any]) -> bool:
    """Tell whether all differences are equal, up to the rounding of a subtraction."""
    return bool(row["difference_sd"] < 1e-12)


def _claims(group: pd.DataFrame, baseline: str) -> str:
    rows = group[group["technique"] != baseline].to_dict("records")
    if not rows or baseline not in set(group["technique"]):
        return ""
    claims = ", ".join(_claim(row, len(rows)) for row in rows)
    return f"with {group['model'].iloc[0]}, {claims}"


def _claim(row: dict[str, Any], comparisons: int) -> str:
    name, pairs = row["technique"], _count(row["pairs"], "pair")
    interval = adjusted_interval(row, comparisons)
    if interval is None:
        return f"{name} is undecided ({pairs} of seeds, at least 2 are needed)"
    answer = verdict(row, comparisons)
    if _is_constant(row):
        return f"{name} is {answer} (the same difference in each of {pairs})"
    size = with_interval(row["difference"], interval.low, interval.high, signed=True)
    return f"{name} is {answer} by {size} over {pairs}".replace("undecided by", "undecided at")


def _limits(summary: pd.DataFrame, baseline: str, items: int | None) -> str:
    compared = summary[summary["technique"] != baseline]
    family = int(compared.groupby("model").size().max())
    adjusted = f", widened for {family} comparisons (Bonferroni)" if family > 1 else ""
    scored = "the same items" if items is None else f"the same {_count(items, 'item')}"
    parts = [
        f"The intervals are 95% over seeds, paired{adjusted}",
        f"all runs are scored on {scored}, so they do not say how other items would turn out",
        *_failures(summary),
    ]
    return "; ".join(parts) + "."


def _failures(summary: pd.DataFrame) -> list[str]:
    collapsed, undefined = int(summary["collapsed"].sum()), int(summary["undefined"].sum())
    words = []
    if collapsed:
        words.append(f"{_count(collapsed, 'run')} collapsed and stay in wherever they have a score")
    if undefined:
        words.append(f"{_count(undefined, 'run')} without a defined score could enter no mean")
    return words


def _no_comparison(summary: pd.DataFrame, baseline: str) -> str:
    if summary.empty:
        return "No run has finished, so nothing can be concluded."
    return f"Nothing can be concluded about techniques: no model has {baseline} and another one."


def _caveats(caveats: Sequence[str]) -> list[str]:
    return [f"Keep in mind: {'; '.join(caveats)}."] if caveats else []


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
