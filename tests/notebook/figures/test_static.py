import base64
import io
import json
import subprocess
import sys

import numpy as np
import plotly.graph_objects as go
import plotly.io
import pytest
from matplotlib.image import imread, imsave

from workbench.notebook.figures import rendering, static

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def figure():
    trace = go.Scatter(x=np.arange(3), y=np.array([0.5, np.nan, 1.5]), name="baseline")
    layout = {"title": {"text": "Loss", "subtitle": {"text": "of<br>seeds"}}, "height": 200}
    return go.Figure(trace, layout | {"xaxis": {"title": "step"}})


@pytest.fixture(autouse=True)
def no_browser(monkeypatch):
    """Start every test without a browser and without a failure."""
    monkeypatch.setattr(static, "_browser", static._Browser())
    monkeypatch.setattr(rendering, "browser", lambda: None)


@pytest.fixture
def browser(monkeypatch):
    """Pretend that there is a browser; return the list of what it is asked to draw."""
    asked = []

    def render(requests, timeout):
        asked.append((requests, timeout))
        return [PNG + bytes([i]) for i in range(len(requests))]

    monkeypatch.setattr(rendering, "browser", lambda: "/usr/bin/browser")
    monkeypatch.setattr(rendering, "render", render)
    return asked


def test_without_a_browser_matplotlib_draws(figure):
    image = static.png(figure, width=300, scale=2)
    assert static.drawer() == "matplotlib"
    assert image.startswith(PNG)
    assert (int.from_bytes(image[16:20]), int.from_bytes(image[20:24])) == (600, 400)


def test_one_start_of_the_browser_for_several_figures(figure, browser):
    assert static.drawer() == "kaleido"
    assert static.pngs([figure, figure], width=300) == [PNG + b"\0", PNG + b"\1"]
    ((requests, _),) = browser
    assert [request["width"] for request in requests] == [300, 300]
    assert requests[0]["height"] == 200
    assert requests[0]["figure"]["layout"]["paper_bgcolor"] == "white"


def test_more_figures_get_more_time(figure, browser):
    static.pngs([figure])
    static.pngs([figure] * 3)
    assert browser[0][1] < browser[1][1]


@pytest.mark.parametrize("error", [rendering.RenderingError("it hung"), OSError("it hung")])
def test_a_failing_browser_gives_way_to_matplotlib(figure, browser, monkeypatch, error):
    def fail(requests, timeout):
        browser.append(requests)
        raise error

    monkeypatch.setattr(rendering, "render", fail)
    assert static.png(figure, width=300).startswith(PNG)
    assert (static.drawer(), static.failure()) == ("matplotlib", "it hung")
    static.png(figure, width=300)
    assert len(browser) == 1


def test_no_figures_start_nothing(browser):
    assert static.pngs([]) == []
    assert not browser


def test_on_white_leaves_the_figure_alone(figure):
    page = static.on_white(figure)
    assert page.layout.paper_bgcolor == "white"
    assert figure.layout.paper_bgcolor is None


def test_plain_has_lists_and_no_packed_arrays(figure):
    plain = static.plain(figure)
    assert plain["data"][0]["x"] == [0, 1, 2]
    assert plain["data"][0]["y"] == [0.5, None, 1.5]
    assert "bdata" not in json.dumps(plain, allow_nan=False)


def test_save_writes_json_and_png(figure, tmp_path):
    stem = tmp_path / "freeze:3+layerwise:0.9"
    static.save(figure, stem)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{stem.name}.json",
        f"{stem.name}.png",
    ]
    assert (tmp_path / f"{stem.name}.png").read_bytes().startswith(PNG)
    again = plotly.io.read_json(tmp_path / f"{stem.name}.json")
    assert again.layout.title.text == "Loss"
    assert list(again.data[0].y) == [0.5, None, 1.5]


def test_save_takes_an_image_that_is_there(figure, tmp_path, browser):
    static.save(figure, tmp_path / "a", PNG)
    assert (tmp_path / "a.png").read_bytes() == PNG
    assert not browser


def test_halved_means_four_pixels():
    image = np.zeros((3, 4, 3))
    image[0, 0] = image[1, 1] = [1, 0.4, 0]
    image[:2, 2:] = 1
    buffer = io.BytesIO()
    imsave(buffer, image, format="png")
    half = imread(io.BytesIO(static.halved(buffer.getvalue())))[..., :3]
    np.testing.assert_allclose(half, [[[0.5, 0.2, 0], [1, 1, 1]]], atol=0.01)


def test_a_small_image_has_few_colours_close_to_the_whole_ones():
    ramp = np.linspace(0, 1, 400).reshape(20, 20, 1) * [1, 0.5, 0.25]
    buffer = io.BytesIO()
    imsave(buffer, ramp, format="png")
    whole, few = (
        imread(io.BytesIO(change(buffer.getvalue())))[..., :3]
        for change in (static.halved, static.small)
    )
    assert whole.shape == few.shape == (10, 10, 3)
    np.testing.assert_allclose(few, whole, atol=0.03)


def test_matplotlib_is_loaded_only_where_it_draws():
    code = "import sys, workbench.notebook.figures.static; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_display_bundle_has_every_form(figure):
    bundle = static.display_bundle(figure, PNG)
    assert bundle["application/vnd.plotly.v1+json"]["data"][0]["x"] == [0, 1, 2]
    assert base64.b64decode(bundle["image/png"]) == PNG
    assert bundle["text/plain"].startswith("Loss. of seeds. axes: step")
    assert "text/html" not in bundle
    json.dumps(bundle, allow_nan=False)


def test_live_display_bundle_hides_the_picture_from_plotlys_extension(figure):
    bundle = static.display_bundle(figure, PNG, live=True)
    assert "image/png" not in bundle
    assert base64.b64encode(PNG).decode() in bundle["text/html"]
    assert bundle["application/vnd.plotly.v1+json"]["data"][0]["x"] == [0, 1, 2]


def test_live_display_bundle_escapes_its_words(figure):
    figure.update_layout(title_text='<b>a</b> "quoted" & more')
    page = static.display_bundle(figure, PNG, live=True)["text/html"]
    assert 'alt="a &quot;quoted&quot; &amp; more.' in page


def test_display_bundle_draws_where_no_image_is_given(figure):
    assert base64.b64decode(static.display_bundle(figure)["image/png"]).startswith(PNG)


def test_alt_text_of_a_bare_figure():
    assert static.alt_text(go.Figure()) == ""
