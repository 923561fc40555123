"""Which seeds the runs of a table have, what each run is called by them, and which share one."""

from collections.abc import Hashable, Iterable
from typing import Any

import pandas as pd

Key = tuple[Any, ...]

COLUMNS = ("seed", "order_seed", "dropout_seed")
"""The seeds of new weights, data order and dropout; scores from elsewhere have the first alone."""


def keys(runs: pd.DataFrame) -> list[Key]:
    """Return what pairs each run with another technique's: all of its seeds."""
    return list(runs[[name for name in COLUMNS if name in runs]].itertuples(index=False, name=None))


def names(runs: pd.DataFrame) -> pd.Series:
    """Return what each run is called: its seed, or where its kinds of seeds differ, all of them.

    Returns
    -------
    pandas.Series
        Numbers where every run has one seed for all, such as 3; else text, such as ``"0/1/2"``.
    """
    if len(runs) and set(COLUMNS) <= set(runs) and not _in_step(runs).all():
        named = runs["seed"].astype(str)
        spelled = ["/".join(map(str, key)) for key in runs[list(COLUMNS)].to_numpy()]
        return named.where(_in_step(runs), spelled)
    return runs["seed"]


def _in_step(runs: pd.DataFrame) -> pd.Series:
    return runs[list(COLUMNS)].nunique(axis=1).eq(1)


def is_crossed(runs: pd.DataFrame) -> bool:
    """Tell whether seeds of several kinds vary, and some runs share one but not all of them."""
    return not independent(runs).all()


def independent(runs: pd.DataFrame) -> pd.Series:
    """Choose runs of which no two share a seed (`apart`), the same for every technique.

    Returns
    -------
    pandas.Series
        ``bool``, by the index of the runs; True for all where seeds vary together, or one alone.
    """
    every = keys(runs)
    chosen = apart(every)
    return pd.Series([key in chosen for key in every], index=runs.index, dtype=bool)


def apart(triples: Iterable[Key]) -> set[Key]:
    """Choose the seeds of runs of which no two share one: those that do are no independent draws.

    A kind of seed that is the same in all runs is none that two of them share. Chosen are the first
    in the order of their seeds: of a Latin square of n seeds up to n.
    """
    distinct = sorted(set(triples))
    kinds = list(zip(*distinct, strict=True))
    varying = [place for place, seeds in enumerate(kinds) if len(set(seeds)) > 1]
    taken: set[tuple[int, Hashable]] = set()
    chosen = set()
    for key in distinct:
        mine = {(place, key[place]) for place in varying}
        if not mine & taken:
            chosen.add(key)
            taken |= mine
    return chosen
