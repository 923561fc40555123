"""What a declared study found: each arm against its baseline, decided by the declared rule."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.analysis import spread
from workbench.analysis.adaptive import Contrast as Decided
from workbench.analysis.adaptive import Outcome, Rule, outcomes
from workbench.analysis.intervals import Limits, widened
from workbench.analysis.items import ItemError
from workbench.analysis.spread import Difference, Interval, Score
from workbench.analysis.summary import percent, with_interval
from workbench.errors import WorkbenchError
from workbench.protocol.deciding import (
    Family,
    families,
    items_of,
    number_of_contrasts,
    of,
    over_subsets,
    paired_arms,
    scores_of,
    standing,
)
from workbench.protocol.declaration import Declaration
from workbench.protocol.items import TaskItems
from workbench.protocol.sections import NEW, THESE

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
    "difference_sd",
    "low",
    "high",
    "pairs",
    "unit",
    "items",
    "item_sd",
    "outcome",
    "runs",
    "collapsed",
    "baseline_runs",
    "baseline_collapsed",
    "undefined",
)

SEEDS, SUBSETS, UNPAIRED = "seeds", "subsets", "unpaired"
"""What the spread of a difference is over."""

_UNKNOWN = Interval(np.nan, np.nan)


def contrasts(
    runs: pd.DataFrame, declaration: Declaration, tested: TaskItems | None = None
) -> pd.DataFrame:
    """Compare each arm with its baseline.

    Differences are paired by seed where both arms have one model; across checkpoints runs are
    independent samples, and the interval is Welch's. Where several subsets of a size were drawn,
    the runs on one subset are averaged first: they share what is peculiar to it.

    Parameters
    ----------
    runs
        One row a run and arm: ``run arm task train_size subset_seed seed test collapsed``, scores
        on their raw scale; ``run`` is asked for where test items are given.
    declaration
        Of the study.
    tested
        What the test items add to the error; None for claims about these items alone.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row a contrast, raw scale, NaN where undefined. ``low`` to ``high`` is the
        interval that the outcome was read off; all intervals together miss a true difference no
        more often than the declared error. ``items`` says whether that difference is the one on
        new test items or on these alone, as wherever ``item_sd`` (what the items add to the error,
        as a standard deviation) is not known.
    """
    rows = [
        {"task": family.task, "train_size": family.train_size, "baseline": family.baseline} | row
        for family in families(declaration)
        for row in _rows(runs, declaration, family, tested)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(
    runs: pd.DataFrame, declaration: Declaration, family: Family, tested: TaskItems | None
) -> Iterator[dict[str, Any]]:
    subsets = over_subsets(declaration, family)
    pairing = paired_arms(declaration, family)
    decided = _decided(runs, declaration, family, tested) if pairing else {}
    others = of(runs, family, family.baseline)
    base = scores_of(others, subsets)
    for arm in family.arms:
        mine = of(runs, family, arm)
        scores = scores_of(mine, subsets)
        if arm in decided:
            found = _looked_at(decided[arm])
        else:
            units, pairs = {**scores, **base}, arm in pairing
            items = items_of(mine, others, units, subsets, tested, pairs)
            found = (_paired if pairs else _unpaired)(scores, base, declaration, items)
        unit = (SUBSETS if subsets else SEEDS) if arm in pairing else UNPAIRED
        rest = _both(scores, base) | _failures(mine, others)
        yield found | rest | {"arm": arm, "unit": unit}


def _decided(
    runs: pd.DataFrame, declaration: Declaration, family: Family, tested: TaskItems | None
) -> Mapping[str, Decided]:
    try:
        return standing(runs, declaration, family, tested).contrasts
    except WorkbenchError:  # So few seeds can decide nothing: see `undecidable`.
        return {}


def _both(scores: Mapping[Hashable, Score], base: Mapping[Hashable, Score]) -> dict[str, float]:
    return {
        "mean": _number(spread.mean(scores.values())),
        "sd": _number(spread.sd(scores.values())),
        "baseline_mean": _number(spread.mean(base.values())),
        "baseline_sd": _number(spread.sd(base.values())),
    }


def _failures(mine: pd.DataFrame, others: pd.DataFrame) -> dict[str, int]:
    return {
        "runs": len(mine),
        "collapsed": int(mine["collapsed"].eq(True).sum()),
        "baseline_runs": len(others),
        "baseline_collapsed": int(others["collapsed"].eq(True).sum()),
        "undefined": sum(spread.undefined(part["test"]) for part in (mine, others)),
    }


def _looked_at(found: Decided) -> dict[str, Any]:
    return _difference(found.difference, found.interval, found.outcome, found.items)


def _difference(
    found: Difference, ends: Interval, outcome: Outcome, items: ItemError | None
) -> dict[str, Any]:
    return {
        "difference": _number(found.mean),
        "difference_sd": _number(found.sd),
        "low": ends.low,
        "high": ends.high,
        "pairs": found.pairs,
        "items": THESE if items is None else NEW,
        "item_sd": np.nan if items is None else items.sd,
        "outcome": str(outcome),
    }


def _paired(
    scores: Mapping[Hashable, Score],
    base: Mapping[Hashable, Score],
    declaration: Declaration,
    items: ItemError | None,
) -> dict[str, Any]:
    """Compare by so few pairs that the rule could decide nothing: Bonferroni's interval."""
    found, level = spread.paired(scores, base), _level(declaration)
    limits = _widened(_limits(found.interval(1 - level)), found.mean, items, level)
    return _difference(found, _interval(limits), Outcome.UNDECIDED, items)


def _unpaired(
    scores: Mapping[Hashable, Score],
    base: Mapping[Hashable, Score],
    declaration: Declaration,
    items: ItemError | None,
) -> dict[str, Any]:
    """Compare two checkpoints; the widening for several contrasts is Bonferroni's (Dunn 1961)."""
    contrast, level = declaration.contrast, _level(declaration)
    found = spread.independent(scores.values(), base.values())
    on_these = _limits(found.interval(1 - level))
    limits = _widened(on_these, found.mean, items, level)
    # Only its margin is asked.
    margin = Rule(number_of_contrasts(declaration), contrast.margin / 100, contrast.error)
    floor = items.half_width(level) if items else 0.0
    outcome = Outcome(str(outcomes(limits, on_these, floor, margin)))
    ended = Outcome.UNDECIDED if outcome == Outcome.OPEN else outcome
    difference = Difference(found.mean, None, 0)
    return _difference(difference, _interval(limits), ended, items)


def _level(declaration: Declaration) -> float:
    """Return each contrast's share of the declared error."""
    return declaration.contrast.error / number_of_contrasts(declaration)


def _limits(ends: Interval | None) -> Limits:
    low, high = ends or _UNKNOWN
    return Limits(np.array(low), np.array(high))


def _widened(limits: Limits, centre: Score, items: ItemError | None, level: float) -> Limits:
    """Add what the items contribute, where it is known."""
    if items is None or centre is None:
        return limits
    return widened(limits, np.array(centre), items.half_width(level))


def _interval(limits: Limits) -> Interval:
    return Interval(float(limits.low), float(limits.high))


def _number(value: Score) -> float:
    return np.nan if value is None else value


_VERDICTS = {
    "higher": {Outcome.BETTER: "supported", Outcome.WORSE: "contradicted"},
    "lower": {Outcome.WORSE: "supported", Outcome.BETTER: "contradicted"},
}


def verdicts(table: pd.DataFrame, direction: str) -> list[str]:
    """Say what each contrast means for the question, a sentence each.

    Parameters
    ----------
    table
        From `contrasts`.
    direction
        What the question expects of an arm's score.
    """
    return [_verdict(row, direction) for row in table.to_dict("records")]


def _verdict(row: dict[str, Any], direction: str) -> str:
    size = f", train_size {row['train_size']}" if row["train_size"] else ""
    where = f"On {row['task']}{size}, {row['arm']} against {row['baseline']}: {row['outcome']}"
    if _nothing_learned(row):
        return f"{where}, but every run of either arm collapsed, so it says nothing."
    expected = _VERDICTS.get(direction)
    if expected is None:
        return f"{where}."
    if row["outcome"] == Outcome.EQUIVALENT:
        return f"{where}, so the expected difference is contradicted."
    word = expected.get(Outcome(row["outcome"]))
    return f"{where}, so the question's expectation is {word}." if word else f"{where}."


def in_words(contrast: Mapping[str, Any]) -> str:
    """Return a contrast's outcome as tables and figures show it.

    Parameters
    ----------
    contrast
        A row of `contrasts`. Where every run of either arm collapsed, the rule's word for it, most
        often equivalent, would be read as a finding.
    """
    return "nothing learned" if _nothing_learned(contrast) else contrast["outcome"]


def _nothing_learned(row: Mapping[str, Any]) -> bool:
    return row["collapsed"] == row["runs"] and row["baseline_collapsed"] == row["baseline_runs"]


def readable(table: pd.DataFrame, error: float = 0.05) -> pd.DataFrame:
    """Format contrasts for reading: strings only, scores times 100.

    Parameters
    ----------
    table
        From `contrasts`.
    error
        The declared one, for the heading.
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
        "outcome": in_words(row),
        "collapsed": f"{row['collapsed']} and {row['baseline_collapsed']}",
        "undefined": str(row["undefined"]),
    }
