"""What a group of runs shows against its baseline, over the runs that have the same seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.analysis.decision import Decision, Verdict, holm_levels
from workbench.analysis.intervals import ROUNDING, Limits, widened
from workbench.analysis.items import ItemError
from workbench.analysis.pairing import correlation, improvement
from workbench.analysis.power import smallest_detectable
from workbench.analysis.rates import RateDifference, rate_difference
from workbench.analysis.steadiness import Steadiness, steadier_together
from workbench.analysis.stochastic_order import stochastic_order
from workbench.comparison.describing import number
from workbench.comparison.members import Pairs

if TYPE_CHECKING:
    from workbench.protocol.items import TaskItems

COLUMNS = (
    "pairs",
    "difference",
    "difference_sd",
    "difference_low",
    "difference_high",
    "level",
    "p",
    "verdict",
    "items_low",
    "items_high",
    "item_sd",
    "items_verdict",
    "improvement",
    "improvement_low",
    "improvement_high",
    "correlation",
    "stochastic_order",
    "stochastic_order_error",
    "sd_ratio",
    "sd_ratio_low",
    "sd_ratio_high",
    "sd_ratio_p",
    "steadier",
    "collapse_difference",
    "collapse_difference_low",
    "collapse_difference_high",
    "collapse_p",
    "collapses",
    "detectable",
    "comparisons",
)


def contrasted(pairs: Pairs, decision: Decision, comparisons: int, error: float) -> dict[str, Any]:
    """Describe an arm beside its baseline.

    Parameters
    ----------
    pairs
        Their runs.
    decision
        On the difference.
    comparisons
        How many differences were decided together.
    error
        Probability of any wrong verdict among those.

    Returns
    -------
    dict
        `COLUMNS` without those of `steadied` and of new test items, missing where undefined.
        ``detectable`` is the difference that a t-test of so many pairs finds with power 0.8 where
        all differences share the error alike; with fewer than ten pairs the rule, which asks the
        sign-flip test too, finds it less often.
    """
    return (
        _difference(decision)
        | _orders(pairs)
        | {"detectable": _detectable(decision, error / comparisons), "comparisons": comparisons}
    )


def _difference(decision: Decision) -> dict[str, Any]:
    low, high = _finite(decision.low, decision.high)
    return {
        "pairs": decision.pairs,
        "difference": decision.difference,
        "difference_sd": decision.sd,
        "difference_low": low,
        "difference_high": high,
        "level": decision.level,
        "p": decision.p,
        "verdict": str(decision.verdict),
    }


def _finite(low: float, high: float) -> tuple[float, float]:
    """Return an interval, none where nothing is excluded."""
    return (low, high) if np.isfinite([low, high]).all() else (np.nan, np.nan)


def _orders(pairs: Pairs) -> dict[str, Any]:
    probability, low, high, _ = improvement(pairs.differences) or (np.nan,) * 4
    return {
        "improvement": probability,
        "improvement_low": low,
        "improvement_high": high,
        "correlation": number(correlation(*pairs.scores)),
    } | _stochastic_order(pairs)


def _stochastic_order(pairs: Pairs) -> dict[str, Any]:
    found = stochastic_order(*pairs.scores)
    if found is None:
        return {}
    return {"stochastic_order": found.violation, "stochastic_order_error": found.error}


def steadied(pairs: Mapping[str, Pairs], error: float) -> dict[str, dict[str, Any]]:
    """Say of several arms whether they spread less, and collapse less often, than their baselines.

    Parameters
    ----------
    pairs
        Of each arm and its baseline.
    error
        Probability of any wrong verdict on the spreads; another one on the collapses (Holm).

    Returns
    -------
    dict
        By arm its columns from ``sd_ratio`` to ``collapses``, each interval at the level at which
        it was tested.
    """
    spreads = steadier_together({arm: each.scores for arm, each in pairs.items()}, error)
    ps = {arm: rate_difference(*each.collapsed).p for arm, each in pairs.items()}
    levels = holm_levels(ps, error)
    return {
        arm: _spreads(spreads[arm]) | _collapses(rate_difference(*each.collapsed, levels[arm]))
        for arm, each in pairs.items()
    }


def _spreads(found: Steadiness) -> dict[str, Any]:
    low, high = _finite(found.low, found.high)
    return {
        "sd_ratio": found.ratio,
        "sd_ratio_low": low,
        "sd_ratio_high": high,
        "sd_ratio_p": found.p,
        "steadier": str(found.verdict),
    }


def _collapses(found: RateDifference) -> dict[str, Any]:
    if not found.pairs:  # Nobody said which runs collapsed.
        return {"collapses": str(found.verdict)}
    return {
        "collapse_difference": found.difference,
        "collapse_difference_low": found.low,
        "collapse_difference_high": found.high,
        "collapse_p": found.p,
        "collapses": str(found.verdict),
    }


def _detectable(decision: Decision, level: float) -> float:
    if decision.verdict == Verdict.TOO_FEW or not decision.sd > 0:
        return np.nan
    return smallest_detectable(decision.pairs, decision.sd, level)


def on_new_items(pairs: Pairs, decision: Decision, items: TaskItems) -> dict[str, Any]:
    """Widen the interval of a difference by what the test items add, at the same level.

    Parameters
    ----------
    pairs, decision
        As for `contrasted`.
    items
        Knows the runs' predictions.

    Returns
    -------
    dict
        ``items_low items_high item_sd items_verdict``; empty where the error of the items is not
        known, for a reason in ``items.unknown``, because there are fewer than two pairs, or since
        scores were imported without the predictions behind them.
    """
    runs = pairs.runs
    if any(pd.isna(run) for side in runs for (run,) in side):
        return {}
    error = items.error(*runs)
    if error is None:
        return {}
    limits = Limits(np.array(decision.low), np.array(decision.high))
    ends = widened(limits, np.array(decision.difference), error.half_width(decision.level))
    low, high = _finite(float(ends.low), float(ends.high))
    return {
        "items_low": low,
        "items_high": high,
        "item_sd": error.sd,
        "items_verdict": str(_on_items(decision, error, low, high)),
    }


def _on_items(decision: Decision, error: ItemError, low: float, high: float) -> Verdict:
    if decision.verdict == Verdict.TOO_FEW:
        return Verdict.TOO_FEW
    if decision.verdict == Verdict.IDENTICAL and error.sd <= ROUNDING:
        return Verdict.IDENTICAL
    if low > ROUNDING:
        return Verdict.BETTER
    return Verdict.WORSE if high < -ROUNDING else Verdict.UNDECIDED
