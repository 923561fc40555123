"""Techniques that share a panel: told apart by colour and by the kind of line."""

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import plotly.graph_objects as go

from workbench.notebook.declaring.study_frame import SYMBOLS
from workbench.notebook.figures import palette

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
ROW = 22
"""Pixels of a row of the legend, which holds two names on a narrow page."""


def styles(techniques: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return ``colour``, ``dash`` and ``symbol`` of each technique, by their order."""
    colours = palette.colours(techniques)
    kinds = zip(colours, cycle(DASHES), cycle(SYMBOLS), strict=False)
    return {
        name: {"colour": colours[name], "dash": dash, "symbol": symbol}
        for name, dash, symbol in kinds
    }


def add_legend(figure: go.Figure, entries: int) -> None:
    """Put a legend below the figure, in room of its own, each name once.

    Parameters
    ----------
    figure
        Its traces with an entry have a ``legendgroup``.
    entries
        How many names there are.
    """
    seen: set[str] = set()
    for trace in figure.data:
        group = trace.legendgroup
        trace.showlegend = bool(group) and group not in seen
        seen.add(group)
    room = ROW * -(-entries // 2) + ROW
    layout = figure.layout
    figure.update_layout(
        showlegend=True,
        height=layout.height + room,
        margin_b=layout.margin.b + room,
        legend={
            "orientation": "h",
            "yref": "container",
            "y": 0.0,
            "yanchor": "bottom",
            "x": 0.0,
            "xanchor": "left",
            "itemclick": False,
            "itemdoubleclick": False,
        },
    )
