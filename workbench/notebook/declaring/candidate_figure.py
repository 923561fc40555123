"""The candidates of a declared study: dev scores of the tuning runs, and what was chosen."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.analysis.summary import metric_title
from workbench.notebook.declaring.study_frame import (
    LINE_OF_TEXT,
    SYMBOLS,
    apart,
    panels,
    place,
    points,
    strip,
)
from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import wrap
from workbench.protocol.choice import PLACE
from workbench.protocol.report import Findings

HEIGHT = 170
"""Pixels of a row of panels."""

_HERE = ["task", "train_size"]


def candidate_figure(found: Findings) -> go.Figure | None:
    """Draw the mean dev score of each candidate over its learning rate; None where none was tuned.

    A row a task and size, a column an arm; a line a technique, a point a tuning seed.
    """
    if found.candidates.empty:
        return None
    arms = list(found.declaration.arms)
    places = list(found.candidates.groupby(_HERE, sort=False).groups)
    width = 130 // len(arms)
    titles = [
        f"{wrap(arm, width)}<br>{wrap(place(*where), width)}" for where in places for arm in arms
    ]
    figure = panels(
        "Candidates, on dev",
        "pale: one tuning seed; line: their mean; ring: chosen",
        titles,
        [HEIGHT for _ in places],
        len(arms),
    )
    for row, where in enumerate(places, 1):
        for column, arm in enumerate(arms, 1):
            _add_panel(figure, found, (arm, *where), row, column)
        figure.update_yaxes(title_text=f"dev {_metric(found, where[0])}", row=row, col=1)
        _share_scores(figure, row, len(arms))
    figure.update_xaxes(title_text="learning rate", row=len(places))
    return figure


def _add_panel(
    figure: go.Figure, found: Findings, where: tuple[str, str, int], row: int, column: int
) -> None:
    means, runs = (_here(table, where) for table in (found.candidates, found.tuned))
    rates = sorted(set(means["learning_rate"]))
    colour = palette.colours(list(found.declaration.arms))[where[0]]
    techniques = list(dict.fromkeys(means["technique"]))
    for number, technique in enumerate(techniques):
        mine, each = (table[table["technique"] == technique] for table in (means, runs))
        symbol = SYMBOLS[number % len(SYMBOLS)]
        figure.add_traces(list(_traces(mine, each, rates, colour, symbol)), row, column)
    if len(techniques) > 1:
        _name_techniques(figure, means, _here(found.tuned, where, _HERE)["dev"], row, column)
    figure.update_xaxes(
        tickvals=list(range(len(rates))),
        ticktext=[f"{rate:g}" if rate else "the task's" for rate in rates],
        range=[-0.4, len(rates) - (0.0 if len(techniques) > 1 else 0.6)],
        row=row,
        col=column,
    )


def _metric(found: Findings, task: str) -> str:
    return metric_title(found.runs.loc[found.runs["task"] == task, "metric"].iloc[0])


def _here(
    table: pd.DataFrame, where: tuple[str, str, int], columns: Sequence[str] = PLACE
) -> pd.DataFrame:
    at = dict(zip(PLACE, where, strict=True))
    return table[np.logical_and.reduce([table[name] == at[name] for name in columns])]


def _traces(
    means: pd.DataFrame, runs: pd.DataFrame, rates: list[float], colour: str, symbol: str
) -> Iterator[go.Scatter]:
    """Draw one technique: its runs, its means, and the chosen candidate where it is one of them."""
    technique = means["technique"].iloc[0]
    yield _runs(runs.dropna(subset="dev"), rates, colour, symbol)
    known = means.dropna(subset="dev").sort_values("learning_rate")
    yield go.Scatter(
        x=_at(known, rates),
        y=100 * known["dev"].to_numpy(dtype=float),
        mode="lines+markers",
        name=f"{technique}, mean",
        line={"color": colour, "width": 2},
        marker={"color": colour, "size": 7, "symbol": symbol},
        hovertemplate=f"mean %{{y:.1f}}<extra>{technique}</extra>",
    )
    best = known[known["chosen"]]
    if len(best):
        yield go.Scatter(
            x=_at(best, rates),
            y=100 * best["dev"].to_numpy(dtype=float),
            mode="markers",
            name=f"{technique}, chosen",
            marker={"color": colour, "size": 17, "symbol": "circle-open", "line": {"width": 2}},
            hovertemplate=f"chosen: %{{y:.1f}}<extra>{technique}</extra>",
        )


def _runs(runs: pd.DataFrame, rates: list[float], colour: str, symbol: str) -> go.Scatter:
    runs = runs.sort_values(["learning_rate", "seed"])
    shifts = runs.groupby("learning_rate")["seed"].transform(lambda seeds: strip(len(seeds), 0.24))
    return go.Scatter(
        x=_at(runs, rates) + shifts.to_numpy(dtype=float),
        y=100 * runs["dev"].to_numpy(dtype=float),
        customdata=runs["seed"].to_numpy(),
        mode="markers",
        name="tuning seeds",
        marker=points(colour, np.zeros(len(runs), dtype=bool), symbol) | {"opacity": 0.6},
        hovertemplate="seed %{customdata}<br>%{y:.1f}<extra></extra>",
    )


def _at(table: pd.DataFrame, rates: list[float]) -> np.ndarray:
    """Return where rates stand: side by side, since a grid's steps are alike in a logarithm."""
    return np.array([float(rates.index(rate)) for rate in table["learning_rate"]])


def _name_techniques(
    figure: go.Figure, means: pd.DataFrame, scores: pd.Series, row: int, column: int
) -> None:
    """Write each technique right of its last mean; names that would overlap are moved apart."""
    ends = means.dropna(subset="dev").sort_values("learning_rate")
    ends = ends.drop_duplicates("technique", keep="last").sort_values("dev")
    pixel = HEIGHT / max(np.ptp(scores.dropna().to_numpy(dtype=float)), 0.01)
    heights = ends["dev"].to_numpy(dtype=float)
    shifts = apart(heights * pixel, LINE_OF_TEXT) - heights * pixel
    rates = sorted(set(means["learning_rate"]))
    for end, shift in zip(ends.to_dict("records"), shifts, strict=True):
        figure.add_annotation(
            text=end["technique"],
            x=rates.index(end["learning_rate"]),
            y=100 * end["dev"],
            xanchor="left",
            xshift=14,
            yshift=shift,
            showarrow=False,
            row=row,
            col=column,
        )


def _share_scores(figure: go.Figure, row: int, columns: int) -> None:
    """Give the arms of a row one axis of scores, numbered at its left."""
    first = (row - 1) * columns + 1
    for column in range(2, columns + 1):
        figure.update_yaxes(
            matches="y" if first == 1 else f"y{first}", showticklabels=False, row=row, col=column
        )
