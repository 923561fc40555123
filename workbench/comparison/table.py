"""The table of a comparison: one row a group of runs, every number with its spread."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench.analysis.decision import ERROR, Decision, decide
from workbench.analysis.summary import SPLITS
from workbench.comparison import contrasting, describing
from workbench.comparison.groups import alike, baselines, in_words, sort_runs
from workbench.comparison.members import Pairs, members, paired
from workbench.errors import unknown

if TYPE_CHECKING:
    from workbench.protocol.items import TaskItems

COLUMNS = (
    "group",
    "task",
    "model",
    "settings",
    "technique",
    "source",
    "metric",
    *describing.COLUMNS,
    "baseline",
    *contrasting.COLUMNS,
)

FAMILIES = ("task", "technique", "all")
"""What shares one probability of any wrong verdict: the techniques on one task with one model and
the same settings, as in a sweep's report; one technique wherever it was tried; or everything."""


def compare(
    runs: pd.DataFrame,
    *,
    baseline: str = "baseline",
    family: str = "task",
    error: float = ERROR,
    split: str = "test",
    items: TaskItems | None = None,
) -> pd.DataFrame:
    """Compare groups of runs with their baselines.

    Runs of a group differ in their seeds alone. Its baseline is the group that differs from it in
    the techniques alone, so that seeds pair runs of one checkpoint, on the same training data and
    with the same settings. Collapsed runs are part of every mean and difference, and are counted.

    Parameters
    ----------
    runs
        One row a run, as `workbench.comparison.gathering.gather` returns them.
    baseline
        The technique that the others are compared with.
    family
        One of `FAMILIES`.
    error
        Probability of any wrong verdict on a difference in a family; as much again of those on
        spreads, and of those on collapses.
    split
        ``"dev"`` or ``"test"``.
    items
        What the test items add to the error, from stored predictions, which takes longer than all
        else; it tells in ``unknown`` where that is not known. None leaves those columns empty.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a group in the order of the runs, raw scale, missing where undefined.
        ``difference_low`` to ``difference_high`` (for these test items) and ``items_low`` to
        ``items_high`` (for new ones) have the level at which the difference was tested, and so
        have the intervals of spreads and collapses their own; every other interval is one of 95%,
        as Student's of the mean from ``low`` to ``high``.

    Raises
    ------
    WorkbenchError
        When family or split do not exist, the error is no share, or a group has a seed twice.
    """
    if family not in FAMILIES:
        raise unknown("family", family, FAMILIES)
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    if runs.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    groups = sort_runs(runs)
    of_group = members(runs, groups.of_run, split)
    others = baselines(groups.settings, baseline)
    pairs = {arm: paired(of_group[arm], of_group[other]) for arm, other in others.items()}
    against = dict(_contrasts(pairs, _families(groups.settings, family), error, split, items))
    words = in_words(groups.settings)
    rows = [
        settings
        | {"group": group, "settings": words[group], "baseline": others.get(group)}
        | describing.described(of_group[group])
        | against.get(group, {})
        for group, settings in groups.settings.to_dict("index").items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _families(settings: pd.DataFrame, family: str) -> dict[Hashable, Hashable]:
    """Return the family of each group."""
    if family == "task":
        return alike(settings).to_dict()
    if family == "technique":
        return settings["technique"].to_dict()
    return dict.fromkeys(settings.index, family)


def _contrasts(
    pairs: Mapping[str, Pairs],
    families: Mapping[Hashable, Hashable],
    error: float,
    split: str,
    items: TaskItems | None,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the columns of each arm that has a baseline."""
    together: dict[Hashable, list[str]] = {}
    for arm in pairs:
        together.setdefault(families[arm], []).append(arm)
    for arms in together.values():
        decided = decide({arm: pairs[arm].differences for arm in arms}, error)
        steadied = contrasting.steadied({arm: pairs[arm] for arm in arms}, error)
        for arm, decision in decided.items():
            found = contrasting.contrasted(pairs[arm], decision, len(arms), error) | steadied[arm]
            yield arm, found | _on_new_items(pairs[arm], decision, split, items)


def _on_new_items(
    pairs: Pairs, decision: Decision, split: str, items: TaskItems | None
) -> dict[str, Any]:
    # Predictions on the dev set choose between settings, and are no estimate of anything.
    if items is None or split != "test":
        return {}
    return contrasting.on_new_items(pairs, decision, items)
