"""The report's figure."""

import io

import pytest
from matplotlib.image import imread

from tests.benchmark.sample import (
    ALONE,
    FAILED,
    PEERS,
    PRECISION,
    SCALING,
    SIDE,
    comparison,
    results,
)
from workbench.benchmark import figure


@pytest.mark.parametrize(
    ("values", "panels"),
    [
        ({"comparisons": [comparison([*PEERS, ALONE, SIDE])]}, 2),
        ({"scaling": SCALING}, 2),
        ({"precision": PRECISION}, 1),
        ({"comparisons": [comparison([*PEERS, FAILED])], "scaling": SCALING}, 4),
    ],
)
def test_the_figure_has_a_panel_for_each_measurement(values, panels):
    height, width, _ = imread(io.BytesIO(figure.draw(results(**values)))).shape
    assert (width, height) == (panels * 690, 540)


def test_without_measurements_there_is_no_figure():
    assert figure.draw(results()) is None
