"""A forest plot: each contrast's difference with its interval, decided ones filled."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.analysis.summary import with_interval
from workbench.notebook.comparing.blocks import first
from workbench.notebook.declaring.study_frame import panels
from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import LINE, names_in, note, wrap

TITLE = "Difference to the baseline"
LEAST, MOST = 2, 30
"""Lines of text that a contrast has room for, and how many contrasts are drawn."""
DECIDED = ("better", "worse", "identical")
_SIDES = {"l": 170, "r": 150}
_WIDEST = 1.5


def forest_figure(table: pd.DataFrame) -> go.Figure:
    """Draw the difference of each contrast with its interval, a panel a technique.

    Parameters
    ----------
    table
        As `workbench.comparison.table.compare` returns it, with the column ``block``.
    """
    known = table[table["difference"].notna() & table["baseline"].notna()]
    if known.empty:
        return note(TITLE, "No technique has a baseline with the same settings and seeds.")
    groups, left_out = first(list(known["group"]), MOST)
    known = known[known["group"].isin(groups)]
    told = "filled: decided; hollow: undecided; line: the interval at which it was tested"
    techniques = names_in(known, "technique")
    parts = [known[known["technique"] == technique] for technique in techniques]
    lines = [_label(block).count("<br>") + 1 for block in known["block"]]
    row = LINE * (1 + max(LEAST, *lines))
    figure = panels(
        TITLE,
        "<br>".join(filter(None, [told, left_out])),
        techniques,
        [row * (len(part) + 1) for part in parts],
    )
    figure.update_layout(margin=_SIDES)
    colours, ends = palette.colours(names_in(table, "technique")), _ends(known)
    for row, part in enumerate(parts, 1):
        _add_panel(figure, part, colours, row)
        figure.update_xaxes(range=ends, row=row)
    words = "points (score \N{MULTIPLICATION SIGN}100)"
    figure.update_xaxes(title_text=words, row=len(parts))
    return figure


def _add_panel(figure: go.Figure, part: pd.DataFrame, colours: Mapping[str, str], row: int) -> None:
    count = len(part)
    zero = go.Scatter(
        x=np.zeros(2),
        y=np.array([-0.6, count - 0.4]),
        mode="lines",
        line={"color": palette.TEXT, "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
        name="no difference",
    )
    figure.add_trace(zero, row, 1)
    for height, contrast in enumerate(part.to_dict("records")[::-1]):
        figure.add_traces(list(_traces(contrast, height, colours[contrast["technique"]])), row, 1)
        _add_words(figure, contrast, height, row)
    figure.update_yaxes(
        tickvals=list(range(count)),
        ticktext=[_label(block) for block in part["block"][::-1]],
        range=[-0.6, count - 0.4],
        showgrid=False,
        row=row,
    )


def _label(block: str) -> str:
    return wrap(block, 26)


def _traces(contrast: Mapping[Any, Any], height: int, colour: str) -> Iterator[go.Scatter]:
    name, verdict = contrast["technique"], str(contrast["verdict"])
    limits = 100 * np.array([contrast["difference_low"], contrast["difference_high"]], dtype=float)
    if np.isfinite(limits).all():
        yield go.Scatter(
            x=limits,
            y=np.full(2, height),
            mode="lines",
            line={"color": colour, "width": 3},
            name=f"{name}, interval",
            hovertemplate=f"%{{x:+.1f}}<extra>{name}, interval</extra>",
        )
    filled = verdict in DECIDED
    yield go.Scatter(
        x=np.array([100 * contrast["difference"]]),
        y=np.array([height]),
        mode="markers",
        name=name,
        marker={
            "color": colour,
            "size": 11,
            "symbol": "diamond" if filled else "diamond-open",
            "line": {"color": colour, "width": 2},
        },
        hovertemplate=f"%{{x:+.1f}}<br>{verdict}<extra>{name}</extra>",
    )


def _add_words(figure: go.Figure, contrast: Mapping[Any, Any], height: int, row: int) -> None:
    limits = (contrast["difference_low"], contrast["difference_high"])
    numbers = with_interval(contrast["difference"], *limits, signed=True)
    figure.add_annotation(
        text=f"<b>{contrast['verdict']}</b><br>{numbers}",
        x=1,
        xref="x domain",
        y=height,
        yref="y",
        xanchor="left",
        align="left",
        xshift=8,
        showarrow=False,
        row=row,
        col=1,
    )


def _ends(table: pd.DataFrame) -> list[float]:
    """Return the ends of the axis; the interval of a few pairs may leave it, or hide all others."""
    means = np.append(100 * table["difference"].to_numpy(dtype=float), 0.0)
    limits = 100 * table[["difference_low", "difference_high"]].to_numpy(dtype=float).ravel()
    reach = max(_WIDEST * np.ptp(means), 1.0)
    shown = limits[np.isfinite(limits)].clip(means.min() - reach, means.max() + reach)
    known = np.concatenate([means, shown])
    room = 0.05 * np.ptp(known)
    return [known.min() - room, known.max() + room]
