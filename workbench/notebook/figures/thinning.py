"""Long lines with fewer points, so that a saved notebook stays small."""

import numpy as np
import plotly.graph_objects as go

MOST_POINTS = 4000
"""Of all lines of a figure together; a number takes about ten bytes in a notebook."""
FEWEST_BUCKETS = 10
DIGITS = 4
"""Significant ones of a value that is drawn."""


def thinned(figure: go.Figure, most: int = MOST_POINTS) -> go.Figure:
    """Return a copy whose lines have about ``most`` points in all.

    A line that is too long keeps the lowest and the highest point of each of equally many
    neighbouring ones, and its ends: no peak is lost. Its values are rounded to 4 digits. Points
    without a line stay.
    """
    copy = go.Figure(figure)
    lines = [trace for trace in copy.data if "lines" in (trace.mode or "") and not trace.fill]
    if sum(len(line.x) for line in lines) > most:
        buckets = max(FEWEST_BUCKETS, most // (2 * len(lines)))
        for line in lines:
            _thin(line, buckets)
    return copy


def _thin(line: go.Scatter, buckets: int) -> None:
    x, y = np.asarray(line.x), np.asarray(line.y, float)
    kept = extremes(y, buckets)
    if line.customdata is not None:
        line.customdata = np.asarray(line.customdata)[kept]
    line.x, line.y = x[kept], [float(f"{value:.{DIGITS}g}") for value in y[kept]]


def extremes(values: np.ndarray, buckets: int) -> np.ndarray:
    """Return the places of each bucket's lowest and highest value and of both ends, ascending.

    Parameters
    ----------
    values
        ``float [n]``; NaN is neither.
    buckets
        Into how many parts of equal length they are divided. Below two values a part, all stay.
    """
    if len(values) <= 2 * buckets:
        return np.arange(len(values))
    kept = {0, len(values) - 1}
    for part in np.array_split(np.arange(len(values)), buckets):
        known = part[~np.isnan(values[part])]
        if len(known):
            kept |= {known[np.argmin(values[known])], known[np.argmax(values[known])]}
    return np.array(sorted(kept))
