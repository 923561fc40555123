"""What a group of runs shows by itself: its scores and how they spread, and how often it fails."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from workbench.analysis import spread
from workbench.analysis.rates import clopper_pearson
from workbench.analysis.seeds import apart
from workbench.analysis.spread import Interval, Score
from workbench.comparison.members import Members

COLUMNS = (
    "n",
    "undefined",
    "mean",
    "sd",
    "sd_low",
    "sd_high",
    "low",
    "high",
    "iqm",
    "minimum",
    "maximum",
    "collapsed",
    "collapse_low",
    "collapse_high",
    "learned",
    "learned_low",
    "learned_high",
)

_UNKNOWN = Interval(np.nan, np.nan)


def described(runs: Members) -> dict[str, Any]:
    """Describe the runs of one group.

    Parameters
    ----------
    runs
        Of the group.

    Returns
    -------
    dict
        `COLUMNS`, NaN where undefined; intervals of 95%. ``learned`` is the mean of the runs that
        did not collapse, a quantity of its own beside the rate of collapse.
    """
    collapsed = runs.collapsed[np.isfinite(runs.collapsed)]
    return (
        _scores(runs.scores, len(apart(runs.seeds)) == len(runs.seeds))
        | _collapses(int(collapsed.sum()), len(collapsed))
        | _ends("learned", _mean_with_interval(runs.scores[runs.collapsed == 0]))
    )


def _scores(scores: np.ndarray, independent: bool) -> dict[str, Any]:
    """Describe scores; runs that share seeds are no independent draws, and give no interval."""
    values = spread.defined(scores)
    low, high = (independent and spread.interval(values)) or _UNKNOWN
    sd_low, sd_high = (independent and spread.sd_interval(values)) or _UNKNOWN
    return {
        "n": len(scores),
        "undefined": len(scores) - len(values),
        "mean": number(spread.mean(values)),
        "sd": number(spread.sd(values)),
        "sd_low": sd_low,
        "sd_high": sd_high,
        "low": low,
        "high": high,
        "iqm": number(spread.interquartile_mean(values)),
        "minimum": float(min(values, default=np.nan)),
        "maximum": float(max(values, default=np.nan)),
    }


def _collapses(count: int, known: int) -> dict[str, Any]:
    if not known:
        return {"collapsed": np.nan, "collapse_low": np.nan, "collapse_high": np.nan}
    low, high = clopper_pearson(count, known)
    return {"collapsed": count, "collapse_low": low, "collapse_high": high}


def _mean_with_interval(scores: Iterable[Score]) -> tuple[float, float, float]:
    values = spread.defined(scores)
    return number(spread.mean(values)), *(spread.interval(values) or _UNKNOWN)


def _ends(name: str, values: tuple[float, float, float]) -> dict[str, Any]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


def number(value: Score) -> float:
    """Return a number, NaN for None."""
    return np.nan if value is None else value
