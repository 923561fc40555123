import base64
import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from plotly.graph_objects import Figure, Scatter
from plotly.offline import get_plotlyjs

from workbench.notebook.page.plotly_library import script
from workbench.notebook.watching import live
from workbench.spec import RunSpec


class Page(live.LiveFigure):
    """A figure that notes what it sends, under a clock that is set by hand."""

    def __init__(self):
        self.now, self.sent = 0.0, []
        super().__init__(clock=lambda: self.now)

    def send(self, content, buffers=None):
        json.dumps(content, allow_nan=False)
        self.sent.append((content, buffers))

    def ask(self, kind):
        self._handle_custom_msg({"kind": kind}, [])


@pytest.fixture
def page():
    return Page()


def received(page):
    """Return every line's points as a page has them after all messages, by its number."""
    lines = {}
    for content, (buffer,) in page.sent:
        values, at = np.frombuffer(buffer, "<f4"), 0
        lines = {} if "figure" in content else lines
        for line, first, count in content["points"]:
            x, y = values[at : at + count], values[at + count : at + 2 * count]
            kept = [
                point for point in lines.get(line, []) if first is not None and point[0] < first
            ]
            lines[line] = kept + list(zip(x.tolist(), y.tolist(), strict=True))
            at += 2 * count
        assert at == len(values)
    return lines


def test_a_page_that_only_appended_has_what_a_page_that_asks_anew_gets(page, followed, follow):
    follower = follow(followed(0), followed(1))
    page.show(follower)
    for count in (1, 3, 4):
        page.now += 1
        losses = [1 / step for step in range(1, count + 1)]
        follower.runs["r0"] = followed(0, losses, losses[::2])
        follower.runs["r1"] = followed(1, losses[:2], [0.5][: count - 1])
        page.show(follower)
    appended = received(page)
    assert len(page.sent) == 4
    page.sent.clear()
    page.ask("everything")
    anew = received(page)
    assert anew.keys() == appended.keys() and len(anew[0]) == 4
    for line, points in anew.items():
        np.testing.assert_array_equal(points, appended[line])


def test_messages_are_numbered_and_hold_no_lists_of_points(page, followed, follow):
    follower = follow(followed(0, [0.125]))
    page.show(follower)
    follower.runs["r0"] = followed(0, [0.125, 0.25])
    page.now = 1
    page.show(follower)
    assert [content["number"] for content, _ in page.sent] == [1, 2]
    content, (buffer,) = page.sent[1]
    # A gradient's norm, a loss and the median: numbered, from step 2 on, one point each.
    assert content["points"] == [[0, 2.0, 1], [1, 2.0, 1], [2, 2.0, 1]]
    assert np.frombuffer(buffer, "<f4").tolist() == [2, 2.5, 2, 0.25, 2, 0.25]


def test_points_go_at_most_five_times_a_second(page, followed, follow):
    follower = follow(followed(0))
    page.show(follower)
    for tick in range(1, 101):
        page.now = tick / 50
        follower.runs["r0"] = followed(0, [1.0] * tick)
        page.show(follower)
    assert 9 <= len(page.sent) - 1 <= 10


def test_the_end_is_sent_at_once(page, followed, follow):
    follower = follow(followed(0))
    page.show(follower)
    follower.runs["r0"], follower.finished = followed(0, [1.0]), True
    page.show(follower)
    assert len(page.sent) == 2


def test_nothing_new_is_not_sent_but_an_alarm_is(page, followed, follow):
    follower = follow(followed(0, [1.0]))
    for page.now in (0, 1, 2):
        page.show(follower)
    assert len(page.sent) == 1
    page.now, follower.collapsed = 3, ["r0"]
    page.show(follower)
    content, (buffer,) = page.sent[1]
    assert (content["alarm"], content["points"], buffer) == (
        "Collapsed: baseline, seed 0.",
        [],
        b"",
    )


def test_another_follower_starts_the_figure_anew(page, followed, follow):
    page.show(follow(followed(0, [1.0])))
    page.show(follow(followed(0, [2.0]), followed(1)))
    assert "figure" in page.sent[1][0]


def test_a_page_that_asks_before_a_study_gets_it_when_it_comes(page, followed, follow):
    page.ask("everything")
    assert page.sent == [({"kind": "nothing"}, None)]
    page.show(follow(followed(0, [1.0])))
    assert "figure" in page.sent[1][0]


def scores():
    title = {"text": "Test scores", "subtitle": {"text": "two seeds"}}
    return Figure(Scatter(x=[0, 1], y=np.array([0.5, np.nan])), {"title": title, "height": 300})


def results(page):
    return [content["result"] for content, _ in page.sent if content["kind"] == "result"]


def test_the_scores_come_at_the_end_and_again_for_a_page_that_asks(page, followed, follow):
    follower = follow(followed(0, [1.0]))
    page.show(follower)
    assert results(page) == []
    page.conclude(follower, scores())
    page.ask("everything")
    first, second = results(page)
    assert first == second
    assert first["data"][0]["y"] == [0.5, None]
    assert first["words"].startswith("Test scores. two seeds")


def test_scores_of_a_study_that_is_no_longer_shown_stay_away(page, followed, follow):
    former, latter = follow(followed(0, [1.0])), follow(followed(0, [1.0]))
    page.conclude(former, scores())
    page.show(former)
    page.show(latter)
    page.conclude(former, scores())
    page.ask("everything")
    assert results(page) == []


def test_another_study_starts_without_scores(page, followed, follow):
    former = follow(followed(0, [1.0]))
    page.show(former)
    page.conclude(former, scores())
    page.show(follow(followed(0, [1.0])))
    page.sent.clear()
    page.ask("everything")
    assert results(page) == []


def test_the_library_is_plotlys_own(page):
    page.ask("library")
    content, (buffer,) = page.sent[0]
    assert content == {"kind": "library"}
    assert gzip.decompress(buffer).decode() == get_plotlyjs()


def test_a_saved_notebook_holds_neither_library_nor_points(page, followed, follow):
    page.show(follow(followed(0, [1.0] * 5000)))
    page.ask("library")
    assert len(json.dumps(page.get_state(), default=str)) < 20_000


def test_it_takes_what_a_follower_is(store_study):
    from workbench.notebook.watching.follow import Follower

    page = Page()
    page.show(Follower(*store_study))
    assert len(page.sent[0][0]["figure"]["lines"]) == 8


@pytest.fixture
def store_study(tmp_path):
    from workbench.store.folder import RunStore
    from workbench.store.settings import SweepSettings
    from workbench.store.study import Study

    spec = RunSpec(
        task="biosses",
        data="d" * 64,
        model="tiny",
        weights="w" * 64,
        learning_rate=2e-5,
        batch_size=16,
        epochs=2,
        max_length=128,
        weights_seed=0,
        order_seed=0,
        dropout_seed=0,
    )
    settings, steps = SweepSettings(task="biosses"), {spec.id: 4}
    return RunStore(tmp_path), Study("s", settings, (spec,), ((spec.id,),), steps, (), "cpu")


BARE = """<!doctype html><link rel="icon" href="data:,"><div id="view"></div>
<script type="module">
import widget from "/live.js";
const heard = [];
window.asked = [];
const model = { on: (_, hear) => heard.push(hear), off() {}, send: (m) => asked.push(m) };
window.deliver = (content, coded) => {
    // Jupyter's buffers need not be aligned.
    const moved = Uint8Array.from(" " + atob(coded), (letter) => letter.charCodeAt(0));
    heard.forEach((hear) => hear(content, [new DataView(moved.buffer, 1)]));
};
widget.render({ model, el: document.getElementById("view") });
</script>"""
DRAWN = """() => [...document.querySelectorAll(".js-plotly-plot")].map(
    (plot) => plot.data.map((trace) => [[...trace.x], [...trace.y]]))"""
CHROMIUM = shutil.which("chromium")


@pytest.fixture
def browser():
    """Open a bare page; what it asks, the figure answers, and what it complains of is an error."""
    sync_api = pytest.importorskip("playwright.sync_api")
    files = {"/": (BARE, "text/html")}
    files["/live.js"] = (script(Path(live.__file__).with_suffix(".js")), "text/javascript")
    complaints = []
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        shown = started.new_page(viewport={"width": 1000, "height": 700})
        shown.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        shown.on("pageerror", lambda error: complaints.append(str(error)))

        def answer(route):
            body, kind = files["/" + route.request.url.split("/", 3)[3]]
            route.fulfill(body=body, content_type=kind)

        shown.route("http://page.test/**", answer)
        shown.goto("http://page.test/")
        yield shown
        started.close()
    assert complaints == []


def pass_on(page, browser):
    """Let the page hear what was sent."""
    for content, buffers in page.sent:
        coded = base64.b64encode(b"".join(buffers or [])).decode()
        browser.evaluate("message => deliver(...message)", [content, coded])
    page.sent.clear()


def talk(page, browser, ready):
    """Pass messages on until what is drawn is as wanted; return it."""
    for _ in range(100):
        for question in browser.evaluate("() => asked.splice(0)"):
            page.ask(question["kind"])
        pass_on(page, browser)
        drawn = browser.evaluate(DRAWN)
        if len(drawn) >= 4 and ready(drawn):
            return drawn
        browser.wait_for_timeout(100)
    raise AssertionError(f"waited in vain; drawn: {str(drawn)[:500]}")


def hovered(browser):
    """Move the mouse to the second seed's second loss, and return the lines that appear."""
    at = browser.evaluate("""() => {
        const plot = document.querySelector(".js-plotly-plot");
        const { xaxis, yaxis } = plot._fullLayout, box = plot.getBoundingClientRect();
        return [box.x + xaxis._offset + xaxis.d2p(2), box.y + yaxis._offset + yaxis.d2p(8)];
    }""")
    browser.mouse.move(at[0] - 30, at[1] + 30)
    browser.mouse.move(*at)
    browser.locator(".hovertext").wait_for()
    return browser.locator(".hovertext tspan.line, .hovertext text.name").all_text_contents()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_draws_every_point_and_gets_it_back(page, browser, followed, follow):
    follower = follow(followed(0, [4, 2.5], [0.5]), followed(1, [6, 8], [0.75]))
    page.show(follower)
    talk(page, browser, lambda drawn: drawn[0])
    follower.runs["r0"] = followed(0, [4, 2.5, 1.25], [0.5])
    follower.collapsed = ["r1"]
    page.now = 1
    page.show(follower)
    # The panels are drawn one after the other.
    drawn = talk(page, browser, lambda drawn: len(drawn[0][0][0]) == len(drawn[3][0][0]) == 3)
    loss, dev, spread, norm = drawn
    assert loss == [[[1, 2, 3], [4, 2.5, 1.25]], [[1, 2], [6, 8]], [[1, 2, 3], [5, 5.25, 1.25]]]
    assert [y for _, y in dev] == [[50], [75], [50], [75], [62.5]]
    assert spread[0][1] == pytest.approx([25 / np.sqrt(2)])
    assert [y for _, y in norm] == [[40, 25, 12.5], [60, 80]]
    assert browser.locator(".js-plotly-plot >> nth=1 >> .xtick").all_text_contents() == ["0", "1"]
    assert set(hovered(browser)) == {"baseline", "seed 1", "step 2", "loss 8.000"}
    assert browser.get_by_role("alert").inner_text() == "Collapsed: baseline, seed 1."
    assert browser.locator(".workbench-live-panel[role=img][aria-label]").count() == 4
    page.conclude(follower, scores())
    drawn = talk(page, browser, lambda drawn: len(drawn) == 5)
    assert drawn[:4] == [loss, dev, spread, norm]
    browser.reload()
    assert talk(page, browser, lambda drawn: len(drawn) == 5) == drawn
    page.show(follow(followed(0, [1])))
    talk(page, browser, lambda drawn: len(drawn) == 4)
    # A message that never arrived is found by the next one's number.
    for page.now, last in ((2, [2.5, 1.25, 1]), (3, [2.5, 1.25, 1, 0.5])):
        page.sent.clear()
        follower.runs["r0"] = followed(0, [4, *last], [0.5])
        page.show(follower)
    seen = talk(page, browser, lambda drawn: len(drawn[0][0][0]) == 5)
    assert seen[0][0] == [[1, 2, 3, 4, 5], [4, 2.5, 1.25, 1, 0.5]]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_asks_again_where_a_message_was_lost(page, browser, followed, follow):
    follower = follow(followed(0, [4, 2]))
    page.show(follower)
    talk(page, browser, lambda drawn: drawn[0])
    browser.reload()
    browser.wait_for_function("() => asked.length")
    page.ask("library")
    pass_on(page, browser)
    browser.wait_for_function("() => asked.length === 2")
    browser.evaluate("() => asked.splice(0)")  # Nobody hears it, and points go on.
    follower.runs["r0"], page.now = followed(0, [4, 2, 1]), 1
    page.show(follower)
    pass_on(page, browser)
    browser.wait_for_function("() => asked.length")
    assert talk(page, browser, lambda drawn: drawn[0])[0][0] == [[1, 2, 3], [4, 2, 1]]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_browser_thins_long_lines_to_their_extremes(page, browser, followed, follow):
    losses = np.linspace(2, 1, 20_000)
    losses[[7_777, 12_345]] = [8.5, 0.25]
    page.show(follow(followed(0, losses)))
    x, y = talk(page, browser, lambda drawn: drawn[0])[0][0]
    assert 500 < len(x) < 2_000
    assert (x[0], x[-1]) == (1, 20_000)
    assert (x[int(np.argmax(y))], max(y)) == (7_778, 8.5)
    assert (x[int(np.argmin(y))], min(y)) == (12_346, 0.25)
    np.testing.assert_allclose(y, losses[np.array(x, int) - 1], rtol=1e-6)
