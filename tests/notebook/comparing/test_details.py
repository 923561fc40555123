import numpy as np

from tests.comparison.frames import table
from workbench.notebook.comparing.details import COLUMNS, details

KNOWN = {
    "difference": 0.05,
    "items_low": -0.02,
    "items_high": 0.12,
    "learned": 0.81,
    "learned_low": 0.8,
    "learned_high": 0.82,
    "iqm": 0.805,
    "improvement": 0.9,
    "improvement_low": 0.555,
    "improvement_high": 0.997,
    "correlation": -0.25,
    "sd_ratio": 0.5,
    "sd_ratio_low": 0.3,
    "sd_ratio_high": 0.8,
    "stochastic_order": 0.1,
    "stochastic_order_error": 0.04,
}


def test_every_number_stands_beside_its_interval_or_error():
    [row] = details(table(KNOWN)).to_numpy().tolist()
    assert row == [
        "freeze:6",
        "+5.0 [-2.0, +12.0]",
        "81.0 [80.0, 82.0]",
        "80.5",
        "90.0 [55.5, 99.7]",
        "-0.25",
        "0.50 [0.30, 0.80]",
        "0.10 (0.04)",
    ]


def test_what_is_not_known_is_left_empty():
    unknown = {name: np.nan for name in KNOWN if name != "difference"}
    [row] = details(table(unknown)).to_numpy().tolist()
    assert row[1:] == [""] * (len(COLUMNS) - 3)


def test_limits_that_exclude_nothing_are_left_out():
    [row] = details(table(KNOWN | {"sd_ratio_low": 0.0, "sd_ratio_high": np.inf})).to_numpy()
    assert row[6] == "0.50"


def test_where_there_are_several_places_each_is_named():
    other = {"group": "other", "settings": "learning_rate 0.0001"}
    found = details(table(KNOWN, KNOWN | other))
    assert list(found["on"]) == [
        "hoc with pubmedbert",
        "hoc with pubmedbert (learning_rate 0.0001)",
    ]
    assert "against" not in found


def test_a_table_without_contrasts_has_no_details():
    assert details(table()).empty
