"""Where the spread over crossed seeds comes from: a table and a sentence for a study's report."""

from dataclasses import dataclass

import pandas as pd

from workbench.analysis import components, seeds
from workbench.analysis.summary import metric_title, percent
from workbench.errors import WorkbenchError

CAVEAT = (
    "the seeds are crossed, so runs share some: means have no interval, and techniques are "
    "compared over the runs that share none"
)


@dataclass(frozen=True)
class SeedSources:
    """What each kind of seed adds to the spread of each technique.

    Attributes
    ----------
    table
        The columns of `components.COLUMNS` after ``model`` and ``technique``, raw scale.
    told
        What it says, or why there is none, a sentence for each technique.
    """

    table: pd.DataFrame
    told: str

    def readable(self, metric: str) -> pd.DataFrame:
        """Format the table for reading: strings only, scores times 100."""
        rows = [
            {
                "technique": row["technique"],
                "model": row["model"],
                "source of spread": row["source"],
                f"sd, {metric_title(metric)}": percent(row["sd"]),
                "share of variance [95%]": _share(row),
                "degrees of freedom": str(row["freedom"]),
            }
            for row in self.table.to_dict("records")
        ]
        return pd.DataFrame(rows)


def _share(row: dict) -> str:
    if pd.isna(row["share"]):
        return "undefined"
    return f"{row['share']:.0%} [{row['low']:.0%}, {row['high']:.0%}]"


def seed_sources(runs: pd.DataFrame, split: str = "test") -> SeedSources | None:
    """Split the spread of each technique into what its seeds make.

    Parameters
    ----------
    runs
        Finished runs of one task, with all of their seeds.
    split
        ``"dev"`` or ``"test"``.

    Returns
    -------
    SeedSources or None
        None where seeds are not crossed.
    """
    if runs.empty or not seeds.is_crossed(runs):
        return None
    tables, sentences = [pd.DataFrame(columns=_COLUMNS)], []
    several = runs["model"].nunique() > 1
    for (model, technique), group in runs.groupby(["model", "technique"], sort=False):
        name = f"{technique} with {model}" if several else technique
        try:
            found = components.of_runs(group, split)
            tables.append(found.assign(model=model, technique=technique)[list(_COLUMNS)])
            said = components.told(found)
        except WorkbenchError as problem:
            said = f"{problem}."
        sentences.append(f"{name}: {said[0].lower()}{said[1:]}")
    told = " ".join([*sentences, *([components.OF_THE_REST] if tables[1:] else [])])
    return SeedSources(pd.concat(tables[1:] or tables, ignore_index=True), told)


_COLUMNS = ("model", "technique", *components.COLUMNS)
