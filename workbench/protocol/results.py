"""What the runs of a stage left: of those that tune dev scores alone, of the reported ones all."""

from collections.abc import Mapping, Sequence

import pandas as pd

from workbench.protocol.sections import Candidate
from workbench.protocol.stages import Part, Place, assignment
from workbench.store.folder import RunStore
from workbench.store.table import runs_table

_REPORTED = ["run", "dev", "test", "metric", "collapsed", "above_trivial"]


def reported(store: RunStore, reporting: Sequence[Part]) -> pd.DataFrame:
    """Return one row a finished run and arm: what it is for, its scores, and whether it failed."""
    purposes = assignment(reporting)
    results = runs_table(store, dict.fromkeys(purposes["run"]))[_REPORTED]
    return purposes.merge(results, on="run", how="inner", validate="m:1")


def dev_scores(store: RunStore, parts: Sequence[Part]) -> pd.DataFrame:
    """Return one row a run and arm: what it is for, and ``dev``, NaN where it is not finished."""
    purposes = assignment(parts)
    dev = runs_table(store, dict.fromkeys(purposes["run"]))[["run", "dev"]]
    return purposes.merge(dev, on="run", how="left", validate="m:1")


def dev_of_chosen(
    store: RunStore, parts: Sequence[Part], chosen: Mapping[Place, Candidate]
) -> pd.DataFrame:
    """Return the rows of `dev_scores` that are of the candidate which was chosen there."""
    table = dev_scores(store, parts)
    of_chosen = [
        chosen[Place(row["arm"], row["task"], row["train_size"])]
        == Candidate(row["technique"], row["learning_rate"])
        for row in table.to_dict("records")
    ]
    return table[pd.Series(of_chosen, index=table.index, dtype=bool)]
