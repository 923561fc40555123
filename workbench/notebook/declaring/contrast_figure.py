"""The contrasts of a declared study: differences, intervals, margin and outcomes."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.analysis.summary import with_interval
from workbench.notebook.declaring.study_frame import panels, place, points, strip
from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import label_at_right, note, wrap
from workbench.protocol.contrasts import UNPAIRED, in_words
from workbench.protocol.differences import differences
from workbench.protocol.report import Findings
from workbench.protocol.sections import NEW

ROW = 64
"""Pixels of an arm."""

SIDES = {"l": 150, "r": 170}
"""Pixels for the names of the arms, and for the outcomes."""

WIDEST = 1.5
"""How far an axis follows intervals beyond the points: times the range of these."""

_PLACE = ["task", "train_size"]


def contrast_figure(found: Findings) -> go.Figure:
    """Draw each arm's difference to its baseline beside the margin, its outcome in words.

    A panel a task and size; those of one task share their axis.
    """
    title = "Difference to the baseline, on test"
    if found.contrasts.empty:
        return note(title, "Nothing was compared.")
    groups = list(found.contrasts.groupby(_PLACE, sort=False))
    figure = panels(
        title,
        _explanation(found),
        [place(*where) for where, _ in groups],
        [ROW * len(rows) for _, rows in groups],
    )
    figure.update_layout(margin=SIDES)
    each, colours = differences(found.runs, found.declaration), _colours(found)
    for row, (_, rows) in enumerate(groups, 1):
        _add_margin(figure, found.declaration.contrast.margin, len(rows), row)
        for height, contrast in enumerate(rows.to_dict("records")[::-1]):
            colour = colours[contrast["arm"]]
            figure.add_traces(list(_traces(contrast, each, height, colour)), row, 1)
            _add_outcome(figure, contrast, height, row)
        _label_arms(figure, rows, row)
    _share_axes(figure, found, each, [where[0] for where, _ in groups])
    figure.update_xaxes(title_text="points (score \N{MULTIPLICATION SIGN}100)", row=len(groups))
    return figure


def _colours(found: Findings) -> dict[str, str]:
    return palette.colours(list(found.declaration.arms))


def _explanation(found: Findings) -> str:
    contrast, units = found.declaration.contrast, set(found.contrasts["unit"])
    about = ", for new test items" if set(found.contrasts["items"]) == {NEW} else ""
    paired = "one subset of the data, its seeds averaged" if "subsets" in units else "one seed"
    circles = [f"circle: {paired}"] if units != {UNPAIRED} else []
    hollow = ["hollow: one run less the mean of the baseline's"] if UNPAIRED in units else []
    lines = [
        "; ".join([*circles, *hollow]),
        "cross: with a collapsed run, but counted; "
        f"diamond: mean; line: its interval (together {100 * (1 - contrast.error):g}%{about})",
        f"grey band: the margin of {contrast.margin:g}, within which a difference does not matter",
    ]
    return "<br>".join(lines)


def _traces(
    contrast: Mapping[str, Any], each: pd.DataFrame, height: int, colour: str
) -> Iterator[go.Scatter]:
    keys = ("task", "train_size", "arm", "baseline")
    mine = each[np.logical_and.reduce([each[key] == contrast[key] for key in keys])]
    yield _points(mine.dropna(subset="difference"), contrast, height, colour)
    ends = 100 * np.array([contrast["low"], contrast["high"]])
    if np.isfinite(ends).all():
        yield _interval(ends, contrast, height, colour)
    if np.isfinite(contrast["difference"]):
        yield _mean(contrast, height, colour)


def _points(
    mine: pd.DataFrame, contrast: Mapping[str, Any], height: int, colour: str
) -> go.Scatter:
    symbol = "circle-open" if contrast["unit"] == UNPAIRED else "circle"
    return go.Scatter(
        x=100 * mine["difference"].to_numpy(),
        y=height + 0.2 + strip(len(mine), 0.22),
        customdata=mine["unit"].to_numpy(),
        mode="markers",
        name=contrast["arm"],
        marker=points(colour, mine["collapsed"].to_numpy(dtype=bool), symbol),
        hovertemplate=f"%{{customdata}}<br>%{{x:+.1f}}<extra>{contrast['arm']}</extra>",
    )


def _interval(
    ends: np.ndarray, contrast: Mapping[str, Any], height: int, colour: str
) -> go.Scatter:
    return go.Scatter(
        x=ends,
        y=np.full(2, height - 0.16),
        mode="lines",
        name=f"{contrast['arm']}, interval",
        line={"color": colour, "width": 3},
        hovertemplate=f"%{{x:+.1f}}<extra>{contrast['arm']}, interval</extra>",
    )


def _mean(contrast: Mapping[str, Any], height: int, colour: str) -> go.Scatter:
    return go.Scatter(
        x=np.array([100 * contrast["difference"]]),
        y=np.array([height - 0.16]),
        mode="markers",
        name=f"{contrast['arm']}, mean",
        marker={"color": colour, "size": 11, "symbol": "diamond"},
        hovertemplate=f"mean %{{x:+.1f}}<extra>{contrast['arm']}</extra>",
    )


def _add_margin(figure: go.Figure, margin: float, arms: int, row: int) -> None:
    """Shade what does not matter, and draw the line of no difference; both widen the axis."""
    low, high = -0.5, arms - 0.5
    figure.add_trace(
        go.Scatter(
            x=np.array([-margin, margin, margin, -margin, -margin]),
            y=np.array([low, low, high, high, low]),
            mode="lines",
            fill="toself",
            fillcolor=palette.GRID,
            line={"color": palette.GRID, "width": 1},
            hoverinfo="skip",
            name="margin",
        ),
        row,
        1,
    )
    figure.add_trace(
        go.Scatter(
            x=np.zeros(2),
            y=np.array([low, high]),
            mode="lines",
            line={"color": palette.TEXT, "width": 1.5, "dash": "dash"},
            hoverinfo="skip",
            name="no difference",
        ),
        row,
        1,
    )


def _add_outcome(figure: go.Figure, contrast: Mapping[str, Any], height: int, row: int) -> None:
    numbers = with_interval(contrast["difference"], contrast["low"], contrast["high"], signed=True)
    text = f"<b>{in_words(contrast)}</b><br>{numbers}"
    label_at_right(figure, text, height, row, shift=8)


def _label_arms(figure: go.Figure, rows: pd.DataFrame, row: int) -> None:
    names = [
        f"{wrap(contrast['arm'], 18)}<br>against {wrap(contrast['baseline'], 18)}"
        for contrast in rows.to_dict("records")[::-1]
    ]
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=names,
        range=[-0.5, len(names) - 0.5],
        showgrid=False,
        row=row,
    )


def _share_axes(figure: go.Figure, found: Findings, each: pd.DataFrame, tasks: list[str]) -> None:
    """Give the panels of one task one axis: their differences are of one kind."""
    for row, task in enumerate(tasks, 1):
        first = tasks.index(task) + 1
        ends = _extent(found, each, task)
        figure.update_xaxes(range=ends, row=row)
        if first != row:
            figure.update_xaxes(matches="x" if first == 1 else f"x{first}", row=row)


def _extent(found: Findings, each: pd.DataFrame, task: str) -> list[float]:
    """Return the ends of the axis of a task: all that is drawn, and a little more.

    The interval of two pairs is tens of times as wide as they lie apart. Such a line leaves the
    panel, or nothing else could be read; its numbers stand beside it.
    """
    contrasts, margin = found.contrasts, found.declaration.contrast.margin
    differences = 100 * each.loc[each["task"] == task, "difference"].to_numpy(dtype=float)
    drawn = np.concatenate([differences, [-margin, margin]])
    reach = WIDEST * np.ptp(drawn)
    ends = 100 * contrasts.loc[contrasts["task"] == task, ["low", "high"]].to_numpy(dtype=float)
    shown = ends[np.isfinite(ends)].clip(drawn.min() - reach, drawn.max() + reach)
    known = np.concatenate([drawn, shown])
    room = 0.04 * np.ptp(known)
    return [known.min() - room, known.max() + room]
