"""explore.ipynb as its users see it: a real JupyterLab in a real browser, and studies that train.

Whatever is trained is so small that every test ends within half a minute on two cores; those that
must not end by themselves train for long and are stopped.
"""

import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from lab import (
    ERROR,
    MARKS,
    MINUTE,
    ROOT,
    Seen,
    Tab,
    end_workers,
    environment,
    running_browser,
    running_lab,
    wait_for,
)

from workbench.protocol.study_file import read_declaration
from workbench.store.events import read_events
from workbench.store.folder import PREDICTIONS, TIMINGS, RunStore

pytestmark = MARKS

TINY = {
    "task": "miniature-similarity",
    "train_size": 24,
    "models": "minilm",
    "techniques": "baseline",
    "batch_size": 4,
}
LONG = TINY | {"epochs": 1000, "batch_size": 8, "seeds": 1}
"""What trains until it is stopped."""
ARMS = {"techniques": "baseline,reinit:1", "seeds": 2}
"""What is chosen by the widgets: four runs."""

POINTS = """() => Object.fromEntries(
    [...document.querySelectorAll(".workbench-live-panel.js-plotly-plot")].flatMap(
        panel => panel.data.map(trace => [
            `${panel.getAttribute("aria-label").split(" over ")[0]}: ${trace.name}`,
            Array.from(trace.y ?? []).filter(Number.isFinite).length])))"""
PROGRESS = ".jp-OutputArea [role=note]"
STATUS = re.compile(r"^(\S+) (running|stopping|stopped|finished|failed): (\d+) of (\d+) runs")
LIMIT = 300
"""Seconds that a step of a test may take on a machine that has much else to do."""
TALL = {"width": 1400, "height": 4500}
"""High enough for all cells: what is out of sight is not drawn."""


class Explorer(Tab):
    """explore.ipynb in a page."""

    def status(self):
        """Return the line that tells of the study."""
        lines = self.page.locator(PROGRESS).all_inner_texts()
        return next((line for line in lines if STATUS.match(line)), "")

    def wait_for_state(self, state, seconds=LIMIT):
        """Wait until the study that is shown is in a state; return its name."""
        wait_for(lambda: f" {state}: " in self.status(), f"{state}", seconds, self.status)
        return STATUS.match(self.status())[1]

    def points(self, panel="Training loss"):
        """Return how many finite points the page draws of each line of a panel."""
        found = self.page.evaluate(POINTS)
        return {name: count for name, count in found.items() if name.startswith(f"{panel}: ")}

    def seed_points(self):
        """Return how many losses the page draws of all runs together."""
        return sum(count for name, count in self.points().items() if ", seed " in name)

    def wait_for_points(self, more_than=0, seconds=120):
        """Wait until more losses are drawn; return how many."""
        what = f"more than {more_than} points"
        wait_for(lambda: self.seed_points() > more_than, what, seconds, self.status)
        return self.seed_points()

    def technique(self, name):
        return self.page.locator(".jp-OutputArea").get_by_role("checkbox", name=name, exact=True)

    def seeds(self):
        return self.page.locator(".jp-OutputArea").get_by_label(re.compile("^seeds$", re.I))

    def wait_for_choices(self, technique, seeds):
        """Wait until the chooser shows that a technique is on, and how many seeds."""
        self.technique(technique).wait_for()
        wait_for(
            lambda: (
                (self.technique(technique).is_checked(), self.seeds().input_value())
                == (True, seeds)
            ),
            f"{technique} with {seeds} seeds is chosen",
        )

    def choose(self, technique, seeds):
        """Choose by the widgets."""
        self.technique(technique).check()
        self.seeds().fill(seeds)
        self.seeds().press("Tab")

    def reload(self):
        """Load the page anew."""
        self.page.reload()
        self.wait_until_idle()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("explore")


@pytest.fixture(scope="module")
def lab(home):
    with running_lab(home) as lab:
        yield lab


@pytest.fixture(scope="module")
def browser():
    with running_browser() as browser:
        yield browser


@contextmanager
def explored(lab, browser, name, values):
    """Open the notebook in a window of its own, and look afterwards whether anything went wrong."""
    outputs = lab.home / f"{name}-outputs"
    path = lab.add("explore.ipynb", values | {"outputs": str(outputs)}, f"{name}.ipynb")
    context = browser.new_context(viewport=TALL)
    tab = Explorer(lab, path, context.new_page(), Seen())
    tab.outputs_folder = outputs
    try:
        tab.open()
        tab.run_all()
        tab.wait_until_ran()
        assert tab.page.locator(ERROR).all_inner_texts() == []
        yield tab
        assert tab.page.locator(ERROR).all_inner_texts() == []
        assert tab.seen.console == []
        assert tab.seen.hosts == {"127.0.0.1"}
    finally:
        context.close()
        end_workers(outputs)


def files(folder):
    """Return what is stored of every run but its timings, by the file's place."""
    paths = [path for path in (folder / "runs").rglob("*") if path.is_file()]
    kept = (path for path in paths if path.name != TIMINGS)
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def steps(folder):
    """Return how many steps all runs under an outputs folder have logged."""
    store = RunStore(folder)
    events = (read_events(store.events_path(run))[0] for run in store.run_ids())
    return sum(event["kind"] == "step" for run in events for event in run)


@dataclass
class Watched:
    """What the notebook showed of a study that papermill trained in a terminal."""

    outputs: Path
    name: str = ""
    seen: list[int] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)
    said: str = ""


@pytest.fixture(scope="module")
def terminal(lab, browser):
    """Train a study by papermill, attach to it, and follow it to its end, undisturbed."""
    with explored(lab, browser, "terminal", TINY) as tab:
        watched = Watched(tab.outputs_folder)
        with papermill(watched.outputs, TINY | ARMS):
            wait_for(lambda: steps(watched.outputs), "papermill's study trains", LIMIT)
            attach(tab)
            watched.name = tab.wait_for_state("running")
            watched.seen = follow(tab)
        watched.last, watched.said = tab.points(), tab.status()
    return watched


def follow(tab):
    """Look until the study is finished; return the numbers of points that were seen before."""
    seen = []

    def finished():
        count, state = tab.seed_points(), STATUS.match(tab.status())[2]
        if state == "running" and count not in seen:
            seen.append(count)
        return state == "finished"

    wait_for(finished, "the study is finished", LIMIT, tab.status)
    return seen


@contextmanager
def papermill(outputs, values):
    """Run the sweep notebook in a process of its own."""
    named = (values | {"outputs": str(outputs)}).items()
    parameters = [part for name, value in named for part in ("-p", name, str(value))]
    line = [sys.executable, "-m", "papermill", ROOT / "notebooks" / "sweep.ipynb"]
    line += [outputs.with_suffix(".ipynb"), *parameters]
    process = subprocess.Popen(line, env=environment(), stdout=-1, stderr=-2, text=True)
    try:
        yield
        said, _ = process.communicate(timeout=180)
        assert process.returncode == 0, said
    finally:
        process.kill()


def attach(tab):
    """Attach to the only study by the list of studies."""
    studies = tab.page.locator(".jp-OutputArea").get_by_label("Studies")
    wait_for(lambda: studies.locator("option").count(), "the study is listed")
    studies.select_option(index=0)
    tab.button("Attach").click()


def test_a_study_of_a_terminal_is_followed_to_its_end(terminal):
    assert re.fullmatch(r"\S+ finished: 4 of 4 runs.*", terminal.said)
    assert len(terminal.seen) > 2 and terminal.seen == sorted(terminal.seen)
    lines = [count for name, count in terminal.last.items() if ", seed " in name]
    assert len(lines) == 4
    assert sum(lines) == steps(terminal.outputs) > 0


def test_chosen_run_stopped_and_resumed(lab, browser, terminal):
    with explored(lab, browser, "chosen", TINY | {"seeds": 1}) as tab:
        tab.choose("reinit", seeds="2")
        tab.button("Run").click()
        counts = [0]
        while len(counts) < 4:
            counts.append(tab.wait_for_points(more_than=counts[-1]))
        assert " running: " in tab.status()
        tab.button("Stop").click()
        name = tab.wait_for_state("stopped")
        assert "4 of 4 runs" not in tab.status()
        tab.button("Resume").click()
        assert tab.wait_for_state("finished") == name
        assert "4 of 4 runs" in tab.status()
        total = steps(tab.outputs_folder)
        wait_for(lambda: tab.seed_points() == total, f"all {total} points are drawn")
        tab.page.locator(".workbench-saved img").first.wait_for(state="attached", timeout=MINUTE)
        tab.save(holds="data:image/png;base64,")
        assert_small(tab)
        stored = files(terminal.outputs)
        assert sum(path.endswith(PREDICTIONS) for path in stored) == 4
        assert files(tab.outputs_folder) == stored


def assert_small(tab):
    """Expect a saved notebook that shows its three figures anywhere, and is small."""
    outputs = tab.outputs()
    assert [item for item in outputs if item.output_type == "error"] == []
    assert [item.text for item in outputs if item.get("name") == "stderr"] == []
    pages = [item.data.get("text/html", "") for item in outputs if "data" in item]
    assert sum(page.count("data:image/png;base64,") for page in pages) == 3
    assert tab.path.stat().st_size < 200_000


@pytest.fixture
def training(lab, browser, request):
    """Choose and run a study that does not end; stop it afterwards."""
    with explored(lab, browser, request.node.originalname, LONG) as tab:
        tab.choose("reinit", seeds="2")
        tab.button("Run").click()
        tab.wait_for_points(more_than=4)
        yield tab
        if " stopped: " not in tab.status():
            stop(tab)


def stop(tab):
    """Stop, and expect that the page then draws every step that was logged."""
    tab.button("Stop").click()
    tab.wait_for_state("stopped")
    total = steps(tab.outputs_folder)
    wait_for(lambda: tab.seed_points() == total, f"all {total} points are drawn")


def test_a_page_that_is_loaded_anew_shows_the_same(training):
    training.save()
    for _ in range(3):
        before, name = training.seed_points(), training.wait_for_state("running")
        training.reload()
        assert training.wait_for_points(more_than=before) > before
        assert training.wait_for_state("running") == name
        training.wait_for_choices("reinit", "2")
    stop(training)


def test_a_second_tab_shows_the_same(training):
    training.save()
    page = training.page.context.new_page()
    other = Explorer(training.lab, training.path, page, training.seen)
    page.set_viewport_size(TALL)
    other.open()
    before = training.seed_points()
    assert other.wait_for_points(more_than=before) > before
    assert other.wait_for_state("running") == training.wait_for_state("running")
    other.wait_for_choices("reinit", "2")
    other.button("Stop").click()
    for tab in (other, training):
        tab.wait_for_state("stopped")
    total = steps(training.outputs_folder)
    for tab in (other, training):
        wait_for(lambda tab=tab: tab.seed_points() == total, f"all {total} points are drawn")


def test_a_kernel_that_is_restarted_finds_its_study_training(training):
    before, name = training.seed_points(), training.wait_for_state("running")
    training.restart_and_run_all()
    wait_for(lambda: steps(training.outputs_folder) > before + 4, "training goes on")
    assert training.wait_for_points(more_than=before) > before
    assert training.wait_for_state("running") == name
    stop(training)


def test_examples_appear_with_their_mentions_marked(lab, browser):
    values = {"task": "miniature-mention", "models": "minilm", "techniques": "baseline"}
    with explored(lab, browser, "examples", values) as tab:
        tab.button("Show the examples of .*").click()
        tab.page.locator(".wb-examples article mark").first.wait_for(timeout=MINUTE)
        assert tab.page.locator(".wb-examples article").count() == 10


def test_what_is_chosen_is_saved_as_a_study_and_carried_out(lab, browser):
    values = TINY | {"techniques": "baseline,reinit:1", "seeds": 1, "max_steps": 2}
    with explored(lab, browser, "declared", values) as tab:
        tab.button("Declare a study").click()
        tab.page.locator(".jp-OutputArea").get_by_label("question").fill("Does a fresh top help?")
        tab.button("Save as study").click()
        tab.page.get_by_text("python -m workbench study ").wait_for(timeout=MINUTE)
        (path,) = (tab.outputs_folder / "declared").glob("*.yaml")
        assert read_declaration(path).question == "Does a fresh top help?"
        tab.button("Run study").click()
        tab.page.get_by_role("heading", name="Does a fresh top help?").wait_for(timeout=3 * MINUTE)
        assert len(RunStore(tab.outputs_folder).run_ids()) == 2


@pytest.mark.parametrize("name", ["explore.ipynb", "sweep.ipynb"])
def test_the_committed_notebook_holds_no_output(name):
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells
    assert [cell.outputs for cell in cells] == [[]] * len(cells)
    assert {cell.execution_count for cell in cells} == {None}
    assert "widgets" not in notebook.metadata
