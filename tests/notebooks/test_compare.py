"""compare.ipynb as its users see it: in a terminal, through papermill, and in JupyterLab."""

import re
from contextlib import contextmanager

import nbformat
import pytest
from lab import ERROR, MARKS, Seen, Tab, running_browser, running_lab, wait_for

from workbench.benchmark.store import fill
from workbench.store.folder import RunStore

FIGURE = ".workbench-figure .main-svg"
SCROLLS = "box => box.scrollWidth > box.clientWidth"
ENDS_IN_ITS_CELL = """box => box.getBoundingClientRect().right
    <= box.closest(".jp-OutputArea-output").getBoundingClientRect().right"""
TALL = {"width": 1400, "height": 4500}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs")
    fill(RunStore(folder), 60)
    return folder


@pytest.mark.slow
def test_the_command_prints_table_and_sentences_and_writes_the_report(command, outputs):
    line = ["-p", "techniques", "freeze", "-p", "report", "mine", "-p", "outputs", outputs]
    done = command("python", "-m", "workbench", "compare", *line)
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"^\d+ finished runs of \d+ tasks? and \d+ models?, read in", done.stdout, re.M
    )
    assert "freeze:6" in done.stdout and "reinit" not in done.stdout
    assert "verdict" in done.stdout and "\n- " in done.stdout
    folder = outputs / "reports" / "mine"
    assert f"report: {folder}" in done.stdout.lower() or str(folder / "report.html") in done.stdout
    names = {path.name for path in folder.iterdir()}
    assert {"report.html", "report.md", "table.csv", "table.tex", "runs.csv"} <= names
    assert {"points.png", "points.json", "forest.png", "losses.png"} <= names
    notebook = nbformat.read(outputs / "mine.ipynb", as_version=4)
    kinds = [set(output.get("data", {})) for cell in notebook.cells for output in outputs_of(cell)]
    assert sum("image/png" in kind for kind in kinds) == 8
    assert not any("widget" in name for kind in kinds for name in kind)


def outputs_of(cell):
    return cell.get("outputs", [])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        (["-p", "taks", "hoc"], "there is no parameter 'taks': did you mean 'tasks'?"),
        (["-p", "tasks", "biosess"], "did you mean 'biosses'?"),
    ],
)
def test_a_mistake_through_papermill(
    command, outputs, tmp_path, parameters, sentence, root, last_line
):
    target = tmp_path / "ran.ipynb"
    line = ["papermill", root / "notebooks" / "compare.ipynb", target, "-p", "outputs", outputs]
    done = command(*line, *parameters)
    assert done.returncode != 0 and sentence in last_line(done)


def test_a_mistake_on_the_command_line_loads_nothing(command, outputs, last_line):
    line = ["-p", "family", "tsk", "-p", "outputs", outputs]
    done = command("python", "-m", "workbench", "compare", *line)
    assert done.returncode != 0
    assert last_line(done) == "there is no value of family 'tsk': did you mean 'task'?"
    assert "Running" not in done.stdout


def test_help_lists_every_parameter(command):
    done = command("python", "-m", "workbench", "compare", "--help")
    assert "  baseline       the technique that the others are compared with" in done.stdout


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("compare")) as lab:
        yield lab


@contextmanager
def compared(lab, values):
    """Open the notebook in a window, and look afterwards whether anything went wrong."""
    path = lab.add("compare.ipynb", values)
    with running_browser() as browser:
        context = browser.new_context(viewport=TALL)
        tab = Tab(lab, path, context.new_page(), Seen())
        tab.open()
        tab.run_all()
        tab.wait_until_ran()
        yield tab
        assert tab.page.locator(ERROR).all_inner_texts() == []
        assert tab.seen.console == []
        assert tab.seen.hosts == {"127.0.0.1"}


class TestInJupyterLab:
    pytestmark = MARKS

    def test_widgets_choose_what_is_compared_and_drawn(self, lab, outputs):
        with compared(lab, {"outputs": str(outputs)}) as tab:
            page = tab.page
            page.locator(FIGURE).first.wait_for()
            status = page.locator(".workbench-found [role=status]").first
            wait_for(lambda: status.inner_text() == "60 finished runs compared.", "all are counted")
            rows = page.locator(".workbench-found tbody tr")
            before = rows.count()
            page.locator(".workbench-filters select[multiple]").nth(2).select_option("freeze:6")
            wait_for(lambda: 0 < rows.count() < before, "the table is shorter")
            self.draws(page, "forest plot: differences to the baseline", "Difference to the")
            tab.button("Report").click()
            page.get_by_text("Written: report.html").wait_for()
            page.set_viewport_size({"width": 700, "height": 900})
            table = page.locator(".workbench-found .wide").first
            wait_for(lambda: table.evaluate(SCROLLS), "a wide table scrolls in its place")
            assert table.evaluate(ENDS_IN_ITS_CELL)
        assert (outputs / "reports" / "compare" / "report.html").stat().st_size > 1_000_000

    def draws(self, page, choice, words):
        page.locator(".jp-OutputArea select").last.select_option(label=choice)
        box = page.locator(".workbench-figure")
        wait_for(lambda: (box.get_attribute("aria-label") or "").startswith(words), choice)

    def test_a_report_opens_without_a_network_and_draws(self, outputs):
        path = outputs / "reports" / "compare" / "report.html"
        with running_browser() as browser:
            page, problems = browser.new_page(), []
            page.on("console", lambda said: problems.append(said.text))
            page.on("pageerror", lambda problem: problems.append(str(problem)))
            asked = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(path.as_uri())
            page.locator("figure .main-svg").first.wait_for()
            assert problems == []
            assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
