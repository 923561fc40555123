"""What a setting does to the score: everything else the same, learning rate or size of the data."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from workbench.analysis.summary import metric_title
from workbench.comparison.groups import setting_names
from workbench.notebook.comparing.blocks import first
from workbench.notebook.comparing.legend import add_legend, styles
from workbench.notebook.comparing.points import means
from workbench.notebook.declaring.study_frame import panels
from workbench.notebook.figures import palette
from workbench.notebook.figures.frame import names_in, note
from workbench.tasks.catalogue import shown

HEIGHT = 270
_TITLES = {"learning_rate": "Learning rate", "train_size": "Learning curves"}
_AXES = {
    "learning_rate": "learning rate (logarithmic)",
    "train_size": "training examples, or documents where a task has them (logarithmic)",
}
_NOT_SHARED = {"learning_rate": ("max_steps",), "train_size": ("subset_seed",)}
"""Settings that follow from the one that is looked at, or are drawn anew with it."""


def sensitivity_figure(runs: pd.DataFrame, setting: str, split: str = "test") -> go.Figure:
    """Draw the mean score and its 95% interval over the values of one setting.

    Parameters
    ----------
    runs
        As `workbench.notebook.comparing.blocks.arranged` returns them.
    setting
        ``"learning_rate"`` or ``"train_size"``, whose 0 is all of the data.
    split
        ``"dev"`` or ``"test"``.

    Returns
    -------
    plotly.graph_objects.Figure
        A panel for what is the same in everything but this setting and the technique.
    """
    known = _placed(runs.dropna(subset=split), setting) if len(runs) else runs
    if known.empty:
        words = setting.replace("_", " ")
        return note(_TITLES[setting], f"No technique was run with two values of {words} here.")
    places, left_out = first(names_in(known, "place"))
    told = "line: mean; bar: its 95% interval"
    figure = panels(
        f"{_TITLES[setting]}, on {split}",
        "<br>".join(filter(None, [told, left_out])),
        places,
        [HEIGHT] * len(places),
    )
    kinds = styles(names_in(known, "technique"))
    for row, place in enumerate(places, 1):
        _add_panel(figure, known[known["place"] == place], setting, split, kinds, row)
    figure.update_xaxes(title_text=_AXES[setting], row=len(places))
    add_legend(figure, len(kinds))
    return figure


def _placed(runs: pd.DataFrame, setting: str) -> pd.DataFrame:
    """Keep what was run with several values of a setting, and name its panel."""
    left = {setting, "block", "technique", *_NOT_SHARED[setting]}
    same = [name for name in setting_names(runs) if name not in left]
    panel = runs.groupby(same, sort=False, dropna=False).ngroup()
    of_line = [panel, runs["technique"]]
    kept = runs.groupby(of_line, sort=False)[setting].transform("nunique") > 1
    named = runs[kept].assign(place=panel[kept]).drop_duplicates("place").set_index("place")
    names = named["task"].map(shown) + ", " + named["model"]
    again = names.groupby(names).cumcount()
    numbered = names.where(again.eq(0), names + " (" + (again + 1).astype(str) + ")")
    return runs[kept].assign(place=panel[kept].map(numbered))


def _add_panel(
    figure: go.Figure,
    runs: pd.DataFrame,
    setting: str,
    split: str,
    kinds: dict[str, dict[str, Any]],
    row: int,
) -> None:
    values = _positions(runs[setting])
    span = max(values.values()) - min(values.values())
    techniques = names_in(runs, "technique")
    for number, technique in enumerate(techniques):
        here = runs[runs["technique"] == technique].assign(model=lambda of: of[setting])
        found = means(here, split).sort_values("model", key=lambda of: of.map(values))
        # Intervals of two techniques would lie upon each other.
        shift = 0.015 * span * (number - (len(techniques) - 1) / 2)
        at = found["model"].map(values).to_numpy(dtype=float) + shift
        figure.add_trace(_line(found, at, technique, kinds[technique]), row, 1)
    names = ["all" if setting == "train_size" and not value else f"{value:g}" for value in values]
    ticks = {"tickvals": list(values.values()), "ticktext": names}
    figure.update_xaxes(range=_ends(values, span), **ticks, row=row)
    title = f"{split} {metric_title(runs['metric'].iloc[0])}"
    figure.update_yaxes(title_text=title, row=row)


def _positions(values: pd.Series) -> dict[float, float]:
    """Return where values stand: by doublings, and all of the data one after the largest size."""
    sizes = sorted(value for value in values.unique() if value)
    places = {value: float(np.log2(value)) for value in sizes}
    return places | ({0: places[sizes[-1]] + 1} if (values == 0).any() else {})


def _ends(values: dict[float, float], span: float) -> list[float]:
    return [min(values.values()) - 0.08 * span, max(values.values()) + 0.08 * span]


def _line(found: pd.DataFrame, at: np.ndarray, technique: str, kind: dict[str, Any]) -> go.Scatter:
    mean, low, high = (100 * found[name].to_numpy(dtype=float) for name in ("mean", "low", "high"))
    return go.Scatter(
        x=at,
        y=mean,
        customdata=found["model"].to_numpy(),
        mode="lines+markers",
        name=technique,
        legendgroup=technique,
        line={"color": kind["colour"], "width": 2.5, "dash": kind["dash"]},
        marker={"color": kind["colour"], "size": 8, "symbol": kind["symbol"]},
        error_y={
            "type": "data",
            "array": np.nan_to_num(high - mean),
            "arrayminus": np.nan_to_num(mean - low),
            "symmetric": False,
            "color": palette.translucent(kind["colour"], palette.SEED_OPACITY),
            "thickness": 1.5,
            "width": 4,
        },
        hovertemplate=f"%{{customdata:g}}<br>mean %{{y:.1f}}<extra>{technique}</extra>",
    )
