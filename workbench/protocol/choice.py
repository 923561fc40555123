"""Choosing the candidate of each arm: by dev alone, with seeds that are not reported."""

import pandas as pd

from workbench.analysis import spread
from workbench.protocol.sections import Candidate
from workbench.protocol.stages import COLUMNS, Place

PLACE = list(Place._fields)
CANDIDATE = ["technique", "learning_rate"]


def candidates(tuned: pd.DataFrame) -> pd.DataFrame:
    """Compare the candidates of each arm, task and size of the training set.

    Chosen is the candidate with the highest mean dev score over the tuning seeds; the first of
    equal ones. A candidate with a run whose dev score is undefined (it answers every item alike)
    comes after all that have none: the mean of its other runs would hide what it does.

    Parameters
    ----------
    tuned
        One row a run: `workbench.protocol.stages.COLUMNS`, and ``dev`` on its raw scale.

    Returns
    -------
    DataFrame
        `PLACE`, `CANDIDATE`, ``runs undefined dev dev_sd`` and ``chosen``, one row a candidate,
        those of one arm together, else in the order of the runs.

    Raises
    ------
    ValueError
        When there is any other column: what is chosen by may hold no test score.
    """
    if strange := set(tuned) - {*COLUMNS, "dev"}:
        raise ValueError(f"candidates are chosen by dev alone, not by {sorted(strange)}")
    rows = [
        dict(zip(PLACE + CANDIDATE, place + candidate, strict=True)) | _scores(runs["dev"])
        for place, group in tuned.groupby(PLACE, sort=False)
        for candidate, runs in group.groupby(CANDIDATE, sort=False)
    ]
    table = pd.DataFrame(rows, columns=[*PLACE, *CANDIDATE, "runs", "undefined", "dev", "dev_sd"])
    ranked = table.sort_values(["undefined", "dev"], ascending=[True, False], kind="stable")
    best = ranked.drop_duplicates(PLACE).index
    return table.assign(chosen=table.index.isin(best))


def _scores(dev: pd.Series) -> dict[str, float | None]:
    return {
        "runs": len(dev),
        "undefined": spread.undefined(dev),
        "dev": spread.mean(dev),
        "dev_sd": spread.sd(dev),
    }


def chosen(table: pd.DataFrame) -> dict[Place, Candidate]:
    """Return what `candidates` chose.

    Raises
    ------
    KeyError
        When it is no such table.
    """
    best = table[table["chosen"]]
    return {
        Place(row["arm"], row["task"], row["train_size"]): Candidate(
            row["technique"], row["learning_rate"]
        )
        for row in best.to_dict("records")
    }
