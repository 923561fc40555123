"""Learning curves of a declared study: scores over the size of the training set."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.analysis.summary import metric_title
from workbench.notebook.declaring.study_frame import LINE_OF_TEXT, SYMBOLS, apart, panels, points
from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import label_at_right
from workbench.protocol.learning_curves import learning_curves
from workbench.protocol.report import Findings

HEIGHT = 330
"""Pixels of a task."""

LABELS = 170
"""Pixels right of the curves, for the names of the arms."""

STEP = 0.035
"""Between the points of two arms: a share of the axis."""


def curve_figure(found: Findings) -> go.Figure | None:
    """Draw the mean score of each arm over the logarithm of the size; None where no task has two.

    A panel a task. The band is one standard deviation either side, over seeds, or over the means of
    subsets where several were drawn; every run is a point.
    """
    evidence = found.evidence
    curves = learning_curves(
        found.runs, found.declaration, evidence.training_units if evidence else {}
    )
    if curves.empty:
        return None
    tasks = list(dict.fromkeys(curves["task"]))
    figure = panels(
        "Learning curves, on test", _explanation(curves), tasks, [HEIGHT for _ in tasks]
    )
    figure.update_layout(margin_r=LABELS)
    for row, task in enumerate(tasks, 1):
        _add_task(figure, found, curves[curves["task"] == task], row)
        if evidence and task in evidence.constants:
            _add_constant(figure, curves[curves["task"] == task], evidence.constants[task], row)
    words = "training examples, or documents where a task has them (logarithmic)"
    figure.update_xaxes(title_text=words, row=len(tasks))
    return figure


def _explanation(curves: pd.DataFrame) -> str:
    over = {
        "seeds": "seeds",
        "subsets": "the subsets drawn, the seeds of each averaged",
        "seeds subsets": "seeds; where several subsets were drawn, over these, the seeds averaged",
    }
    return (
        "line: mean; right of it: every run; cross: collapsed, but counted"
        f"<br>band: one standard deviation over {over[' '.join(sorted(set(curves['unit'])))]}"
    )


def _add_task(figure: go.Figure, found: Findings, curves: pd.DataFrame, row: int) -> None:
    task = curves["task"].iloc[0]
    runs = found.runs[found.runs["task"] == task]
    arms = list(found.declaration.arms)
    colours = palette.colours(arms)
    span = np.ptp(np.log2(curves["examples"].to_numpy(dtype=float)))
    for number, (arm, symbol) in enumerate(zip(arms, cycle(SYMBOLS), strict=False)):
        curve = curves[curves["arm"] == arm]
        shift = (number + 1) * STEP * span
        traces = [
            _band(curve, colours[arm]),
            _run_points(runs[runs["arm"] == arm], curve, shift, colours[arm], symbol),
            _mean(curve, colours[arm], symbol),
        ]
        figure.add_traces(traces, row, 1)
    _label_sizes(figure, curves, span, len(arms), row)
    _label_arms(figure, curves, colours, row)
    figure.update_yaxes(title_text=f"test {metric_title(runs['metric'].iloc[0])}", row=row)


def _at(examples: pd.Series) -> np.ndarray:
    """Return where sizes stand: the axis counts doublings, so that every viewer draws it alike."""
    return np.log2(examples.to_numpy(dtype=float))


def _band(curve: pd.DataFrame, colour: str) -> go.Scatter:
    known = curve.dropna(subset=["mean", "sd"])
    at = _at(known["examples"])
    mean, sd = (100 * known[name].to_numpy(dtype=float) for name in ("mean", "sd"))
    return go.Scatter(
        x=np.concatenate([at, at[::-1]]),
        y=np.concatenate([mean + sd, (mean - sd)[::-1]]),
        mode="lines",
        fill="toself",
        fillcolor=palette.translucent(colour, palette.BAND_OPACITY / 2),
        line={"color": palette.translucent(colour, palette.SEED_OPACITY / 2), "width": 1},
        hoverinfo="skip",
        name="one standard deviation",
    )


def _run_points(
    runs: pd.DataFrame, curve: pd.DataFrame, shift: float, colour: str, symbol: str
) -> go.Scatter:
    examples = curve.set_index("train_size")["examples"]
    shown = runs[runs["train_size"].isin(examples.index)].dropna(subset="test")
    names = [
        f"seed {seed}" + (f", subset {subset}" if size else "")
        for seed, subset, size in zip(
            shown["seed"], shown["subset_seed"], shown["train_size"], strict=True
        )
    ]
    return go.Scatter(
        x=_at(shown["train_size"].map(examples)) + shift,
        y=100 * shown["test"].to_numpy(dtype=float),
        customdata=np.array(names),
        mode="markers",
        name=f"{curve['arm'].iloc[0]}, runs",
        marker=points(colour, shown["collapsed"].eq(True).to_numpy(), symbol) | {"opacity": 0.6},
        hovertemplate=f"%{{customdata}}<br>%{{y:.1f}}<extra>{curve['arm'].iloc[0]}</extra>",
    )


def _mean(curve: pd.DataFrame, colour: str, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=_at(curve["examples"]),
        y=100 * curve["mean"].to_numpy(dtype=float),
        customdata=curve[["examples", "count", "unit"]].to_numpy(),
        mode="lines+markers",
        name=curve["arm"].iloc[0],
        line={"color": colour, "width": 3},
        marker={"color": colour, "size": 9, "symbol": symbol},
        hovertemplate="%{customdata[0]} to train<br>mean %{y:.1f} of %{customdata[1]} "
        f"%{{customdata[2]}}<extra>{curve['arm'].iloc[0]}</extra>",
    )


def _add_constant(figure: go.Figure, curves: pd.DataFrame, score: float, row: int) -> None:
    """Draw what the best constant answer scores."""
    at = _at(curves["examples"])
    figure.add_trace(
        go.Scatter(
            x=np.array([at.min(), at.max()]),
            y=np.full(2, 100 * score),
            mode="lines",
            name="best constant answer",
            line={"color": palette.TEXT, "width": 1.5, "dash": "dash"},
            hovertemplate="%{y:.1f}<extra>best constant answer</extra>",
        ),
        row,
        1,
    )
    _label(figure, "best constant answer", 100 * score, 0, palette.TEXT, row)


def _label_sizes(figure: go.Figure, curves: pd.DataFrame, span: float, arms: int, row: int) -> None:
    sizes = curves.drop_duplicates("examples")
    texts = [
        f"{examples}<br>(all)" if size == 0 else str(examples)
        for examples, size in zip(sizes["examples"], sizes["train_size"], strict=True)
    ]
    at = _at(sizes["examples"])
    figure.update_xaxes(
        tickvals=at,
        ticktext=texts,
        range=[at.min() - STEP * span, at.max() + (arms + 1) * STEP * span],
        row=row,
    )


def _label_arms(
    figure: go.Figure, curves: pd.DataFrame, colours: Mapping[str, str], row: int
) -> None:
    """Write each arm at the end of its curve; names that would overlap are moved apart."""
    ends = curves.dropna(subset="mean").drop_duplicates("arm", keep="last").sort_values("mean")
    heights = 100 * ends["mean"].to_numpy(dtype=float)
    scores = 100 * pd.concat([curves["mean"] + curves["sd"], curves["mean"] - curves["sd"]])
    pixel = HEIGHT / max(np.ptp(scores.dropna()), 1.0) if len(scores.dropna()) else 1.0
    shifts = apart(heights * pixel, LINE_OF_TEXT) - heights * pixel
    for arm, height, shift in zip(ends["arm"], heights, shifts, strict=True):
        _label(figure, arm, height, shift, colours[arm], row)


def _label(figure: go.Figure, text: str, y: float, shift: float, colour: str, row: int) -> None:
    font = {"color": colour, "size": palette.SMALL}
    label_at_right(figure, text, y, row, shift=6, yshift=shift, font=font)
