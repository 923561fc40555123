"""The single pairs that the differences of a comparison are the means of."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from workbench.comparison.groups import sort_runs
from workbench.comparison.members import Pairs, members, paired

COLUMNS = (
    "group",
    "task",
    "model",
    "technique",
    "seed",
    "score",
    "baseline_score",
    "difference",
    "collapsed",
)


def pairs(runs: pd.DataFrame, table: pd.DataFrame, split: str = "test") -> pd.DataFrame:
    """Return every pair of a run and the baseline's run of the same seeds.

    Parameters
    ----------
    runs
        One row a run, as `workbench.comparison.gathering.gather` returns them.
    table
        What `workbench.comparison.table.compare` made of them.
    split
        ``"dev"`` or ``"test"``, as there.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a pair, raw scale, NaN where a score is undefined. ``collapsed`` tells
        whether either run did; ``seed`` is that of the new weights.
    """
    of_group = members(runs, sort_runs(runs).of_run, split)
    rows = [
        {name: row[name] for name in COLUMNS[:4]} | pair
        for row in table.dropna(subset="baseline").to_dict("records")
        for pair in _rows(paired(of_group[row["group"]], of_group[row["baseline"]]))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(found: Pairs) -> Iterator[dict[str, Any]]:
    sides = (found.arm, found.baseline)
    scores = zip(*(side.scores.tolist() for side in sides), strict=True)
    failed = (found.arm.collapsed == 1) | (found.baseline.collapsed == 1)
    for (seed, *_), (score, baseline), collapsed in zip(
        found.arm.seeds, scores, failed.tolist(), strict=True
    ):
        yield {
            "seed": seed,
            "score": score,
            "baseline_score": baseline,
            "difference": score - baseline,
            "collapsed": collapsed,
        }
