"""How much of the spread new weights, data order and dropout make, where seeds are crossed."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.analysis.components import of_runs
from workbench.analysis.seeds import is_crossed
from workbench.errors import WorkbenchError
from workbench.notebook.comparing.blocks import first
from workbench.notebook.declaring.study_frame import panels
from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import note, wrap

TITLE = "What makes the spread"
_ROW, _LEFT = 40, 110


def parts_figure(runs: pd.DataFrame, split: str = "test") -> go.Figure:
    """Draw the share of each kind of seed in the variance, with its interval, a panel a group.

    Parameters
    ----------
    runs
        As `workbench.notebook.comparing.blocks.arranged` returns them.
    split
        ``"dev"`` or ``"test"``.
    """
    found = dict(_decomposed(runs, split))
    if not found:
        return note(TITLE, "No group here has crossed seeds, which tell what each kind makes.")
    names, left_out = first(list(found))
    told = "diamond: share of the variance; line: its 95% interval"
    heights = [_ROW * len(found[name]) for name in names]
    explanation = "<br>".join(filter(None, [told, left_out]))
    figure = panels(TITLE, explanation, [wrap(name, 60) for name in names], heights)
    figure.update_layout(margin_l=_LEFT)
    for row, name in enumerate(names, 1):
        _add_panel(figure, found[name], row)
    figure.update_xaxes(title_text="% of the variance", row=len(names))
    return figure


def _decomposed(runs: pd.DataFrame, split: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the name and the variance components of each group whose seeds are crossed."""
    for _, group in runs.groupby("group", sort=False):
        if not is_crossed(group):
            continue
        try:
            parts = of_runs(group, split)
        except WorkbenchError:
            # An undefined score, or too few runs: there is nothing to draw of this group.
            continue
        if parts["share"].notna().any():
            yield f"{group['block'].iloc[0]}, {group['technique'].iloc[0]}", parts


def _add_panel(figure: go.Figure, parts: pd.DataFrame, row: int) -> None:
    colour = palette.COLOURS[0]
    for height, part in enumerate(parts.to_dict("records")[::-1]):
        ends = 100 * np.array([part["low"], part["high"]], dtype=float)
        if np.isfinite(ends).all():
            figure.add_trace(_interval(ends, height, colour, part["source"]), row, 1)
        figure.add_trace(_share(part["share"], height, colour, part["source"]), row, 1)
    figure.update_xaxes(range=[-3, 103], row=row)
    figure.update_yaxes(
        tickvals=list(range(len(parts))),
        ticktext=list(parts["source"])[::-1],
        range=[-0.6, len(parts) - 0.4],
        showgrid=False,
        row=row,
    )


def _interval(ends: np.ndarray, height: int, colour: str, source: str) -> go.Scatter:
    return go.Scatter(
        x=ends,
        y=np.full(2, height),
        mode="lines",
        name=f"{source}, interval",
        line={"color": colour, "width": 3},
        hovertemplate=f"%{{x:.0f}}%<extra>{source}, interval</extra>",
    )


def _share(share: float, height: int, colour: str, source: str) -> go.Scatter:
    return go.Scatter(
        x=np.array([100 * share]),
        y=np.array([height]),
        mode="markers",
        name=source,
        marker={"color": colour, "size": 11, "symbol": "diamond"},
        hovertemplate=f"%{{x:.0f}}%<extra>{source}</extra>",
    )
