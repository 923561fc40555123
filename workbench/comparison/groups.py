"""Runs sorted into groups: those of one group differ in their seeds alone."""

import hashlib
from collections.abc import Hashable
from numbers import Real
from typing import Any, NamedTuple

import pandas as pd

from workbench.analysis.naming import settings_in_words
from workbench.spec import canonical_json

SEEDS = ("seed", "order_seed", "dropout_seed")
"""What the runs of a group differ in, and what pairs those of two groups."""

OUTCOMES = (
    "run",
    "dev",
    "test",
    "collapsed",
    "above_trivial",
    "final_loss",
    "finished",
    "group",
)
"""Columns of a table of runs that are no settings, beside the scores ``dev_...``, ``test_...``."""

_NOT_TOLD = ("task", "model", "technique", "metric", "source")
"""What a table of groups has columns of its own for."""

_LETTERS = 8


class Groups(NamedTuple):
    """The groups of a table of runs."""

    of_run: pd.Series
    """The group of each run, by the table's index."""
    settings: pd.DataFrame
    """What the runs of a group have in common, one row a group, by its name, in their order."""


def setting_names(runs: pd.DataFrame) -> list[str]:
    """Return the columns of a table of runs that the runs of one group have in common."""
    others = {*SEEDS, *OUTCOMES}
    return [name for name in runs if name not in others and not name.startswith(("dev_", "test_"))]


def sort_runs(runs: pd.DataFrame) -> Groups:
    """Sort runs into groups.

    Parameters
    ----------
    runs
        One row a run, as `workbench.comparison.gathering.gather` returns them; a setting that is
        missing is one value like any other.

    Returns
    -------
    Groups
        Named by eight hexadecimal digits that are made from the settings alone, so that a group
        has the same name in every table.
    """
    names = setting_names(runs)
    if runs.empty:
        return Groups(pd.Series(dtype=str), pd.DataFrame(columns=names))
    numbers = runs.groupby(names, sort=False, dropna=False).ngroup()
    settings = runs.loc[~numbers.duplicated(), names]
    of_number = {
        number: _name(row)
        for number, row in zip(numbers[settings.index], settings.to_dict("records"), strict=True)
    }
    settings.index = pd.Index(of_number.values(), name="group")
    return Groups(numbers.map(of_number).rename("group"), settings)


def _name(settings: dict[Hashable, Any]) -> str:
    """Name a group; a column with gaps turns whole numbers into others, which changes no name."""
    told = {
        str(name): float(value) if isinstance(value, Real) else str(value)
        for name, value in settings.items()
        if not pd.isna(value) and value != ""
    }
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()[:_LETTERS]


def alike(settings: pd.DataFrame) -> pd.Series:
    """Return what groups have in common that differ in their techniques alone, by group.

    Parameters
    ----------
    settings
        Of the groups.

    Returns
    -------
    pandas.Series
        A number, equal for a technique and its baseline; a technique that trains for longer has
        the steps of its baseline among its settings, so that they are equal too.
    """
    names = [name for name in settings if name != "technique"]
    return settings.groupby(names, sort=False, dropna=False).ngroup()


def baselines(settings: pd.DataFrame, baseline: str) -> dict[str, str]:
    """Return the baseline's group of each group that has one.

    Parameters
    ----------
    settings
        Of the groups.
    baseline
        The technique that the others are compared with.

    Returns
    -------
    dict
        By group. Arms of different checkpoints have different weights, so none is the baseline of
        the other. Where weights are not known, as of imported scores, those of one source that
        have one model's name are taken for one checkpoint.
    """
    family = alike(settings)
    of_family = {
        family[group]: group for group in settings.index[settings["technique"] == baseline]
    }
    return {
        group: of_family[family[group]]
        for group in settings.index
        if of_family.get(family[group], group) != group
    }


def in_words(settings: pd.DataFrame) -> dict[str, str]:
    """Tell the settings of groups that are not the default or tell them from others.

    Parameters
    ----------
    settings
        Of the groups.

    Returns
    -------
    dict
        By group, such as ``"train_size 64, learning_rate 0.0001"``: what differs from the other
        groups of the same task and model, or from what a run has where nobody chose.
    """
    told = [name for name in settings if name not in _NOT_TOLD]
    several = [name for name in told if settings[name].nunique() > 1]
    alike = settings.groupby(["task", "model"], sort=False)
    differing = (alike[several].transform("nunique") > 1).to_dict("records")
    rows = zip(settings.index, settings[told].to_dict("records"), differing, strict=True)
    return {
        group: settings_in_words(row, [name for name in several if differs[name]])
        for group, row, differs in rows
    }
