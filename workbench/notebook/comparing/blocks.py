"""Runs in blocks: what stands in one panel differs in the techniques alone."""

import pandas as pd

from workbench.comparison.groups import alike, in_words, sort_runs
from workbench.tasks.catalogue import shown

MOST_PANELS = 6
"""Of a figure: a page of more is not looked at, and drawing them takes seconds."""


def arranged(runs: pd.DataFrame) -> pd.DataFrame:
    """Return runs with the group and the block of each.

    Parameters
    ----------
    runs
        One row a run, as `workbench.comparison.gathering.gather` returns them.

    Returns
    -------
    pandas.DataFrame
        With the columns ``group`` and ``block``; a block is named after task, model and settings,
        and no two blocks have one name.
    """
    if runs.empty:
        return runs.assign(group=pd.Series(dtype=str), block=pd.Series(dtype=str))
    groups = sort_runs(runs)
    numbers, words = alike(groups.settings), in_words(groups.settings)
    names: dict[int, str] = {}
    for group, row in groups.settings.iterrows():
        parts = (shown(row["task"]), row["model"], words[str(group)])
        name = ", ".join(part for part in parts if part)
        taken = name in names.values()
        names.setdefault(numbers[group], f"{name} ({group})" if taken else name)
    of_group = {group: names[numbers[group]] for group in groups.settings.index}
    # Other people's scores need not say what they are.
    metric = runs["metric"].astype(object).where(runs["metric"].notna(), "score")
    return runs.assign(group=groups.of_run, block=groups.of_run.map(of_group), metric=metric)


def first(names: list[str], most: int = MOST_PANELS) -> tuple[list[str], str]:
    """Return the names that are drawn, and what a reader is told of the others.

    Examples
    --------
    >>> first(["a", "b", "c"], 2)
    (['a', 'b'], '2 of 3 are drawn: filter to see others')
    """
    if len(names) <= most:
        return names, ""
    return names[:most], f"{most} of {len(names)} are drawn: filter to see others"
