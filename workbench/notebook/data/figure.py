"""The figure of a task's data: label balance, lengths with the limit, and fragmentation of words.

Bars are drawn as filled outlines, which every way of drawing a figure here knows.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import LEFT, LINE, layout_of, wrap
from workbench.tasks.check import Check
from workbench.tasks.pieces import Pieces
from workbench.tasks.task import SPLITS

MOST_LABELS = 24
"""Rows of bars; rarer labels than these are left to the table."""
MOST_BINS = 60
BAR, LENGTHS_HEIGHT, GAP = 10, 180, 84
"""Pixels between the names of bars, of the panels of lengths, and between two rows of panels."""
HALF = 0.36
"""Half the width of a bar, where two bars are 1 apart."""
CHARACTER = 6.8
"""Pixels, about, of a character of small text."""


def data_figure(found: Check) -> go.Figure:
    """Draw what a task's data are like.

    Parameters
    ----------
    found
        With at least one tokenizer; lengths are those of the first.

    Returns
    -------
    plotly.graph_objects.Figure
        A panel of label balance and one of lengths for each split, and the fragmentation of words
        by each tokenizer.
    """
    first, names = found.pieces[0], _names(found)
    figure = _panels(found, first, names)
    for column, split in enumerate(SPLITS, start=1):
        _add_balance(figure, found, split, names, 2 * column - 1)
        _add_lengths(figure, first, split, 2 * column - 1)
    _add_fragmentation(figure, found.pieces)
    _scale(figure, found, first)
    return figure


def _names(found: Check) -> list[str]:
    """Return the labels to draw in their order, the rarest left out where there are too many."""
    totals = found.labels.groupby("label", sort=False)["count"].sum()
    kept = set(totals.sort_values(ascending=False, kind="stable").index[:MOST_LABELS])
    return [name for name in totals.index if name in kept]


def _panels(found: Check, first: Pieces, names: Sequence[str]) -> go.Figure:
    models = [one.model for one in found.pieces]
    heights = [_height(names), LENGTHS_HEIGHT, _height(models)]
    height = sum(heights) + 2 * GAP
    thirds = [{"colspan": 2}, None] * 3
    titles = [f"{split}: labels" for split in SPLITS]
    titles += [_length_title(first, split) for split in SPLITS]
    figure = make_subplots(
        3,
        6,
        specs=[thirds, thirds, [{"colspan": 3}, None, None] * 2],
        row_heights=heights,
        vertical_spacing=GAP / height,
        horizontal_spacing=0.02,
        subplot_titles=[*titles, "word pieces a word", "words split into pieces"],
    )
    explanation = f"lengths: {first.model}'s word pieces, dashed: where inputs are cut"
    figure.update_layout(layout_of(f"The data of {found.title}", explanation, height))
    figure.update_annotations(font_size=palette.FONT_SIZE, yshift=2)
    figure.update_layout(margin_l=max(LEFT, _room([*names, *models])))
    return figure


def _length_title(first: Pieces, split: str) -> str:
    lengths = first.lengths[split]
    cut = int((lengths > first.limit).sum())
    return f"{split}: {cut:,} of {len(lengths):,} cut<br>at {first.limit} pieces"


def _room(names: Sequence[str]) -> int:
    """Return the pixels that names left of an axis need."""
    longest = max(len(line) for name in names for line in _label(name).split("<br>"))
    return int(CHARACTER * longest) + 16


def _height(names: Sequence[str]) -> int:
    """Return the pixels that a panel of bars with these names needs."""
    lines = max(_label(name).count("<br>") + 1 for name in names)
    return (LINE * lines + BAR) * len(names)


def _label(name: str) -> str:
    return wrap(name, 24)


def _add_balance(
    figure: go.Figure, found: Check, split: str, names: Sequence[str], column: int
) -> None:
    rows = found.labels[found.labels["split"] == split].set_index("label")
    for place, name in enumerate(names):
        count, share = int(rows.loc[name, "count"]), 100 * float(rows.loc[name, "share"])
        text = f"{name}<br>{count:,} in {split}, {share:.1f}%"
        colour = palette.COLOURS[SPLITS.index(split)]
        figure.add_trace(_bar(place, share, colour, text, f"{split} labels"), 1, column)
    _name_bars(figure, names if column == 1 else [""] * len(names), 1, column)


def _add_lengths(figure: go.Figure, first: Pieces, split: str, column: int) -> None:
    """Draw the shares of records by length as steps, and the limit as a line."""
    lengths, edges = first.lengths[split], _edges(first)
    shares = 100 * np.histogram(lengths, edges)[0] / len(lengths)
    colour = palette.COLOURS[SPLITS.index(split)]
    steps = go.Scatter(
        x=np.concatenate([edges[:1], np.repeat(edges, 2)[1:-1], edges[-1:]]),
        y=np.concatenate([[0.0], np.repeat(shares, 2), [0.0]]),
        mode="lines",
        fill="toself",
        fillcolor=palette.translucent(colour, palette.SEED_OPACITY),
        line={"color": colour, "width": 1},
        name=f"{split} lengths",
        hovertemplate=f"%{{x:.0f}} pieces<br>%{{y:.1f}}% of records<extra>{split}</extra>",
    )
    top = 1.05 * max(_highest(first), 1e-9)
    limit = go.Scatter(
        x=np.array([first.limit] * 2),
        y=np.array([0.0, top]),
        mode="lines",
        name="limit",
        line={"color": palette.TEXT, "width": 1.5, "dash": "dash"},
        hovertemplate=f"cut at {first.limit} pieces<extra>limit</extra>",
    )
    figure.add_traces([steps, limit], [2] * 2, [column] * 2)
    figure.update_yaxes(range=[0, top], showticklabels=column == 1, row=2, col=column)
    figure.update_xaxes(title_text="word pieces", row=2, col=column)


def _edges(first: Pieces) -> np.ndarray:
    """Return the edges of the bins that all splits share, whole numbers of pieces."""
    longest = max(int(lengths.max()) for lengths in first.lengths.values())
    width = max(1, -(-longest // MOST_BINS))
    return np.arange(0, longest + width + 1, width, dtype=float)


def _highest(first: Pieces) -> float:
    edges = _edges(first)
    return max(
        100 * float(np.histogram(lengths, edges)[0].max()) / len(lengths)
        for lengths in first.lengths.values()
    )


def _add_fragmentation(figure: go.Figure, pieces: Sequence[Pieces]) -> None:
    models = [one.model for one in pieces]
    for column, measure in ((1, "pieces per word"), (4, "split")):
        for place, one in enumerate(pieces):
            value = one.fragmentation[measure] * (100 if measure == "split" else 1)
            said = f"{value:.1f}%" if measure == "split" else f"{value:.2f}"
            colour = palette.colours(models)[one.model]
            bar = _bar(place, value, colour, f"{one.model}<br>{measure}: {said}", measure)
            figure.add_trace(bar, 3, column)
            _write(figure, said, value, place, 3, column)
        _name_bars(figure, models if column == 1 else [""] * len(models), 3, column)


def _bar(place: int, value: float, colour: str, text: str, name: str) -> go.Scatter:
    return go.Scatter(
        x=np.array([0.0, value, value, 0.0, 0.0]),
        y=place + HALF * np.array([-1.0, -1.0, 1.0, 1.0, -1.0]),
        mode="lines",
        fill="toself",
        fillcolor=colour,
        line={"color": colour, "width": 1},
        hoveron="fills",
        hoverinfo="text",
        text=text,
        name=name,
    )


def _write(figure: go.Figure, text: str, x: float, y: float, row: int, column: int) -> None:
    """Write a value at the end of its bar."""
    where = {"xanchor": "left", "xshift": 4, "showarrow": False, "row": row, "col": column}
    figure.add_annotation(text=text, x=x, y=y, font_size=palette.SMALL, **where)


def _name_bars(figure: go.Figure, names: Sequence[str], row: int, column: int) -> None:
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[_label(name) for name in names],
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
        row=row,
        col=column,
    )


def _scale(figure: go.Figure, found: Check, first: Pieces) -> None:
    """Give panels that are compared the same axis, from zero."""
    share = 100 * float(found.labels["share"].max())
    reach = max(_edges(first)[-1], first.limit)
    for column in (1, 3, 5):
        figure.update_xaxes(
            range=[0, 1.05 * share], title_text=f"% of {found.labelled}", row=1, col=column
        )
        figure.update_xaxes(range=[0, 1.03 * reach], row=2, col=column)
    figure.update_yaxes(title_text="% of records", row=2, col=1)
    most = _most(found.pieces)
    figure.update_xaxes(range=[0, 1.2 * most["pieces per word"]], row=3, col=1)
    figure.update_xaxes(range=[0, 120 * most["split"]], title_text="% of words", row=3, col=4)


def _most(pieces: Sequence[Pieces]) -> Mapping[str, float]:
    names = ("pieces per word", "split")
    return {name: max(one.fragmentation[name] for one in pieces) or 1.0 for name in names}
