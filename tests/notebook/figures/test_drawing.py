import io

import numpy as np
import plotly.graph_objects as go
import pytest
from matplotlib.image import imread
from plotly.subplots import make_subplots

from workbench.notebook.figures import drawing


def pixels(figure, width=300, height=200, scale=1):
    """Draw a figure and return ``[height, width, 3]`` between 0 and 1."""
    return imread(io.BytesIO(drawing.draw(figure, width, height, scale)))[..., :3]


def share(image, colour):
    """Return the share of pixels of a colour, ``#rrggbb``."""
    wanted = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return float((np.abs(image - wanted).max(axis=-1) < 0.02).mean())


def bare(*traces, **layout):
    margin = dict.fromkeys("lrtb", 0)
    axis = {"visible": False, "range": [0, 1]}
    return go.Figure(
        list(traces), {"margin": margin, "xaxis": axis, "yaxis": axis, "template": None} | layout
    )


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("#0072B2", (0, 114 / 255, 178 / 255, 1)),
        ("rgba(255, 0, 51, 0.25)", (1, 0, 0.2, 0.25)),
        ("rgb(255,255,255)", (1, 1, 1, 1)),
        ("white", (1, 1, 1, 1)),
    ],
)
def test_colour(css, expected):
    assert drawing.colour(css) == pytest.approx(expected)


@pytest.mark.parametrize("scale", [1, 2])
def test_size(scale):
    assert pixels(bare(), scale=scale).shape == (200 * scale, 300 * scale, 3)


def test_an_empty_page_is_white():
    assert share(pixels(bare()), "#ffffff") == 1


def test_a_filled_polygon_covers_its_area():
    half = go.Scatter(
        x=[0, 0.5, 0.5, 0], y=[0, 0, 1, 1], fill="toself", fillcolor="#0072B2", mode="none"
    )
    image = pixels(bare(half))
    assert share(image, "#0072B2") == pytest.approx(0.5, abs=0.02)
    assert share(image[:, :140], "#0072B2") > 0.98


def test_a_band_between_two_lines():
    low = go.Scatter(x=[0, 1], y=[0.25, 0.25], mode="lines", line_color="#ffffff")
    high = go.Scatter(x=[0, 1], y=[0.75, 0.75], mode="none", fill="tonexty", fillcolor="#009E73")
    assert share(pixels(bare(low, high)), "#009E73") == pytest.approx(0.5, abs=0.03)


def test_line_width_is_in_pixels():
    line = go.Scatter(x=[0, 1], y=[0.5, 0.5], mode="lines", line={"color": "#D55E00", "width": 10})
    assert share(pixels(bare(line)), "#D55E00") == pytest.approx(10 / 200, abs=0.012)


def test_a_dashed_line_leaves_gaps():
    settings = {"color": "#D55E00", "width": 10}
    line = go.Scatter(x=[0, 1], y=[0.5, 0.5], mode="lines", line=settings | {"dash": "dash"})
    assert 0.01 < share(pixels(bare(line)), "#D55E00") < 0.045


def test_undefined_points_break_a_line():
    line = {"color": "#D55E00", "width": 10}
    gap = go.Scatter(x=[0, 0.5, 1], y=[0.5, None, 0.5], mode="lines", line=line)
    assert share(pixels(bare(gap)), "#D55E00") == 0


@pytest.mark.parametrize("symbol", ["circle", "diamond", "x-thin", "circle-open", "square", "star"])
def test_markers(symbol):
    marker = {"symbol": [symbol], "size": 40, "color": "#CC79A7", "line": {"width": 4}}
    point = go.Scatter(x=[0.5], y=[0.5], mode="markers", marker=marker)
    image = pixels(bare(point))
    assert share(image[60:140, 110:190], "#CC79A7") > 0.01
    assert share(image[:50], "#CC79A7") == 0


def test_error_bars():
    error = {
        "type": "data",
        "array": [0.4],
        "arrayminus": [0.1],
        "color": "#009E73",
        "thickness": 6,
    }
    point = go.Scatter(x=[0.5], y=[0.5], mode="markers", marker_color="#ffffff", error_y=error)
    column = pixels(bare(point))[:, 150]
    rows = np.flatnonzero(np.abs(column - [0, 158 / 255, 115 / 255]).max(axis=-1) < 0.02)
    assert rows.min() == pytest.approx(200 * (1 - 0.9), abs=6)
    assert rows.max() == pytest.approx(200 * (1 - 0.4), abs=6)


def test_log_axis_places_decades_evenly():
    axis = {"visible": False, "type": "log", "range": [0, 2]}
    line = {"color": "#0072B2", "width": 8}
    flat = go.Scatter(x=[0, 1], y=[10, 10], mode="lines", line=line)
    image = pixels(bare(flat, yaxis=axis))
    assert share(image[92:108], "#0072B2") > 0.3
    assert share(image[:90], "#0072B2") == 0


@pytest.mark.parametrize("kind", ["line", "rect"])
def test_shapes_on_paper(kind):
    shape = {"type": kind, "xref": "paper", "yref": "paper", "x0": 0, "x1": 1, "y0": 0.5, "y1": 0.5}
    line = {"color": "#E69F00", "width": 10}
    figure = bare(shapes=[shape | {"line": line}])
    assert share(pixels(figure)[90:110], "#E69F00") > 0.4


def test_panels_share_their_limits():
    figure = make_subplots(1, 2, shared_yaxes="all")
    figure.add_scatter(x=[0, 1], y=[0, 1], row=1, col=1)
    figure.add_scatter(x=[0, 1], y=[0, 50], row=1, col=2)
    page = drawing.Page(figure, 400, 200)
    first, second = page.panels.values()
    assert first.get_ylim() == second.get_ylim()
    assert first.get_ylim()[1] > 49
    assert first.get_position().x1 < second.get_position().x0


def test_the_distance_of_ticks():
    figure = go.Figure(go.Scatter(x=[1, 3], y=[0, 1]), {"xaxis": {"dtick": 1}})
    (panel,) = drawing.Page(figure, 400, 300).panels.values()
    ticks = panel.get_xticks()
    assert set(np.diff(ticks)) == {1} and {1, 2, 3} <= set(ticks)


def test_words_are_drawn():
    figure = go.Figure(go.Scatter(x=[0, 1], y=[0, 1]))
    figure.update_layout(
        title={"text": "Title", "subtitle": {"text": "one<br>two"}},
        xaxis={"title": "steps", "tickvals": [0, 1], "ticktext": ["a", "b<br>c"]},
        annotations=[{"text": "note", "xref": "x domain", "yref": "y", "x": 1, "y": 0.5}],
    )
    page = drawing.Page(figure, 400, 300)
    assert [text.get_text() for text in page.page.texts] == ["note", "Title", "one\ntwo"]
    panel = page.panels["x", "y"]
    assert panel.get_xlabel() == "steps"
    assert [label.get_text() for label in panel.get_xticklabels()] == ["a", "b\nc"]
