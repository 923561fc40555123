"""What the figures of a study have in common: margins, titles, long names, an empty figure."""

import re
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from workbench.notebook.figures import palette

TOP, BOTTOM, LEFT, RIGHT = 104, 56, 64, 24


LINE = 16
"""Pixels of a line of small text."""


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


def note(title: str, text: str) -> go.Figure:
    """Return an empty figure that says why it is empty."""
    figure = go.Figure(layout=layout_of(title, "", 150))
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(
        text=text, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font_size=15
    )
    return figure


def layout_of(title: str, explanation: str, height: int) -> dict[str, Any]:
    """Return the layout of a figure whose plotting area is so many pixels high."""
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


def label_at_right(
    figure: go.Figure, text: str, height: float, row: int, shift: int = 4, **style: Any
) -> None:
    """Write a label right of a panel of the first column.

    Parameters
    ----------
    figure
        The panels.
    text
        HTML as plotly knows it.
    height
        On the panel's vertical axis.
    row
        Of the panel, from 1.
    shift
        Pixels between panel and label.
    style
        More of a plotly annotation, such as ``font``.
    """
    figure.add_annotation(
        text=text,
        x=1,
        xref="x domain",
        y=height,
        yref="y",
        xanchor="left",
        align="left",
        xshift=shift,
        showarrow=False,
        row=row,
        col=1,
        **style,
    )


def names_in(table: pd.DataFrame, column: str) -> list[str]:
    """Return the different values of a column, in the order in which they first stand there."""
    return list(dict.fromkeys(table[column]))
