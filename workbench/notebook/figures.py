"""The three figures of a study, as pure functions of its tables.

Techniques are drawn beside each other and never only told apart by colour: one small panel each
where lines would pile up, all panels on the same axes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.analysis.published import Yardstick
from workbench.analysis.summary import metric_title
from workbench.notebook import palette

PANEL_HEIGHT = 210
"""Pixels of one row of panels."""
GAP = 62
"""Pixels between two rows of panels, room for a title of two lines."""
TOP, BOTTOM, LEFT, RIGHT = 104, 56, 64, 24
LINE = 16
"""Pixels of a line of small text."""
SCORE_HEIGHT, SCORE_GAP = (360, 250), 100
"""Pixels of a lone score panel and of one among several, and the gap between two."""
MOST_SINGLE_TICKS = 6
"""Up to so many steps or epochs, each has a tick."""
LABEL_ROOM = 112
"""Pixels right of the score figure, for the label of the published score."""


def wrap(name: str, width: int = 20) -> str:
    """Break a long name into lines with ``<br>``, after a plus, slash, comma or space.

    Examples
    --------
    >>> wrap("freeze:3+layerwise:0.9+reinit:2")
    'freeze:3+<br>layerwise:0.9+<br>reinit:2'
    """
    lines = [""]
    for piece in re.split(r"(?<=[+/, ])", name):
        if lines[-1] and len(lines[-1]) + len(piece) > width:
            lines.append("")
        lines[-1] += piece
    return "<br>".join(line.strip() for line in lines)


@dataclass(frozen=True)
class Grid:
    """Where the panel of each model and technique stands."""

    places: dict[tuple[str, str], tuple[int, int]]
    rows: int
    columns: int

    @property
    def height(self) -> int:
        """Height of the plotting area, pixels."""
        return self.rows * PANEL_HEIGHT + (self.rows - 1) * GAP


def grid(models: Sequence[str], techniques: Sequence[str]) -> Grid:
    """Place one panel per model and technique: a model is a column, a lone one is wrapped."""
    if len(models) > 1:
        places = {
            (model, technique): (row, column)
            for column, model in enumerate(models, 1)
            for row, technique in enumerate(techniques, 1)
        }
        return Grid(places, len(techniques), len(models))
    columns = len(techniques) if len(techniques) <= 3 else min(3, (len(techniques) + 1) // 2)
    places = {
        (models[0], technique): (i // columns + 1, i % columns + 1)
        for i, technique in enumerate(techniques)
    }
    return Grid(places, -(-len(techniques) // columns), columns)


def loss_figure(
    losses: pd.DataFrame, *, techniques: Sequence[str] | None = None, log: bool = False
) -> go.Figure:
    """Draw the training loss of every seed, thin, and their median, bold; nothing is smoothed.

    Parameters
    ----------
    losses
        ``model``, ``technique``, ``seed``, ``step``, ``loss``; one row per logged step of a run.
    techniques
        Their order, which sets the colours; by default as in the table.
    log
        Whether the loss has a logarithmic axis.

    Returns
    -------
    plotly.graph_objects.Figure
        One panel per technique, on shared axes. The median at a step is over the seeds that have
        reached it, and its hover says how many.
    """
    title = "Training loss of every seed"
    if losses.empty:
        return _note(title, "No step has been logged yet.")
    figure, layout = _panels(losses, techniques, title, "thin: one seed; bold: median over seeds")
    for (model, technique), colour, group in _groups(losses, techniques):
        row, column = layout.places[model, technique]
        curves = _by_seed(group, "step", "loss")
        for seed in curves:
            figure.add_trace(_seed_line(curves[seed], seed, technique, colour), row, column)
        figure.add_trace(_median_line(curves, technique, colour), row, column)
    _label_edges(figure, layout, "step", "training loss")
    _whole_numbers(figure, losses["step"])
    if log:
        figure.update_yaxes(type="log", dtick=1)
    return figure


def dev_figure(
    history: pd.DataFrame,
    metric: str,
    *,
    techniques: Sequence[str] | None = None,
    baseline: str = "baseline",
) -> go.Figure:
    """Draw the dev score after every epoch: the mean over seeds, and the range of the seeds.

    Parameters
    ----------
    history
        ``model``, ``technique``, ``seed``, ``epoch``, ``dev`` on the raw scale; undefined scores
        leave a gap and are in no mean.
    metric
        The metric's key.
    techniques
        Their order, which sets the colours; by default as in the table.
    baseline
        The technique whose mean is repeated, dashed, in the other panels.
    """
    title = "Dev score after each epoch"
    if history.empty:
        return _note(title, "No epoch has finished yet.")
    explanation = "line: mean over seeds; band: lowest to highest seed"
    if history["technique"].nunique() > 1 and baseline in set(history["technique"]):
        explanation += f"<br>dashed: mean of {baseline}"
    figure, layout = _panels(history, techniques, title, explanation)
    references = {}
    for (model, technique), colour, group in _groups(history, techniques):
        curves = 100 * _by_seed(group, "epoch", "dev")
        figure.add_traces(
            [_band(curves, colour), _mean_line(curves, technique, colour)],
            *([place] * 2 for place in layout.places[model, technique]),
        )
        if technique == baseline:
            references[model] = _reference_line(curves, baseline)
    _add_references(figure, layout, references, baseline)
    _label_edges(figure, layout, "epoch", f"dev {metric_title(metric)}")
    _whole_numbers(figure, history["epoch"])
    return figure


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
        return _note(title, "No run has finished yet.")
    models, names = _names(runs, "model"), list(techniques or _names(runs, "technique"))
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


def _note(title: str, text: str) -> go.Figure:
    """Return an empty figure that says why it is empty."""
    figure = go.Figure(layout=page_layout(title, "", 150))
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(
        text=text, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font_size=15
    )
    return figure


def page_layout(title: str, explanation: str, height: int) -> dict[str, Any]:
    """Return the layout that all figures share.

    Parameters
    ----------
    title
        Of the figure.
    explanation
        What stands below it, lines broken by ``<br>``.
    height
        Pixels of the plotting area; margins are added.
    """
    top = TOP + LINE * explanation.count("<br>")
    return {
        "template": palette.template(),
        "height": height + top + BOTTOM,
        "margin": {"l": LEFT, "r": RIGHT, "t": top, "b": BOTTOM},
        "title": {
            "text": title,
            "x": 0.01,
            "xanchor": "left",
            "y": 1 - 14 / (height + top + BOTTOM),
            "yanchor": "top",
            "font": {"size": palette.TITLE_SIZE},
            "subtitle": {"text": explanation, "font": {"size": palette.SMALL}},
        },
    }


def _names(table: pd.DataFrame, column: str) -> list[str]:
    return list(dict.fromkeys(table[column]))


def _groups(table: pd.DataFrame, techniques: Sequence[str] | None):
    """Yield ((model, technique), colour, rows) in the order of the techniques."""
    names = list(techniques or _names(table, "technique"))
    colours = palette.colours(names)
    for model in _names(table, "model"):
        for technique in names:
            group = table[(table["model"] == model) & (table["technique"] == technique)]
            if len(group):
                yield (model, technique), colours[technique], group


def _by_seed(group: pd.DataFrame, step: str, value: str) -> pd.DataFrame:
    """Spread a group into one column per seed, float, NaN where a seed has no value."""
    numbers = group.assign(**{value: pd.to_numeric(group[value])})
    return numbers.pivot_table(index=step, columns="seed", values=value, dropna=False)


def _panels(
    table: pd.DataFrame, techniques: Sequence[str] | None, title: str, explanation: str
) -> tuple[go.Figure, Grid]:
    """Return an empty figure with a titled panel for every model and technique."""
    models = _names(table, "model")
    layout = grid(models, list(techniques or _names(table, "technique")))
    figure = make_subplots(
        layout.rows,
        layout.columns,
        shared_xaxes="all",
        shared_yaxes="all",
        vertical_spacing=GAP / layout.height if layout.rows > 1 else 0,
        horizontal_spacing=0.03,
        specs=_specs(layout),
        subplot_titles=[
            _panel_title(key, models)
            for key in sorted(layout.places, key=lambda key: layout.places[key])
        ],
    )
    figure.update_layout(page_layout(title, explanation, layout.height))
    figure.update_annotations(font_size=palette.FONT_SIZE, yshift=2)
    return figure, layout


def _specs(layout: Grid) -> list[list[dict | None]]:
    taken = set(layout.places.values())
    return [
        [{} if (row, column) in taken else None for column in range(1, layout.columns + 1)]
        for row in range(1, layout.rows + 1)
    ]


def _panel_title(key: tuple[str, str], models: Sequence[str]) -> str:
    model, technique = key
    return wrap(technique, 28) if len(models) == 1 else wrap(f"{technique}, {model}", 28)


def _label_edges(figure: go.Figure, layout: Grid, x: str, y: str) -> None:
    """Title the outermost axes and number the lowest panel of each column."""
    lowest: dict[int, int] = {}
    for row, column in layout.places.values():
        lowest[column] = max(row, lowest.get(column, 0))
    for column, row in lowest.items():
        figure.update_xaxes(title_text=x, showticklabels=True, row=row, col=column)
    figure.update_yaxes(title_text=y, col=1)


def _whole_numbers(figure: go.Figure, counts: pd.Series) -> None:
    """Keep a short axis of steps or epochs from ticks such as 1.5; a long one has none."""
    if counts.max() <= MOST_SINGLE_TICKS:
        figure.update_xaxes(dtick=1)


def _seed_line(curve: pd.Series, seed: int, technique: str, colour: str) -> go.Scatter:
    known = curve.dropna()
    return go.Scatter(
        x=known.index.to_numpy(),
        y=known.to_numpy(),
        mode="lines",
        name=f"{technique}, seed {seed}",
        line={"color": palette.translucent(colour, palette.SEED_OPACITY), "width": 1},
        hovertemplate=f"seed {seed}<br>step %{{x}}<br>loss %{{y:.4g}}<extra>{technique}</extra>",
    )


def _median_line(curves: pd.DataFrame, technique: str, colour: str) -> go.Scatter:
    return go.Scatter(
        x=curves.index.to_numpy(),
        y=curves.median(axis=1).to_numpy(),
        customdata=curves.count(axis=1).to_numpy(),
        mode="lines",
        name=f"{technique}, median",
        line={"color": colour, "width": 3},
        hovertemplate="median of %{customdata} seeds<br>step %{x}<br>loss %{y:.4g}"
        f"<extra>{technique}</extra>",
    )


def _mean_line(curves: pd.DataFrame, technique: str, colour: str) -> go.Scatter:
    return go.Scatter(
        x=curves.index.to_numpy(),
        y=curves.mean(axis=1).to_numpy(),
        customdata=curves.count(axis=1).to_numpy(),
        mode="lines+markers",
        name=f"{technique}, mean",
        line={"color": colour, "width": 3},
        marker={"color": colour, "size": 6},
        hovertemplate="mean of %{customdata} seeds<br>epoch %{x}<br>dev %{y:.1f}"
        f"<extra>{technique}</extra>",
    )


def _band(curves: pd.DataFrame, colour: str) -> go.Scatter:
    """Outline the lowest and highest seed of each epoch as one closed polygon."""
    known = curves.dropna(how="all")
    epochs = known.index.to_numpy()
    low, high = known.min(axis=1).to_numpy(), known.max(axis=1).to_numpy()
    return go.Scatter(
        x=np.concatenate([epochs, epochs[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        mode="lines",
        fill="toself",
        fillcolor=palette.translucent(colour, palette.BAND_OPACITY),
        line={"color": palette.translucent(colour, palette.SEED_OPACITY), "width": 1},
        hoverinfo="skip",
        name="lowest to highest seed",
    )


def _reference_line(curves: pd.DataFrame, baseline: str) -> go.Scatter:
    return go.Scatter(
        x=curves.index.to_numpy(),
        y=curves.mean(axis=1).to_numpy(),
        mode="lines",
        name=f"{baseline}, mean",
        line={"color": palette.TEXT, "width": 1.5, "dash": "dash"},
        hovertemplate=f"epoch %{{x}}<br>dev %{{y:.1f}}<extra>{baseline}</extra>",
    )


def _add_references(
    figure: go.Figure, layout: Grid, references: Mapping[str, go.Scatter], baseline: str
) -> None:
    for (model, technique), (row, column) in layout.places.items():
        if technique != baseline and model in references:
            figure.add_trace(references[model], row, column)


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
    figure.update_layout(page_layout(title, explanation, height + LINE))
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
    chosen = runs[runs["technique"] == technique].sort_values("seed")
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
        customdata=chosen["seed"].to_numpy(),
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
    figure.add_annotation(
        text=f"published<br>{published.value:.2f}",
        x=1,
        xref="x domain",
        y=published.value,
        yref="y",
        xanchor="left",
        align="left",
        xshift=4,
        showarrow=False,
        row=row,
        col=1,
    )
