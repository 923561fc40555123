"""Scores of runs as CSV: those of anybody's scripts are read, and those of a store written.

A file has a line a run and the columns ``task``, ``model``, ``technique``, ``seed`` and ``score``;
an empty score is undefined. It may have ``collapsed`` (yes or no), ``metric`` and ``scale``; any
further column is a setting, so that runs which differ there are of different groups.

Scores are on a scale of 0 to 1 (correlations from -1) unless the column ``scale`` says 100, in
every line of the file alike. Neither is taken on trust: a score beyond its scale is refused, and so
is a file that says 100 where no score is above 1.
"""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.analysis.summary import SPLITS
from workbench.comparison.csv_file import Row, read_csv, write_rows
from workbench.comparison.groups import SEEDS, setting_names
from workbench.comparison.runs_file import NAMES, as_table, described, identity, settings_columns
from workbench.errors import WorkbenchError, unknown

REQUIRED = (*NAMES, "seed", "score")

_SCALES = {"": 1.0, "1": 1.0, "100": 100.0}


def read_scores(path: Path | str) -> pd.DataFrame:
    """Read the scores of other scripts' runs.

    Parameters
    ----------
    path
        Of the file.

    Returns
    -------
    pandas.DataFrame
        One row a run: ``run`` (missing, since there is nothing behind the score), ``task model
        technique``, the three seeds, ``test`` on the raw scale, ``collapsed``, ``metric``,
        ``source`` (the path) and the settings.

    Raises
    ------
    WorkbenchError
        For a file, line or column that cannot be read, and for a seed that a group has twice.
    """
    _, rows = read_csv(Path(path), REQUIRED)
    settings = settings_columns(rows[0], ("score", "scale", "metric"))
    scale = _scale(rows)
    runs: list[dict[str, Any]] = []
    lines: dict[Hashable, int] = {}
    for row in rows:
        run = described(row, settings) | {"metric": row.optional("metric") or None}
        first = lines.setdefault(identity(run), row.number)
        if first != row.number:
            raise row.wrong(f"this is the run of line {first} again: give each once", "seed")
        runs.append(run | {"run": None, "test": _score(row, scale)})
    return as_table(runs, settings, str(path))


def _scale(rows: list[Row]) -> float:
    written = rows[0].optional("scale")
    for row in rows:
        if row.optional("scale") not in _SCALES:
            raise row.wrong("write 1 or 100", "scale")
        if row.optional("scale") != written:
            raise row.wrong("it is not that of the first line: one file has one scale", "scale")
    scale = _SCALES[written]
    scores = [score for row in rows if (score := row.number_at("score")) is not None]
    if scale == 100 and scores and max(map(abs, scores)) <= 1:
        raise rows[0].wrong("it says 100, and no score of the file is above 1: write 1", "scale")
    return scale


def _score(row: Row, scale: float) -> float | None:
    score = row.number_at("score")
    if score is not None and abs(score) > scale:
        mend = "add a column scale that says 100" if scale == 1 else "mend it"
        raise row.wrong(f"it is beyond the scale of {scale:g}: {mend}", "score")
    return None if score is None else score / scale


def write_scores(runs: pd.DataFrame, split: str = "test") -> str:
    """Write the scores of runs of one source as `read_scores` reads them.

    Parameters
    ----------
    runs
        One row a run, as `workbench.comparison.gathering.gather` returns them.
    split
        ``"dev"`` or ``"test"``.

    Returns
    -------
    str
        CSV, scores on their raw scale.

    Raises
    ------
    WorkbenchError
        When the split does not exist, or the runs are of several sources, whose seeds may be the
        same.
    """
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    if runs["source"].nunique() > 1:
        raise WorkbenchError("the runs are of several sources: write those of one at a time")
    others = [name for name in setting_names(runs) if name not in {*NAMES, "source"}]
    columns = [*NAMES, "seed", "score", "collapsed", *SEEDS[1:], *others]
    table = runs.assign(score=runs[split])[columns].astype(object)
    return write_rows(columns, table.where(table.notna(), None).to_numpy().tolist())
