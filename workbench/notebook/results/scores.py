"""The scores of a study, a point a run, beside mean and published score."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.analysis import seeds
from workbench.analysis.published import Yardstick
from workbench.analysis.summary import metric_title
from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import (
    BOTTOM,
    LINE,
    label_at_right,
    layout_of,
    names_in,
    note,
    wrap,
)

SCORE_HEIGHT, SCORE_GAP = (360, 250), 100
"""Pixels of a lone score panel and of one among several, and the gap between two."""


LABEL_ROOM = 112
"""Pixels right of the score figure, for the label of the published score."""


def score_figure(
    runs: pd.DataFrame,
    summary: pd.DataFrame,
    metric: str,
    yardstick: Yardstick | Mapping[str, Yardstick | None] | None = None,
    split: str = "test",
    *,
    techniques: Sequence[str] | None = None,
) -> go.Figure:
    """Draw the score of every run over its technique, with the mean and its interval beside.

    Parameters
    ----------
    runs, summary
        The runs and what `workbench.analysis.summary.summarise` made of them, raw scale.
    metric
        The metric's key.
    yardstick
        The published score, one for all or one by model; a dashed line.
    split
        ``"dev"`` or ``"test"``.
    techniques
        Their order, which sets the colours; by default as in the table.
    """
    title = f"{split.capitalize()} score of every run"
    if runs.empty:
        return note(title, "No run has finished yet.")
    models, names = names_in(runs, "model"), list(techniques or names_in(runs, "technique"))
    yardsticks = _yardsticks(models, yardstick)
    figure = _score_panels(models, title, _score_explanation(yardsticks))
    for row, model in enumerate(models, 1):
        here = runs[runs["model"] == model]
        means = summary[summary["model"] == model]
        for place, technique in enumerate(names):
            colour = palette.colours(names)[technique]
            traces = _score_traces(here, means, technique, place, colour, split)
            figure.add_traces(traces, row, 1)
        _label_techniques(figure, here, names, split, row)
        if (published := yardsticks.get(model)) is not None:
            _add_yardstick(figure, published, len(names), row)
    figure.update_yaxes(title_text=f"{split} {metric_title(metric)}")
    figure.update_xaxes(title_text="technique", row=len(models))
    return figure


def _score_panels(models: Sequence[str], title: str, explanation: str) -> go.Figure:
    """Return an empty figure with one row per model, all on one scale."""
    rows = len(models)
    height = rows * SCORE_HEIGHT[rows > 1] + (rows - 1) * SCORE_GAP
    figure = make_subplots(
        rows,
        1,
        shared_yaxes="all",
        vertical_spacing=SCORE_GAP / height if rows > 1 else 0,
        subplot_titles=list(models) if rows > 1 else None,
    )
    figure.update_layout(layout_of(title, explanation, height + LINE))
    figure.update_layout(margin={"r": LABEL_ROOM, "b": BOTTOM + LINE})
    figure.update_annotations(font_size=palette.FONT_SIZE, yshift=2)
    return figure


def _score_explanation(yardsticks: Mapping[str, Yardstick]) -> str:
    lines = [
        "circle: one seed; cross: collapsed, but counted",
        "diamond: mean with its 95% interval",
    ]
    sources = dict.fromkeys(f"{item.label} ({item.source})" for item in yardsticks.values())
    return "<br>".join(lines + [f"dashed: published {source}" for source in sources])


def _yardsticks(
    models: Sequence[str], yardstick: Yardstick | Mapping[str, Yardstick | None] | None
) -> dict[str, Yardstick]:
    if isinstance(yardstick, Mapping):
        return {model: item for model in models if (item := yardstick.get(model)) is not None}
    return dict.fromkeys(models, yardstick) if yardstick is not None else {}


def _score_traces(
    runs: pd.DataFrame,
    summary: pd.DataFrame,
    technique: str,
    place: int,
    colour: str,
    split: str,
) -> list[go.Scatter]:
    chosen = runs[runs["technique"] == technique].sort_values("seed", kind="stable")
    chosen = chosen.assign(score=100 * pd.to_numeric(chosen[split])).dropna(subset="score")
    row = summary[summary["technique"] == technique].to_dict("records")
    if chosen.empty:
        return []
    return [_points(chosen, technique, place, colour), *(_mean(r, place, colour) for r in row)]


def _points(chosen: pd.DataFrame, technique: str, place: int, colour: str) -> go.Scatter:
    """Draw one point a run, spread over a strip in the order of the seeds."""
    count = len(chosen)
    offsets = np.linspace(-0.12, 0.12, count) if count > 1 else np.zeros(1)
    collapsed = chosen["collapsed"].eq(True).to_numpy()
    return go.Scatter(
        x=place - 0.12 + offsets,
        y=chosen["score"].to_numpy(),
        customdata=seeds.names(chosen).to_numpy(),
        mode="markers",
        name=technique,
        marker={
            "color": colour,
            "size": np.where(collapsed, 11, 9),
            "symbol": np.where(collapsed, "x-thin", "circle"),
            "opacity": 0.8,
            "line": {"color": colour, "width": np.where(collapsed, 2.5, 0)},
        },
        text=np.where(collapsed, "<br>collapsed", ""),
        hovertemplate=f"seed %{{customdata}}<br>%{{y:.1f}}%{{text}}<extra>{technique}</extra>",
    )


def _mean(row: Mapping[str, Any], place: int, colour: str) -> go.Scatter:
    mean, low, high = (100 * np.asarray([row[key]], float) for key in ("mean", "low", "high"))
    known = bool(np.isfinite(low[0]))
    return go.Scatter(
        x=np.array([place + 0.22]),
        y=mean,
        mode="markers",
        name=f"{row['technique']}, mean",
        marker={"color": colour, "size": 11, "symbol": "diamond"},
        error_y={
            "type": "data",
            "array": high - mean if known else None,
            "arrayminus": mean - low if known else None,
            "symmetric": False,
            "color": colour,
            "thickness": 2,
            "width": 6,
            "visible": known,
        },
        hovertemplate="mean %{y:.1f}"
        + (f"<br>95% {low[0]:.1f} to {high[0]:.1f}" if known else "")
        + f"<extra>{row['technique']}</extra>",
    )


def _label_techniques(
    figure: go.Figure, runs: pd.DataFrame, names: Sequence[str], split: str, row: int
) -> None:
    figure.update_xaxes(
        tickvals=list(range(len(names))),
        ticktext=[_technique_label(runs, name, split) for name in names],
        tickangle=0,
        range=[-0.5, len(names) - 0.5],
        showgrid=False,
        row=row,
    )


def _technique_label(runs: pd.DataFrame, technique: str, split: str) -> str:
    """Wrap the name, and say below it what cannot be drawn."""
    scores = pd.to_numeric(runs.loc[runs["technique"] == technique, split])
    missing = int(scores.isna().sum())
    return wrap(technique, 16) + (f"<br>({missing} undefined)" if missing else "")


def _add_yardstick(figure: go.Figure, published: Yardstick, names: int, row: int) -> None:
    """Draw the published score across a panel, its label right of it."""
    line = go.Scatter(
        x=np.array([-0.5, names - 0.5]),
        y=np.array([published.value, published.value]),
        mode="lines",
        name=f"published: {published.label}",
        line={"color": palette.TEXT, "width": 1.5, "dash": "dash"},
        hovertemplate=f"{published.label}<br>{published.source}<extra>published</extra>",
    )
    figure.add_trace(line, row, 1)
    label_at_right(figure, f"published<br>{published.value:.2f}", published.value, row)
