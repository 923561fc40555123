"""The single pairs that the differences of a comparison are the means of."""

import pandas as pd

from workbench.comparison.groups import sort_runs
from workbench.comparison.pairing import Pairs, paired

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
    of_group = dict(list(runs.groupby(sort_runs(runs).of_run, sort=False)))
    parts = [
        _rows(row["group"], paired(of_group[row["group"]], of_group[row["baseline"]], split))
        for row in table.dropna(subset="baseline").to_dict("records")
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def _rows(group: str, found: Pairs) -> pd.DataFrame:
    score, baseline = found.scores
    failed = found.arm["collapsed"].eq(True) | found.baseline["collapsed"].eq(True)
    return found.arm[["task", "model", "technique", "seed"]].assign(
        group=group,
        score=score,
        baseline_score=baseline,
        difference=score - baseline,
        collapsed=failed.to_numpy(bool),
    )[list(COLUMNS)]
