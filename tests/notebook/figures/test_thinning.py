import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.notebook.figures.thinning import FEWEST_BUCKETS, extremes, thinned

VALUES = st.lists(st.floats(-1e3, 1e3) | st.just(np.nan), min_size=1, max_size=200)


@given(VALUES, st.integers(1, 30))
def test_no_peak_is_lost(values, buckets):
    values = np.array(values)
    kept = extremes(values, buckets)
    assert (np.diff(kept) > 0).all() and kept[0] == 0 and kept[-1] == len(values) - 1
    assert len(kept) <= max(2 * buckets + 2, 0)
    if not np.isnan(values).all():
        assert np.nanmin(values[kept]) == np.nanmin(values)
        assert np.nanmax(values[kept]) == np.nanmax(values)


def test_extremes_by_hand():
    values = np.array([3.0, 9.0, 1.0, 5.0, np.nan, 4.0, 8.0, 7.0])
    np.testing.assert_array_equal(extremes(values, 2), [0, 1, 2, 5, 6, 7])


def test_a_short_figure_stays_as_it_is():
    figure = go.Figure(go.Scatter(x=[1, 2], y=[0.123456, 2], mode="lines"))
    assert thinned(figure) == figure


def test_a_long_line_is_thinned_with_what_belongs_to_its_points():
    steps = np.arange(10_000)
    long = go.Scatter(x=steps, y=np.sin(steps) / 3, customdata=steps, mode="lines")
    points = go.Scatter(x=steps[:5000], y=steps[:5000], mode="markers")
    figure = go.Figure([long, points])
    line, dots = thinned(figure, 400).data
    assert 200 <= len(line.x) <= 402
    np.testing.assert_array_equal(line.x, line.customdata)
    np.testing.assert_allclose(line.y, np.sin(line.x) / 3, rtol=1e-3)
    assert len(dots.x) == 5000
    assert len(figure.data[0].x) == 10_000


def test_many_lines_keep_a_shape():
    lines = [go.Scatter(x=np.arange(100), y=np.arange(100), mode="lines") for _ in range(50)]
    found = thinned(go.Figure(lines), 10)
    assert {len(line.x) for line in found.data} == {2 * FEWEST_BUCKETS}


@pytest.mark.parametrize("mode", ["lines", "lines+markers"])
def test_a_band_keeps_its_outline(mode):
    band = go.Scatter(x=np.arange(100), y=np.arange(100), mode=mode, fill="toself")
    assert len(thinned(go.Figure(band), 10).data[0].x) == 100
