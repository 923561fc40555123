"""The order in which runs are shown: the project's own order where it lists something."""

from collections.abc import Callable, Iterable

import pandas as pd

from workbench.analysis.published import TASK_TITLES
from workbench.comparison.groups import SEEDS
from workbench.models.catalogue import MODELS
from workbench.techniques import BASELINE, registry


def in_order(runs: pd.DataFrame) -> pd.DataFrame:
    """Sort runs by task, model, technique and seeds; what the project does not list comes last."""
    if runs.empty:
        return runs
    order = {
        "task": _by(TASK_TITLES, ":"),
        "model": _by(MODELS),
        "technique": _by([BASELINE, *registry()], ":", "+"),
    }
    places = runs[list(SEEDS)].assign(
        **{
            name: runs[name].map({value: place(value) for value in set(runs[name])})
            for name, place in order.items()
        }
    )
    rows = places.sort_values([*order, *SEEDS], kind="stable").index
    return runs.loc[rows].reset_index(drop=True)


def _by(names: Iterable[str], *ends: str) -> Callable[[str], tuple[int, str]]:
    """Return what gives the place of a text among names, which end at the first of some signs."""
    places = {name: number for number, name in enumerate(names)}

    def place(text: str) -> tuple[int, str]:
        name = text
        for end in ends:
            name = name.partition(end)[0]
        return places.get(name, len(places)), text

    return place
