"""The curves of a study, the training loss and the dev score, as pure functions of its tables.

Techniques are drawn beside each other and never only told apart by colour: one small panel each
where lines would pile up, all panels on the same axes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.analysis.summary import metric_title
from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import layout_of, names_in, note, wrap

PANEL_HEIGHT = 210
"""Pixels of one row of panels."""


GAP = 62
"""Pixels between two rows of panels, room for a title of two lines."""


MOST_SINGLE_TICKS = 6
"""Up to so many steps or epochs, each has a tick."""


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
        return note(title, "No step has been logged yet.")
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
        return note(title, "No epoch has finished yet.")
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


def _groups(table: pd.DataFrame, techniques: Sequence[str] | None):
    """Yield ((model, technique), colour, rows) in the order of the techniques."""
    names = list(techniques or names_in(table, "technique"))
    colours = palette.colours(names)
    for model in names_in(table, "model"):
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
    models = names_in(table, "model")
    layout = grid(models, list(techniques or names_in(table, "technique")))
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
    figure.update_layout(layout_of(title, explanation, layout.height))
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
