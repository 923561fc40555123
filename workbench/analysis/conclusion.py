"""What a study's table does and does not show, in plain sentences."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from workbench.analysis.decision import ERROR, Verdict, fewest_pairs
from workbench.analysis.intervals import ROUNDING, sign_flips
from workbench.analysis.summary import metric_title, percent, with_interval
from workbench.wording import counted


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

    Verdicts and intervals are those of the summary (`workbench.analysis.decision.decide`). Where
    there are too few pairs for any verdict, the sentence says how many would do.

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
    """
    compared = summary[summary["verdict"].notna()]
    if compared.empty:
        return " ".join([_no_comparison(summary, baseline), *_caveats(caveats)])
    claims = [_claims(group) for _, group in compared.groupby("model", sort=False)]
    opening = f"On {split} ({metric_title(metric)}), against {baseline}: "
    limits = "; ".join(_limits(summary, compared, items))
    limits = limits[0].upper() + limits[1:]
    return " ".join([f"{opening}{'; '.join(claims)}.", f"{limits}.", *_caveats(caveats)])


def _claims(group: pd.DataFrame) -> str:
    claims = ", ".join(map(_claim, group.to_dict("records")))
    return f"with {group['model'].iloc[0]}, {claims}"


def _claim(row: dict[str, Any]) -> str:
    name, pairs, verdict = row["technique"], counted(row["pairs"], "pair"), row["verdict"]
    if verdict == Verdict.TOO_FEW:
        at = f" at {percent(row['difference'], signed=True)}" if row["pairs"] else ""
        return f"{name}{at} cannot be decided with {pairs} of seeds ({_would_do(row['level'])})"
    if row["difference_sd"] < ROUNDING:
        return f"{name} is {verdict} (the same difference in each of {pairs})"
    size = with_interval(
        row["difference"], row["difference_low"], row["difference_high"], signed=True
    )
    return (
        f"{name} is {verdict} {'at' if verdict == Verdict.UNDECIDED else 'by'} {size} over {pairs}"
    )


def _would_do(level: float) -> str:
    needed = fewest_pairs(level)
    return (
        f"it takes {needed} or more" if needed else "nor with any number among so many techniques"
    )


def _limits(summary: pd.DataFrame, compared: pd.DataFrame, items: int | None) -> list[str]:
    scored = "the same items" if items is None else f"the same {counted(items, 'item')}"
    return [
        *_intervals(compared),
        *_chance(compared),
        f"all runs are scored on {scored}, so they do not say how other items would turn out",
        *_failures(summary),
    ]


def _chance(compared: pd.DataFrame) -> list[str]:
    """Say why so few pairs decide nothing, for the row that comes nearest to a decision."""
    short = compared[compared["verdict"].eq(Verdict.TOO_FEW) & compared["pairs"].gt(1)]
    if short.empty:
        return []
    pairs = int(short["pairs"].max())
    level = short.loc[short["pairs"].eq(pairs), "level"].max()
    return [
        f"{pairs} differences agree in sign by chance alone in {2 / sign_flips(pairs):.2%} of "
        f"cases, and a verdict here may be wrong in at most {level:.2%}"
    ]


def _intervals(compared: pd.DataFrame) -> list[str]:
    """Say what the intervals are, where there is one."""
    if compared["difference_low"].isna().all():
        return []
    family = int(compared.groupby("model").size().max())
    shared = f", widened for {family} comparisons (Holm)" if family > 1 else ""
    return [f"the intervals are {1 - ERROR:.0%} over seeds, paired{shared}"]


def _failures(summary: pd.DataFrame) -> list[str]:
    collapsed, undefined = int(summary["collapsed"].sum()), int(summary["undefined"].sum())
    words = []
    if collapsed:
        words.append(
            f"{counted(collapsed, 'run')} collapsed and stay in wherever they have a score"
        )
    if undefined:
        words.append(f"{counted(undefined, 'run')} without a defined score could enter no mean")
    return words


def _no_comparison(summary: pd.DataFrame, baseline: str) -> str:
    if summary.empty:
        return "No run has finished, so nothing can be concluded."
    return f"Nothing can be concluded about techniques: no model has {baseline} and another one."


def _caveats(caveats: Sequence[str]) -> list[str]:
    return [f"Keep in mind: {'; '.join(caveats)}."] if caveats else []
