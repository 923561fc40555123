"""The single differences that a contrast is the mean of: what a figure draws as points."""

from collections.abc import Hashable, Iterator
from typing import Any

import pandas as pd

from workbench.analysis import spread
from workbench.protocol.deciding import Family, families, of, over_subsets, paired_arms, scores_of
from workbench.protocol.declaration import Declaration

COLUMNS = ("task", "train_size", "arm", "baseline", "unit", "difference", "collapsed")


def differences(runs: pd.DataFrame, declaration: Declaration) -> pd.DataFrame:
    """Return every difference of an arm to its baseline.

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
        `COLUMNS`, one row a seed or, where several were drawn, a subset. ``unit`` names it, such
        as ``seed 3``, and ``collapsed`` tells whether any of its runs did. Arms of another model
        than the baseline's have nothing to be paired by: each of their runs is compared with the
        mean of the baseline's. Pairs that lack a defined score have no row.
    """
    rows = [
        {"task": family.task, "train_size": family.train_size, "baseline": family.baseline} | row
        for family in families(declaration)
        for arm in family.arms
        for row in _rows(runs, declaration, family, arm)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(
    runs: pd.DataFrame, declaration: Declaration, family: Family, arm: str
) -> Iterator[dict[str, Any]]:
    subsets = over_subsets(declaration, family)
    mine, others = of(runs, family, arm), of(runs, family, family.baseline)
    scores, base = scores_of(mine, subsets), scores_of(others, subsets)
    failed = _failed(mine, subsets)
    if arm in paired_arms(declaration, family):
        failed |= _failed(others, subsets)
    else:
        base = dict.fromkeys(scores, spread.mean(base.values()))
    kind = "subset" if subsets else "seed"
    for key in scores:
        pair = spread.defined((scores[key], base.get(key)))
        if len(pair) == 2:
            found = {"arm": arm, "unit": f"{kind} {key}", "difference": pair[0] - pair[1]}
            yield found | {"collapsed": key in failed}


def _failed(runs: pd.DataFrame, subsets: bool) -> set[Hashable]:
    return set(runs.loc[runs["collapsed"].eq(True), "subset_seed" if subsets else "seed"])
