"""Loss bands: median and range over the runs of each technique."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.notebook.comparing.blocks import first
from workbench.notebook.comparing.legend import add_legend, styles
from workbench.notebook.declaring.study_frame import panels
from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import names_in, note

TITLE = "Training loss"
HEIGHT = 260
MOST = 3
"""Panels: the steps of every run are read for them."""
BINS = 200
"""Of a line; more cannot be told apart."""


def loss_band_figure(losses: pd.DataFrame, left_out: str = "") -> go.Figure:
    """Draw the median of the runs of each technique in the band from the lowest to the highest.

    Parameters
    ----------
    losses
        ``block technique run step loss``, one row a logged step. Where there are more than `BINS`
        steps, neighbouring ones share a bin: its median, its lowest and its highest loss.
    left_out
        What is said of the blocks that are not drawn.
    """
    if losses.empty:
        return note(TITLE, "No finished run here has a log of its steps.")
    blocks = names_in(losses, "block")
    told = "line: median over runs; band: lowest to highest run"
    figure = panels(
        TITLE, "<br>".join(filter(None, [told, left_out])), blocks, [HEIGHT] * len(blocks)
    )
    kinds = styles(names_in(losses, "technique"))
    for row, block in enumerate(blocks, 1):
        here = losses[losses["block"] == block]
        for technique in names_in(here, "technique"):
            curve = binned(here[here["technique"] == technique])
            figure.add_traces(_traces(curve, technique, kinds[technique]), row, 1)
        figure.update_yaxes(title_text="loss", rangemode="tozero", row=row)
    figure.update_xaxes(title_text="step", row=len(blocks))
    add_legend(figure, len(kinds))
    return figure


def drawn_blocks(runs: pd.DataFrame) -> tuple[list[str], str]:
    """Return the blocks whose losses are read and drawn, and what is said of the others."""
    return first(names_in(runs, "block"), MOST)


def binned(losses: pd.DataFrame) -> pd.DataFrame:
    """Return ``step median low high runs`` of each bin of steps."""
    known = losses.dropna(subset="loss")
    width = max(1, -(-int(known["step"].max()) // BINS)) if len(known) else 1
    bins = known.groupby((known["step"] - 1) // width)
    table = bins["loss"].agg(median="median", low="min", high="max")
    return table.assign(step=bins["step"].max(), runs=bins["run"].nunique())


def _traces(curve: pd.DataFrame, technique: str, kind: dict[str, Any]) -> list[go.Scatter]:
    steps, colour = curve["step"].to_numpy(), kind["colour"]
    band = go.Scatter(
        x=np.concatenate([steps, steps[::-1]]),
        y=np.concatenate([curve["high"].to_numpy(), curve["low"].to_numpy()[::-1]]),
        mode="lines",
        fill="toself",
        fillcolor=palette.translucent(colour, palette.BAND_OPACITY / 2),
        line={"color": palette.translucent(colour, palette.BAND_OPACITY), "width": 1},
        hoverinfo="skip",
        name="lowest to highest run",
    )
    median = go.Scatter(
        x=steps,
        y=curve["median"].to_numpy(),
        customdata=curve["runs"].to_numpy(),
        mode="lines",
        name=technique,
        legendgroup=technique,
        line={"color": colour, "width": 2.5, "dash": kind["dash"]},
        hovertemplate="median of %{customdata} runs<br>step %{x}<br>loss %{y:.4g}"
        f"<extra>{technique}</extra>",
    )
    return [band, median]
