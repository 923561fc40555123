"""The sweep notebook as its users see it: a real JupyterLab in a real browser."""

import getpass
import importlib.util
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = "/usr/bin/chromium"
CHROMIUM = DEBIAN if Path(DEBIAN).is_file() else shutil.which("chromium")
MINUTE = 60_000
"""Milliseconds, as Playwright counts them."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.skipif(not importlib.util.find_spec("jupyterlab"), reason="no JupyterLab"),
]

PARAMETERS = {
    "task": "miniature-similarity:size=24",
    "models": "minilm",
    "techniques": "baseline,reinit",
    "seeds": 2,
    "max_steps": 3,
}
# JupyterLab would ask whether it may fetch news, and look for a newer version of itself.
OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    }
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
class Seen:
    """What was seen while the notebook ran, and after it."""

    progress: str = ""
    tables: list[str] = field(default_factory=list)
    figures: list[dict] = field(default_factory=list)
    listening: set[str] = field(default_factory=set)
    console: list[str] = field(default_factory=list)
    requests: set[str] = field(default_factory=set)
    saved: Path = Path()

    def watch(self, page):
        """Note what the page complains of, and whom it asks for anything."""
        page.on("console", lambda said: said.type == "error" and self.console.append(said.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.requests.add(request.url))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a folder with the notebook, its parameters set to a very small sweep."""
    folder = tmp_path_factory.mktemp("lab")
    notebook = load_notebook_node(str(ROOT / "notebooks" / "sweep.ipynb"))
    values = PARAMETERS | {"outputs": str(folder / "outputs")}
    (folder / "root").mkdir()
    nbformat.write(parameterize_notebook(notebook, values), folder / "root" / "sweep.ipynb")
    (folder / "settings").mkdir()
    (folder / "settings" / "overrides.json").write_text(json.dumps(OVERRIDES))
    return folder


@pytest.fixture(scope="module")
def lab(home):
    """Start JupyterLab; return its process and the address of the notebook."""
    port, token = free_port(), secrets.token_hex(16)
    process = start_lab(home, port, token)
    try:
        wait_for(lambda: answers(port) or process.poll() is not None, "JupyterLab starts")
        assert process.poll() is None, (home / "server.log").read_text()
        yield process, f"http://127.0.0.1:{port}/lab/tree/sweep.ipynb?token={token}"
    finally:
        end(process)


def start_lab(home, port, token):
    line = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1"]
    line += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    line += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={home / 'root'}"]
    line += [f"--LabApp.app_settings_dir={home / 'settings'}"]
    line += ["--LabApp.extension_manager=readonly", "--LabApp.news_url=None"]
    line += ["--allow-root"] if getpass.getuser() == "root" else []
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
        # Nothing of the user's own settings is read, and nothing is left behind.
        **{f"JUPYTER_{kind}_DIR": str(home / kind) for kind in ("CONFIG", "DATA", "RUNTIME")},
        "IPYTHONDIR": str(home / "ipython"),
    }
    with (home / "server.log").open("wb") as log:
        return subprocess.Popen(line, env=environment, stdout=log, stderr=log)


def free_port():
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def wait_for(condition, what, seconds=60):
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, f"waited {seconds} seconds: {what}"
        time.sleep(0.2)


def end(process):
    """End a server and all that it started: a kernel, and workers if a test was cut short."""
    started = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    process.wait(30)
    for child in started:
        if child.is_running():
            child.kill()


def listening(process):
    """Return the addresses at which a server, its kernels and their workers listen."""
    server = psutil.Process(process.pid)
    found = set()
    for one in [server, *server.children(recursive=True)]:
        try:
            connections = one.net_connections("inet")
        except psutil.NoSuchProcess:
            continue
        found |= {item.laddr.ip for item in connections if item.status == psutil.CONN_LISTEN}
    return found


@pytest.fixture(scope="module")
def seen(lab, home):
    """Open the notebook, run all cells through the menu, save, and return what was seen."""
    sync_api = pytest.importorskip("playwright.sync_api")
    process, address = lab
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        # High enough for all cells, which are drawn only when they come into view.
        page = browser.new_page(viewport={"width": 1400, "height": 4000})
        found = Seen(saved=home / "root" / "sweep.ipynb")
        found.watch(page)
        page.goto(address)
        run_all(page)
        follow(page, process, found)
        save(page, found.saved)
        browser.close()
    return found


def run_all(page):
    page.get_by_text(re.compile(r"\| Idle$")).wait_for(timeout=MINUTE)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def follow(page, process, found):
    """Wait for the progress line, then for the last cell; note what is there."""
    page.get_by_text("runs finished, step").wait_for(timeout=2 * MINUTE)
    found.listening = listening(process)
    page.wait_for_function(
        """() => [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].every(
            prompt => /\\[\\d+\\]/.test(prompt.textContent))""",
        timeout=4 * MINUTE,
    )
    if not page.locator(".jp-OutputArea [data-mime-type*=error]").count():
        page.locator(f"{PLOTS}:has(.js-line, .point)").nth(2).wait_for()
    found.progress = page.locator(".jp-CodeCell", has_text="sweep.run()").inner_text()
    found.tables = page.locator(".jp-OutputArea table").all_inner_texts()
    found.figures = page.locator(PLOTS).evaluate_all(COUNT_DRAWN)


def save(page, path):
    page.keyboard.press("Control+s")
    wait_for(lambda: "vnd.plotly" in path.read_text(encoding="utf8"), "the notebook is saved")


def outputs_of(path):
    cells = nbformat.read(path, as_version=4).cells
    return [output for cell in cells for output in cell.get("outputs", [])]


def test_no_cell_fails(seen):
    outputs = outputs_of(seen.saved)
    assert outputs
    assert [item for item in outputs if item.output_type == "error"] == []
    assert [item.text for item in outputs if item.get("name") == "stderr"] == []


def test_the_table_is_a_table(seen):
    (table,) = [text for text in seen.tables if "technique" in text]
    assert "baseline" in table and "reinit:1" in table
    assert "|" not in table


def test_the_progress_line_ends_with_what_was_trained(seen):
    assert "4 runs trained, 0 were there already." in seen.progress
    assert "runs finished, step" not in seen.progress


def test_every_figure_is_drawn_with_its_points(seen):
    scores, dev, loss = seen.figures
    assert all(figure["pages"] > 0 for figure in seen.figures)
    # For both techniques, the two seeds and their mean.
    assert (scores["values"], scores["points"]) == ([2, 1, 2, 1], 6)
    # For both techniques a band and a mean, and the baseline's mean once more.
    epochs = dev["values"][1]
    assert dev["values"] == [2 * epochs, epochs, 2 * epochs, epochs, epochs]
    assert dev["points"] == 2 * epochs > 0
    # For both techniques, two seeds and their median at three steps.
    assert (loss["values"], loss["lines"]) == ([3] * 6, 6)


def test_the_saved_notebook_is_small(seen):
    size = seen.saved.stat().st_size
    sizes = {}
    for output in outputs_of(seen.saved):
        for kind, value in output.get("data", {}).items():
            sizes[kind] = sizes.get(kind, 0) + len(json.dumps(value))
    assert size < 500_000, f"{size} bytes, of which {sizes}"


def test_the_saved_notebook_shows_pictures_where_nothing_draws_figures(seen):
    figures = [
        output.data
        for output in outputs_of(seen.saved)
        if "application/vnd.plotly.v1+json" in output.get("data", {})
    ]
    assert len(figures) == 3
    assert all("data:image/png;base64," in data["text/html"] for data in figures)


def test_the_browser_has_nothing_to_complain_of(seen):
    assert seen.console == []


def test_nothing_listens_beyond_this_machine(seen):
    assert seen.listening and seen.listening <= {"127.0.0.1", "::1"}


def test_the_page_asks_this_machine_only(seen):
    hosts = {url.split("/")[2].split(":")[0] for url in seen.requests if url.startswith("http")}
    assert hosts == {"127.0.0.1"}
