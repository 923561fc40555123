"""Every run as a point over its technique, with mean and interval, a panel a block."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.analysis import spread
from workbench.analysis.summary import metric_title
from workbench.notebook.comparing.blocks import first
from workbench.notebook.figures.frame import names_in, note
from workbench.notebook.results.scores import score_figure

CROWDED = 5
"""Up to so many techniques stand beside each other with level names."""
_SLANT, _RIGHT = -30, 24
_LEAST = 1.0
"""Points that an axis spans at least."""


def point_figure(runs: pd.DataFrame, split: str = "test") -> go.Figure:
    """Draw the score of every run over its technique, with the mean and its 95% interval.

    Statistics are computed for what is drawn alone.

    Parameters
    ----------
    runs
        As `workbench.notebook.comparing.blocks.arranged` returns them.
    split
        ``"dev"`` or ``"test"``.
    """
    if runs.empty:
        return note("Score of every run", "No finished run fits the filters.")
    blocks, left_out = first(names_in(runs, "block"))
    drawn = runs[runs["block"].isin(blocks)]
    drawn = drawn.assign(model=drawn["block"])
    order = names_in(drawn, "technique")
    metrics = drawn.drop_duplicates("block").set_index("block")["metric"]
    summary = means(drawn, split)
    figure = score_figure(drawn, summary, metrics.iloc[0], split=split, techniques=order)
    for row, block in enumerate(blocks, 1):
        # Tasks are scored differently: each panel has a scale of its own.
        title = f"{split} {metric_title(metrics[block])}"
        found = summary[summary["model"] == block]
        ends = _ends(drawn.loc[drawn["block"] == block, split], found)
        figure.update_yaxes(matches=None, title_text=title, range=ends, row=row)
    _fit(figure, order, blocks, left_out)
    return figure


def means(runs: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return ``model technique mean low high`` of each block and technique, raw scale."""
    rows = [
        {"model": model, "technique": technique} | _mean(group[split])
        for (model, technique), group in runs.groupby(["model", "technique"], sort=False)
    ]
    return pd.DataFrame(rows)


def _mean(scores: pd.Series) -> dict[str, Any]:
    low, high = spread.interval(scores) or (np.nan, np.nan)
    mean = spread.mean(scores)
    return {"mean": np.nan if mean is None else mean, "low": low, "high": high}


def _ends(scores: pd.Series, found: pd.DataFrame) -> list[float] | None:
    """Return the ends of an axis; the interval of two runs may leave it, or hide all others."""
    points = 100 * spread.defined(scores)
    if not len(points):
        return None
    reach = max(np.ptp(points), _LEAST)
    limits = 100 * spread.defined(found[["low", "high"]].to_numpy().ravel())
    known = np.concatenate([points, limits.clip(points.min() - reach, points.max() + reach)])
    room = 0.05 * max(np.ptp(known), _LEAST)
    return [known.min() - room, known.max() + room]


def _fit(figure: go.Figure, order: Sequence[str], blocks: Sequence[str], left_out: str) -> None:
    """Use the room that no published score needs, and name what is left out."""
    figure.update_layout(margin_r=_RIGHT)
    if len(order) > CROWDED:
        figure.update_xaxes(tickangle=_SLANT, ticktext=list(order))
    title = figure.layout.title
    if len(blocks) == 1:
        title.text += f": {blocks[0]}"
    if left_out:
        title.subtitle.text += f"<br>{left_out}"
        figure.update_layout(margin_t=figure.layout.margin.t + 16, height=figure.layout.height + 16)
