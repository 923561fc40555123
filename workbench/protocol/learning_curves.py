"""How the score of each arm grows with the training set."""

from collections.abc import Mapping

import pandas as pd

from workbench.analysis import spread
from workbench.protocol.deciding import scores_of
from workbench.protocol.declaration import Declaration

COLUMNS = ("task", "arm", "train_size", "examples", "mean", "sd", "count", "unit")


def learning_curves(
    runs: pd.DataFrame, declaration: Declaration, whole: Mapping[str, int]
) -> pd.DataFrame:
    """Summarise the scores of each arm at each size of the training set.

    Parameters
    ----------
    runs
        One row a run and arm: ``arm task train_size subset_seed seed test``, scores on their raw
        scale.
    declaration
        Of the study.
    whole
        Units (documents, else examples) of the whole training set of each task; without it what
        was trained on all of the data has no place on a curve.

    Returns
    -------
    DataFrame
        `COLUMNS`, one row a task, arm and size in rising order, for tasks of several sizes.
        ``sd`` is over ``count`` values: one a seed, or the mean of a subset where several were
        drawn, which ``unit`` says (``seeds`` or ``subsets``).
    """
    rows = [
        {"task": task, "arm": arm, "train_size": size, "examples": size or whole[task]}
        | _summary(chosen, several=size > 0 and len(data.subset_seeds) > 1)
        for task, data in declaration.tasks.items()
        for arm in declaration.arms
        for size in data.train_size
        if size or task in whole
        if len(chosen := _runs(runs, task, arm, size))
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("examples", kind="stable")
    sizes = table.groupby("task")["examples"].transform("nunique")
    return table[sizes > 1].reset_index(drop=True)


def _runs(runs: pd.DataFrame, task: str, arm: str, size: int) -> pd.DataFrame:
    place = (runs["task"] == task) & (runs["train_size"] == size)
    return runs[place & (runs["arm"] == arm)]


def _summary(runs: pd.DataFrame, several: bool) -> dict[str, float | int | str | None]:
    scores = scores_of(runs, several).values()
    return {
        "mean": spread.mean(scores),
        "sd": spread.sd(scores),
        "count": len(spread.defined(scores)),
        "unit": "subsets" if several else "seeds",
    }
