"""What a comparison knows of each contrast beside the difference and its verdict."""

import numpy as np
import pandas as pd

from workbench.analysis.summary import percent, with_interval
from workbench.comparison.sentence import Row
from workbench.comparison.verdicts import contrast_rows, place

COLUMNS = (
    "technique",
    "against",
    "on",
    "on new items [interval]",
    "mean of runs that learned [95%]",
    "interquartile mean",
    "chance of a gain, % [95%]",
    "correlation of pairs",
    "ratio of sds [interval]",
    "stochastic order (error)",
)


def details(table: pd.DataFrame) -> pd.DataFrame:
    """Format what each contrast shows for reading: strings only, empty where it is not known.

    Parameters
    ----------
    table
        From `workbench.comparison.table.compare`.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, one row a contrast; where all are on one task with one model and one baseline,
        those are left out. The interval on new items has the level at which the
        difference was tested. Stochastic order is a description alone: 0 where the technique is
        above its baseline at every quantile, 1 where it is below
        (`workbench.analysis.stochastic_order`).
    """
    found = pd.DataFrame(map(_row, contrast_rows(table)), columns=list(COLUMNS))
    return found.drop(columns=[name for name in _SAME if found[name].nunique() < 2])


_SAME = ("against", "on")


def _row(row: Row) -> dict[str, str]:
    learned = (row["learned"], row["learned_low"], row["learned_high"])
    gain = (row["improvement"], row["improvement_low"], row["improvement_high"])
    new = (row["difference"], row["items_low"], row["items_high"])
    cells = (
        row["technique"],
        row["baseline_technique"],
        place(row),
        with_interval(*new, signed=True) if np.isfinite(row["items_low"]) else "",
        with_interval(*learned) if np.isfinite(row["learned"]) else "",
        percent(row["iqm"]) if np.isfinite(row["iqm"]) else "",
        with_interval(*gain) if np.isfinite(row["improvement"]) else "",
        _number(row["correlation"]),
        _ratio(row["sd_ratio"], row["sd_ratio_low"], row["sd_ratio_high"]),
        _with_error(row["stochastic_order"], row["stochastic_order_error"]),
    )
    return dict(zip(COLUMNS, cells, strict=True))


def _number(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else ""


def _ratio(value: float, low: float, high: float) -> str:
    ends = f" [{low:.2f}, {high:.2f}]" if np.isfinite([low, high]).all() else ""
    return _number(value) + ends if np.isfinite(value) else ""


def _with_error(value: float, error: float) -> str:
    return f"{value:.2f} ({error:.2f})" if np.isfinite(value) else ""
