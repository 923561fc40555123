"""The score that the best of n runs is expected to have."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.analysis.best_of import best_curve
from workbench.analysis.summary import metric_title
from workbench.notebook.comparing.blocks import first
from workbench.notebook.comparing.legend import add_legend, styles
from workbench.notebook.declaring.study_frame import panels
from workbench.notebook.figures.frame import names_in, note
from workbench.notebook.results.curves import MOST_SINGLE_TICKS

TITLE = "Expected best of n runs"
HEIGHT = 260


def best_of_figure(runs: pd.DataFrame, split: str = "test") -> go.Figure:
    """Draw the expected highest score over the number of runs, a line a technique.

    Parameters
    ----------
    runs
        As `workbench.notebook.comparing.blocks.arranged` returns them.
    split
        ``"dev"`` or ``"test"``.
    """
    known = runs.dropna(subset=split)
    counts = known.groupby("block", sort=False)["group"].agg(lambda of: of.value_counts().max())
    several = [str(block) for block in counts.index[counts > 1]]
    if not several:
        return note(TITLE, "No technique has two runs with a score.")
    blocks, left_out = first(several)
    told = "of n runs drawn with replacement from those that are there (Dodge et al. 2019)"
    explanation = "<br>".join(filter(None, [told, left_out]))
    figure = panels(TITLE, explanation, blocks, [HEIGHT] * len(blocks))
    kinds = styles(names_in(known, "technique"))
    for row, block in enumerate(blocks, 1):
        here = known[known["block"] == block]
        for technique in names_in(here, "technique"):
            found = here.loc[here["technique"] == technique, split]
            figure.add_trace(_line(found, technique, kinds[technique]), row, 1)
        title = f"{split} {metric_title(here['metric'].iloc[0])}"
        figure.update_yaxes(title_text=title, row=row)
    figure.update_xaxes(title_text="runs", row=len(blocks))
    figure.update_xaxes(tickformat="d", dtick=1 if counts.max() <= MOST_SINGLE_TICKS else None)
    add_legend(figure, len(kinds))
    return figure


def _line(scores: pd.Series, technique: str, kind: dict[str, Any]) -> go.Scatter:
    curve = 100 * best_curve(scores)
    return go.Scatter(
        x=np.arange(1, len(curve) + 1),
        y=curve,
        mode="lines+markers",
        name=technique,
        legendgroup=technique,
        line={"color": kind["colour"], "width": 2.5, "dash": kind["dash"]},
        marker={"color": kind["colour"], "size": 6, "symbol": kind["symbol"]},
        hovertemplate=f"best of %{{x}}: %{{y:.1f}}<extra>{technique}</extra>",
    )
