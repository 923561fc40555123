"""The sweep notebook as its users see it: a real JupyterLab in a real browser."""

import json
from dataclasses import dataclass, field

import pytest
from lab import ERROR, MARKS, MINUTE, Seen, Tab, running_browser, running_lab

pytestmark = MARKS

PARAMETERS = {
    "task": "miniature-similarity:size=24",
    "models": "minilm",
    "techniques": "baseline,reinit",
    "seeds": 2,
    "max_steps": 3,
}
PLOTS = ".jp-OutputArea .js-plotly-plot"
COUNT_DRAWN = """figures => figures.map(figure => ({
    pages: figure.querySelectorAll(".main-svg").length,
    values: figure.data.map(trace => trace.y.filter(Number.isFinite).length),
    lines: [...figure.querySelectorAll(".js-line")].filter(
        line => line.getAttribute("d").includes("L")).length,
    points: figure.querySelectorAll(".points path.point").length,
}))"""


@dataclass
class Ran:
    """What the notebook showed while it ran, and after it."""

    tab: Tab
    progress: str = ""
    tables: list[str] = field(default_factory=list)
    figures: list[dict] = field(default_factory=list)
    listening: set[str] = field(default_factory=set)

    @property
    def outputs(self):
        return self.tab.outputs()


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Open the notebook, run all cells through the menu, save, and return what was seen."""
    home = tmp_path_factory.mktemp("lab")
    with running_lab(home) as lab, running_browser() as browser:
        path = lab.add("sweep.ipynb", PARAMETERS | {"outputs": str(home / "outputs")})
        # High enough for all cells, which are drawn only when they come into view.
        page = browser.new_page(viewport={"width": 1400, "height": 4000})
        ran = Ran(Tab(lab, path, page, Seen()))
        ran.tab.open()
        ran.tab.run_all()
        follow(ran, page, lab)
        ran.tab.save(holds="vnd.plotly")
    return ran


def follow(ran, page, lab):
    """Wait for the progress line, then for the last cell; note what is there."""
    page.get_by_text("runs finished, step").wait_for(timeout=2 * MINUTE)
    ran.listening = lab.listening()
    ran.tab.wait_until_ran()
    if not page.locator(ERROR).count():
        page.locator(f"{PLOTS}:has(.js-line, .point)").nth(2).wait_for()
    ran.progress = page.locator(".jp-CodeCell", has_text="sweep.run()").inner_text()
    ran.tables = page.locator(".jp-OutputArea table").all_inner_texts()
    ran.figures = page.locator(PLOTS).evaluate_all(COUNT_DRAWN)


def test_no_cell_fails(ran):
    outputs = ran.outputs
    assert outputs
    assert [item for item in outputs if item.output_type == "error"] == []
    assert [item.text for item in outputs if item.get("name") == "stderr"] == []


def test_the_table_is_a_table(ran):
    (table,) = [text for text in ran.tables if "technique" in text]
    assert "baseline" in table and "reinit:1" in table
    assert "|" not in table


def test_the_progress_line_ends_with_what_was_trained(ran):
    assert "4 runs trained, 0 were there already." in ran.progress
    assert "runs finished, step" not in ran.progress


def test_every_figure_is_drawn_with_its_points(ran):
    scores, dev, loss = ran.figures
    assert all(figure["pages"] > 0 for figure in ran.figures)
    # For both techniques, the two seeds and their mean.
    assert (scores["values"], scores["points"]) == ([2, 1, 2, 1], 6)
    # For both techniques a band and a mean, and the baseline's mean once more.
    epochs = dev["values"][1]
    assert dev["values"] == [2 * epochs, epochs, 2 * epochs, epochs, epochs]
    assert dev["points"] == 2 * epochs > 0
    # For both techniques, two seeds and their median at three steps.
    assert (loss["values"], loss["lines"]) == ([3] * 6, 6)


def test_the_saved_notebook_is_small(ran):
    size = ran.tab.path.stat().st_size
    sizes = {}
    for output in ran.outputs:
        for kind, value in output.get("data", {}).items():
            sizes[kind] = sizes.get(kind, 0) + len(json.dumps(value))
    assert size < 500_000, f"{size} bytes, of which {sizes}"


def test_the_saved_notebook_shows_pictures_where_nothing_draws_figures(ran):
    figures = [
        output.data
        for output in ran.outputs
        if "application/vnd.plotly.v1+json" in output.get("data", {})
    ]
    assert len(figures) == 3
    assert all("data:image/png;base64," in data["text/html"] for data in figures)


def test_the_browser_has_nothing_to_complain_of(ran):
    assert ran.tab.seen.console == []


def test_nothing_listens_beyond_this_machine(ran):
    assert ran.listening and ran.listening <= {"127.0.0.1", "::1"}


def test_the_page_asks_this_machine_only(ran):
    assert ran.tab.seen.hosts == {"127.0.0.1"}
