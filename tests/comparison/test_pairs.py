import numpy as np
import pandas as pd
import pytest

from tests.comparison.runs import group, together
from workbench.comparison.pairs import COLUMNS, pairs
from workbench.comparison.table import compare

RUNS = together(
    group("baseline", [0.5, 0.6, np.nan], collapsed=[1]),
    group("freeze:6", [0.7, 0.6, 0.8, 0.9]),
    group("freeze:6", [0.1], model="other"),
)


def test_every_pair_has_a_row():
    table = compare(RUNS)
    found = pairs(RUNS, table)
    assert found.columns.tolist() == list(COLUMNS)
    assert found["group"].unique().tolist() == [table["group"][1]]
    assert found["seed"].tolist() == [0, 1, 2]
    assert found["collapsed"].tolist() == [False, True, False]
    assert found["difference"].tolist()[:2] == pytest.approx([0.2, 0.0])
    assert np.isnan(found["difference"][2]) and found["score"][2] == 0.8
    assert table["difference"][1] == pytest.approx(found["difference"].mean())


def test_without_a_baseline_there_is_no_pair():
    alone = RUNS[RUNS["technique"] == "freeze:6"]
    found = pairs(alone, compare(alone))
    assert found.empty and found.columns.tolist() == list(COLUMNS)


def test_without_runs_there_is_nothing():
    nothing = pd.DataFrame(columns=["run", "task", "test"])
    assert pairs(nothing, compare(nothing)).empty
