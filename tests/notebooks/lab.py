"""A real JupyterLab on loopback and notebooks in a real browser, for tests and measurements."""

import getpass
import importlib.util
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
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
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MINUTE = 60_000
"""Milliseconds, as Playwright counts them."""

MARKS = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.skipif(not importlib.util.find_spec("jupyterlab"), reason="no JupyterLab"),
]
OVERRIDES = ROOT / "workbench" / "notebook" / "jupyterlab.json"
"""JupyterLab's settings, as `make lab` has them."""
ERROR = ".jp-OutputArea [data-mime-type*=error]"
# Cells run one after the other; after an error, the cells below are never run. A cell whose code is
# hidden shows no number.
ENDED = f"""() => {{
    const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
    return document.querySelector("{ERROR}") || /\\[\\d+\\]/.test(prompts.at(-1).textContent);
}}"""


def environment(**more):
    """Return the environment of a process that reads nothing of the network."""
    known = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    return os.environ | known | more


class Lab:
    """JupyterLab in a folder of its own.

    Parameters
    ----------
    home
        An empty folder; notebooks go to its ``root``.
    """

    def __init__(self, home):
        self.home, self.root = home, home / "root"
        self.port, self.token = free_port(), secrets.token_hex(16)
        self.root.mkdir()
        (home / "settings").mkdir()
        shutil.copy(OVERRIDES, home / "settings" / "overrides.json")
        with (home / "server.log").open("wb") as log:
            self.process = subprocess.Popen(
                self._line(), env=self._environment(), stdout=log, stderr=log
            )

    def _line(self):
        line = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1"]
        line += [f"--ServerApp.port={self.port}", "--ServerApp.port_retries=0"]
        line += [f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.root}"]
        line += [f"--LabApp.app_settings_dir={self.home / 'settings'}"]
        line += ["--LabApp.extension_manager=readonly", "--LabApp.news_url=None"]
        return line + (["--allow-root"] if getpass.getuser() == "root" else [])

    def _environment(self):
        # Nothing of the user's own settings is read, and nothing is left behind.
        kinds = ("CONFIG", "DATA", "RUNTIME")
        own = {f"JUPYTER_{kind}_DIR": str(self.home / kind) for kind in kinds}
        return environment(**own, IPYTHONDIR=str(self.home / "ipython"))

    def add(self, notebook, values, name=None):
        """Write one of the project's notebooks with its parameters set; return its path."""
        node = load_notebook_node(str(ROOT / "notebooks" / notebook))
        path = self.root / (name or notebook)
        nbformat.write(parameterize_notebook(node, values), path)
        return path

    def address(self, path):
        """Return the address at which a notebook is open."""
        return f"http://127.0.0.1:{self.port}/lab/tree/{path.name}?token={self.token}&reset"

    def wait(self):
        """Wait until it answers."""
        wait_for(lambda: answers(self.port) or self.process.poll() is not None, "JupyterLab starts")
        assert self.process.poll() is None, (self.home / "server.log").read_text()

    def children(self):
        """Return its kernels, and what these started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def listening(self):
        """Return the addresses at which it, its kernels and their workers listen."""
        found = set()
        for one in [psutil.Process(self.process.pid), *self.children()]:
            try:
                connections = one.net_connections("inet")
            except psutil.NoSuchProcess:
                continue
            found |= {item.laddr.ip for item in connections if item.status == psutil.CONN_LISTEN}
        return found

    def end(self):
        """End it and all that it started: a kernel, and workers if a test was cut short."""
        started = self.children()
        self.process.terminate()
        self.process.wait(30)
        for child in started:
            if child.is_running():
                child.kill()


@contextmanager
def running_lab(home):
    """Start JupyterLab, and end it with all that it started."""
    lab = Lab(home)
    try:
        lab.wait()
        yield lab
    finally:
        lab.end()


@contextmanager
def running_browser(*flags):
    """Start a browser without a window."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


def end_workers(outputs):
    """End whatever still trains for an outputs folder, where a test was cut short."""
    for process in psutil.process_iter():
        try:
            files = [file.path for file in process.open_files()]
        except psutil.Error:
            continue  # It has ended, or is another user's.
        if process.pid != os.getpid() and any(Path(file).is_relative_to(outputs) for file in files):
            process.kill()


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


def wait_for(condition, what, seconds=60, said=str):
    """Wait until a condition holds; complain with what was said last if it never does."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, f"waited {seconds} seconds: {what}; {said()}"
        time.sleep(0.2)


@dataclass
class Seen:
    """What pages complained of, and whom they asked for anything."""

    console: list[str] = field(default_factory=list)
    requests: set[str] = field(default_factory=set)

    def watch(self, page):
        """Note what a page complains of, and whom it asks."""
        page.on("console", lambda said: said.type == "error" and self.console.append(said.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.requests.add(request.url))
        page.on("websocket", lambda socket: self.requests.add(socket.url))

    @property
    def hosts(self):
        """The hosts that were asked."""
        asked = (url for url in self.requests if url.startswith(("http", "ws")))
        return {url.split("/")[2].split(":")[0] for url in asked}


class Tab:
    """A notebook in a page.

    Parameters
    ----------
    lab, path
        Where the notebook is.
    page
        Of Playwright.
    seen
        Notes what the page complains of.
    """

    def __init__(self, lab, path, page, seen):
        self.lab, self.path, self.page, self.seen = lab, path, page, seen
        seen.watch(page)

    def open(self):
        """Open the notebook, and wait until its kernel is ready."""
        self.page.goto(self.lab.address(self.path))
        self.wait_until_idle()

    def wait_until_idle(self):
        self.page.get_by_text(re.compile(r"\| Idle$")).wait_for(timeout=MINUTE)

    def menu(self, name, item):
        """Choose an item of a menu."""
        self.page.get_by_role("menuitem", name=name, exact=True).click()
        self.page.get_by_role("menuitem", name=item).click()

    def run_all(self):
        """Run all cells; does not wait."""
        self.menu("Run", re.compile("^Run All Cells$"))

    def restart_and_run_all(self):
        """Restart the kernel, run all cells, and wait until the old outputs are gone.

        Until their cell runs again they look alive, but the kernel they would talk to has ended.
        """
        old = self.page.locator(".jp-CodeCell .jp-OutputArea-output").last.element_handle()
        self.menu("Kernel", re.compile("^Restart Kernel and Run All Cells"))
        self.page.locator(".jp-Dialog button", has_text="Restart").click()
        self.page.wait_for_function("old => !old.isConnected", arg=old, timeout=4 * MINUTE)

    def wait_until_ran(self):
        """Wait until every cell was run to its end, or one has failed."""
        self.page.wait_for_function(ENDED, timeout=4 * MINUTE)

    def button(self, name):
        """Return a button that a cell shows."""
        return self.page.locator(".jp-OutputArea button", has_text=re.compile(rf"^\s*{name}\s*$"))

    def save(self, holds=""):
        """Save the notebook through the menu, and wait until it is on the disk.

        Parameters
        ----------
        holds
            A text that the file must hold by then.
        """
        before = self.path.stat().st_mtime_ns
        self.menu("File", re.compile("^Save Notebook( Ctrl|$)"))
        wait_for(
            lambda: self.path.stat().st_mtime_ns > before and holds in self.path.read_text("utf8"),
            "the notebook is saved",
        )

    def outputs(self):
        """Return all outputs of the saved notebook."""
        cells = nbformat.read(self.path, as_version=4).cells
        return [output for cell in cells for output in cell.get("outputs", [])]
