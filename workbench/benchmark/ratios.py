"""What the tables and the figure compare: medians and ratios of what `results.json` holds.

Seconds of a step are medians over rounds, ratios medians of the rounds' ratios.
"""

import math
import statistics
from collections.abc import Sequence
from typing import Any

from workbench.analysis import spread
from workbench.benchmark.job import CACHED, ENGINE, PUBLISHED


def median_of(values: Sequence[float | None]) -> float | None:
    """Return the median of what is there, None of nothing."""
    found = [value for value in values if value is not None]
    return statistics.median(found) if found else None


def median_ratio(
    over: Sequence[float | None], under: Sequence[float | None], factor: float = 1.0
) -> float | None:
    """Return the median, over the rounds that have both, of ``factor * over / under``.

    Examples
    --------
    >>> median_ratio([4.0, 9.0, None], [2.0, 3.0, 1.0])
    2.5
    """
    pairs = zip(over, under, strict=True)
    return median_of([None if a is None or b is None else factor * a / b for a, b in pairs])


def find(comparison: dict[str, Any], contestant: str, runs: int = 1) -> dict[str, Any] | None:
    """Return what was measured of one process of a contestant, None where nothing was."""
    for measured in comparison["contestants"]:
        if (measured["contestant"], measured["runs"], measured["workers"]) == (contestant, runs, 1):
            return measured
    return None


def engine_for(comparison: dict[str, Any], seeds: int) -> tuple[dict[str, Any], int, str] | None:
    """Return how the engine trains a number of seeds.

    Returns
    -------
    tuple
        What was measured, how many of its turns train one step of every seed, and the way in words;
        None where nothing fits. Cohorts and workers side by side are measured whole for one turn,
        and the seeds take as many turns as are needed: of the ways that were measured, the one that
        takes the least time; where all failed, the first of them.
    """
    ways = [
        (measured, *_turns(measured, seeds))
        for measured in comparison["contestants"]
        if measured["contestant"] == ENGINE
        and (measured["runs"] * measured["workers"] <= seeds or measured["workers"] > 1 < seeds)
    ]
    return min(ways, key=_time, default=None)


def _turns(measured: dict[str, Any], seeds: int) -> tuple[int, str]:
    """Return how many turns train all seeds, and the way in words."""
    runs, workers = measured["runs"], measured["workers"]
    turns = math.ceil(seeds / (runs * workers))
    if workers > 1:
        return turns, f"{workers} workers side by side, {turns} turns"
    if runs > 1:
        return turns, f"{'one cohort' if turns == 1 else f'{turns} cohorts'} of {runs}"
    return turns, "alone" if seeds == 1 else "one after another"


def _time(way: tuple[dict[str, Any], int, str]) -> float:
    step = median_of(way[0]["seconds"])
    return math.inf if step is None else way[1] * step


def share(
    comparison: dict[str, Any], measured: dict[str, Any], seeds: int = 1, turns: int = 1
) -> float | None:
    """Return the part of the matrix-product rate that useful operations of real tokens reach.

    Parameters
    ----------
    comparison, measured
        Of the results.
    seeds
        Whose steps were trained.
    turns
        That it took.
    """
    cached = "cached_" if measured["contestant"] == CACHED else ""
    operations = comparison[f"{cached}operations_per_step"] * seeds / turns
    products = [
        None if seconds is None else seconds * rate
        for seconds, rate in zip(measured["seconds"], comparison["rates"], strict=True)
    ]
    return median_of([None if product is None else operations / product for product in products])


def seeds_ratio(comparison: dict[str, Any], contestant: str, seeds: int) -> float | None:
    """Return how many times longer a peer takes for all seeds, one after another, than the engine.

    The peer's time is its measured time for one seed times the number of seeds.
    """
    peer, found = find(comparison, contestant), engine_for(comparison, seeds)
    if peer is None or found is None:
        return None
    measured, turns, _ = found
    return median_ratio(peer["seconds"], measured["seconds"], seeds / turns)


def across(results: dict[str, Any], comparison: dict[str, Any], seeds: int) -> float | None:
    """Return the published commands' time in float32 over the engine's; medians, not paired."""
    for other in results["comparisons"]:
        same = all(other[name] == comparison[name] for name in ("task", "technique"))
        if same and other["precision"] == "float32":
            peer, found = find(other, PUBLISHED), engine_for(comparison, seeds)
            theirs = median_of(peer["seconds"]) if peer else None
            ours = median_of(found[0]["seconds"]) if found else None
            if found and theirs and ours:
                return seeds * theirs / (found[1] * ours)
    return None


def difference(each: dict[str, Any], full: dict[str, Any], kind: str) -> spread.Difference:
    """Return the paired difference of a precision's ``scores`` or ``losses`` to float32's."""
    return spread.paired(dict(enumerate(each[kind])), dict(enumerate(full[kind])))
