"""What the figures of a declared study have in common: panels, names of places, points of runs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import layout_of

SYMBOLS = ("circle", "square", "diamond", "triangle-up")
"""Of the arms: they are not told apart by colour alone."""

LINE_OF_TEXT = 17
"""Pixels between two names beside each other, at least."""

GAP = 74
"""Pixels between two rows of panels, room for axis and title."""


def panels(
    title: str, explanation: str, titles: Sequence[str], heights: Sequence[float], columns: int = 1
) -> go.Figure:
    """Return an empty figure with titled panels.

    Parameters
    ----------
    title, explanation
        Of the figure.
    titles
        Of the panels, row by row.
    heights
        Of the rows, pixels.
    columns
        Panels of a row.
    """
    height = sum(heights) + GAP * (len(heights) - 1)
    figure = make_subplots(
        len(heights),
        columns,
        row_heights=list(heights),
        subplot_titles=list(titles),
        vertical_spacing=GAP / height if len(heights) > 1 else 0,
        horizontal_spacing=0.06 if columns > 1 else 0,
    )
    figure.update_layout(layout_of(title, explanation, int(height)))
    figure.update_annotations(font_size=palette.FONT_SIZE, yshift=2)
    return figure


def apart(places: Sequence[float] | np.ndarray, least: float) -> np.ndarray:
    """Move rising places apart, as little upwards as is needed.

    Examples
    --------
    >>> apart([0.0, 1.0, 10.0], 4).tolist()
    [0.0, 4.0, 10.0]
    """
    moved = np.array(places, dtype=float)
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + least)
    return moved


def place(task: str, train_size: int) -> str:
    """Name a task and the size of its training set.

    Examples
    --------
    >>> place("hoc", 64), place("biosses", 0)
    ('hoc, 64 to train', 'biosses, all to train')
    """
    return f"{task}, {train_size or 'all'} to train"


def points(colour: str, collapsed: np.ndarray, symbol: str = "circle") -> dict[str, Any]:
    """Return the markers of runs: collapsed ones are crosses."""
    return {
        "color": colour,
        "size": np.where(collapsed, 10, 7),
        "symbol": np.where(collapsed, "x-thin", symbol),
        "opacity": 0.7,
        "line": {"color": colour, "width": np.where(collapsed, 2.5, 0)},
    }


def strip(count: int, width: float) -> np.ndarray:
    """Spread points evenly over a strip about 0, ``float [count]``."""
    return np.linspace(-width / 2, width / 2, count) if count > 1 else np.zeros(count)
