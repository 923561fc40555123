"""Paired slopes: each seed from the baseline's score to the technique's."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.notebook.comparing.blocks import first
from workbench.notebook.declaring.study_frame import panels
from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import names_in, note, wrap

TITLE = "Paired scores, seed by seed"
HEIGHT, COLUMNS, MOST = 210, 2, 8


def slope_figure(pairs: pd.DataFrame, baseline: str = "baseline") -> go.Figure:
    """Draw a line a seed from the baseline's score to the technique's, a panel a contrast.

    Parameters
    ----------
    pairs
        As `workbench.comparison.pairs.pairs` returns them, with the column ``block``.
    baseline
        What the left ends are called.
    """
    known = pairs.dropna(subset=["score", "baseline_score"])
    if known.empty:
        return note(TITLE, "No run has a baseline of the same seed.")
    groups, left_out = first(names_in(known, "group"), MOST)
    columns = min(COLUMNS, len(groups))
    told = "line: one seed; dotted: a run of it collapsed; bold grey: mean"
    figure = panels(
        TITLE,
        "<br>".join(filter(None, [told, left_out])),
        [_title(known[known["group"] == group], names_in(known, "block")) for group in groups],
        [HEIGHT] * -(-len(groups) // columns),
        columns,
    )
    colours = palette.colours([baseline, *names_in(known, "technique")])
    for place, group in enumerate(groups):
        rows = known[known["group"] == group]
        where = {"row": place // columns + 1, "col": place % columns + 1}
        for trace in _traces(rows, colours[rows["technique"].iloc[0]]):
            figure.add_trace(trace, **where)
        ends = [wrap(baseline, 12), wrap(rows["technique"].iloc[0], 12)]
        figure.update_xaxes(tickvals=[0, 1], ticktext=ends, range=[-0.3, 1.3], **where)
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(title_text="score \N{MULTIPLICATION SIGN}100", col=1)
    return figure


def _title(rows: pd.DataFrame, blocks: list[str]) -> str:
    block = rows["block"].iloc[0] if len(blocks) > 1 else ""
    return wrap(", ".join(filter(None, [block, rows["technique"].iloc[0]])), 38)


def _traces(rows: pd.DataFrame, colour: str) -> list[go.Scatter]:
    failed = rows["collapsed"].to_numpy(dtype=bool)
    parts = [(rows[~failed], {}), (rows[failed], {"dash": "dot"})]
    return [*(_seeds(part, colour, style) for part, style in parts if len(part)), _mean(rows)]


def _seeds(rows: pd.DataFrame, colour: str, style: Mapping[str, Any]) -> go.Scatter:
    """Draw the lines of all seeds as one, with a gap after each."""
    ends = 100 * rows[["baseline_score", "score"]].to_numpy(dtype=float)
    gaps = np.full((len(rows), 1), np.nan)
    technique = rows["technique"].iloc[0]
    return go.Scatter(
        x=np.tile([0.0, 1.0, np.nan], len(rows)),
        y=np.hstack([ends, gaps]).ravel(),
        customdata=np.repeat(rows["seed"].to_numpy(), 3),
        mode="lines+markers",
        name=f"{technique}, collapsed" if style else technique,
        line={"color": palette.translucent(colour, 0.7), "width": 1.5} | dict(style),
        marker={"color": colour, "size": 6},
        hovertemplate=f"seed %{{customdata}}<br>%{{y:.1f}}<extra>{technique}</extra>",
    )


def _mean(rows: pd.DataFrame) -> go.Scatter:
    return go.Scatter(
        x=np.array([0.0, 1.0]),
        y=100 * rows[["baseline_score", "score"]].to_numpy(dtype=float).mean(axis=0),
        mode="lines",
        name="mean",
        line={"color": palette.TEXT, "width": 4},
        hovertemplate="mean %{y:.1f}<extra></extra>",
    )
