"""What a declared study found: each arm against its baseline, decided by the declared rule."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from workbench.analysis import spread
from workbench.analysis.adaptive import Contrast as Decided
from workbench.analysis.adaptive import Outcome, Rule, outcomes
from workbench.analysis.intervals import Limits
from workbench.analysis.spread import Difference, Interval, Score
from workbench.analysis.summary import percent, with_interval
from workbench.errors import WorkbenchError
from workbench.protocol.deciding import (
    Family,
    families,
    number_of_contrasts,
    of,
    over_subsets,
    paired_arms,
    scores_of,
    standing,
)
from workbench.protocol.declaration import Declaration

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


def contrasts(runs: pd.DataFrame, declaration: Declaration) -> pd.DataFrame:
    """Compare each arm with its baseline.

    Differences are paired by seed where both arms have one model; across checkpoints runs are
    independent samples, and the interval is Welch's. Where several subsets of a size were drawn,
    the runs on one subset are averaged first: they share what is peculiar to it.

    Parameters
    ----------
    runs
        One row a run and arm: ``arm task train_size subset_seed seed test collapsed``, scores on
        their raw scale.
    declaration
        Of the study.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row a contrast, raw scale, NaN where undefined. ``low`` to ``high`` is the
        interval that the outcome was read off; all intervals together miss a true difference no
        more often than the declared error.
    """
    rows = [
        {"task": family.task, "train_size": family.train_size, "baseline": family.baseline} | row
        for family in families(declaration)
        for row in _rows(runs, declaration, family)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(runs: pd.DataFrame, declaration: Declaration, family: Family) -> Iterator[dict[str, Any]]:
    subsets = over_subsets(declaration, family)
    pairing = paired_arms(declaration, family)
    decided = _decided(runs, declaration, family) if pairing else {}
    others = of(runs, family, family.baseline)
    base = scores_of(others, subsets)
    for arm in family.arms:
        mine = of(runs, family, arm)
        scores = scores_of(mine, subsets)
        if arm in decided:
            found = _looked_at(decided[arm]) | {"unit": SUBSETS if subsets else SEEDS}
        elif arm in pairing:
            found = _paired(scores, base, declaration) | {"unit": SUBSETS if subsets else SEEDS}
        else:
            found = _unpaired(scores, base, declaration)
        yield found | _both(scores, base) | _failures(mine, others) | {"arm": arm}


def _decided(runs: pd.DataFrame, declaration: Declaration, family: Family) -> Mapping[str, Decided]:
    try:
        return standing(runs, declaration, family).contrasts
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
    return _difference(found.difference, found.interval, found.outcome)


def _difference(found: Difference, ends: Interval, outcome: Outcome) -> dict[str, Any]:
    return {
        "difference": _number(found.mean),
        "difference_sd": _number(found.sd),
        "low": ends.low,
        "high": ends.high,
        "pairs": found.pairs,
        "outcome": str(outcome),
    }


def _paired(
    scores: Mapping[Hashable, Score], base: Mapping[Hashable, Score], declaration: Declaration
) -> dict[str, Any]:
    """Compare by so few pairs that the rule could decide nothing: Bonferroni's interval."""
    found = spread.paired(scores, base)
    level = declaration.contrast.error / number_of_contrasts(declaration)
    return _difference(found, found.interval(1 - level) or _UNKNOWN, Outcome.UNDECIDED)


def _unpaired(
    scores: Mapping[Hashable, Score], base: Mapping[Hashable, Score], declaration: Declaration
) -> dict[str, Any]:
    """Compare two checkpoints; the widening for several contrasts is Bonferroni's (Dunn 1961)."""
    contrast, number = declaration.contrast, number_of_contrasts(declaration)
    found = spread.independent(scores.values(), base.values())
    ends = found.interval(1 - contrast.error / number) or _UNKNOWN
    limits = Limits(np.array(ends.low), np.array(ends.high))
    # Only its margin is asked.
    margin = Rule(number, contrast.margin / 100, contrast.error)
    outcome = str(outcomes(limits, limits, 0.0, margin))
    return {
        "difference": _number(found.mean),
        "difference_sd": np.nan,
        "low": ends.low,
        "high": ends.high,
        "pairs": 0,
        "unit": UNPAIRED,
        "outcome": str(Outcome.UNDECIDED) if outcome == Outcome.OPEN else outcome,
    }


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
    size = f", {row['train_size']} training examples" if row["train_size"] else ""
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


def _nothing_learned(row: dict[str, Any]) -> bool:
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
        "outcome": row["outcome"],
        "collapsed": f"{row['collapsed']} and {row['baseline_collapsed']}",
        "undefined": str(row["undefined"]),
    }
