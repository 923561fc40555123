"""A session of Colab that is lost in the middle of a study, and a fresh one that goes on with it.

Colab itself is not reached: its modules and pip are stand-ins, and Drive is a folder. Everything
else is real: the notebook with its set-up cell, the clone, the kernel, the workers, the kills.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from workbench.notebook.badges import Repository, set_up_source
from workbench.store.folder import RunStore
from workbench.store.study import load_study

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = Path(__file__).with_name("colab_stand_in")
PUBLISHED = Repository("github.com", "owner/name", "main")
STUDY = "lost"
FILES = ("spec.json", "result.json", "predictions.safetensors", "events.jsonl")
EXECUTE = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(notebook, timeout=280).execute()
nbformat.write(notebook, sys.argv[1])
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout"),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs the processes' environments"),
]


@pytest.fixture
def parameters(small_model):
    """Return the parameters of a study of four short runs, one after the other."""
    return {
        "task": "miniature-similarity:size=24",
        "models": str(small_model),
        "techniques": "baseline,reinit:1",
        "seeds": 2,
        "epochs": 20,
        "batch_size": 8,
        "learning_rate": 1e-3,
        "device": "cpu",
        "workers": 1,
        "study": STUDY,
    }


@pytest.fixture
def origin(tmp_path):
    """Publish the files of this checkout as they are, as a repository that can be cloned."""

    def git(*words, cwd):
        line = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
        return subprocess.run(line, cwd=cwd, check=True, capture_output=True, text=True).stdout

    listed = git("ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT)
    folder = tmp_path / "origin"
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git("init", "--quiet", "--initial-branch", PUBLISHED.branch, cwd=folder)
    git("add", "--all", cwd=folder)
    git("commit", "--quiet", "--message", "as it is", cwd=folder)
    return folder


class Session:
    """One session: a disk of its own, a kernel, and the Drive that outlives it."""

    def __init__(self, disk, drive, origin, parameters):
        disk.mkdir()
        self.disk, self.records, self.notebook = disk, disk / "records", disk / "sweep.ipynb"
        source = set_up_source(PUBLISHED).replace(PUBLISHED.address, origin.as_uri())
        source = source.replace("/content", str(disk)).replace("drive = False", "drive = True")
        ran = load_notebook_node(str(ROOT / "notebooks" / "sweep.ipynb"))
        (cell,) = (cell for cell in ran.cells if cell.get("id") == "set-up")
        # Colab's kernel has loaded its modules before the first cell.
        cell.source = f"import google.colab\n{source}"
        nbformat.write(parameterize_notebook(ran, parameters), self.notebook)
        self.environment = os.environ | {
            "COLAB_RECORDS": str(self.records),
            "COLAB_DRIVE": str(drive),
            "COLAB_CLONE": str(disk / "workbench"),
            "PYTHONPATH": str(STAND_IN),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }

    def start(self):
        line = [sys.executable, "-c", EXECUTE, str(self.notebook)]
        with open(self.disk / "log", "w") as log:
            return subprocess.Popen(
                line, cwd=self.disk, env=self.environment, stdout=log, stderr=log
            )

    def lose(self):
        """End every process of the session at once, workers too, as a machine that is gone."""
        while found := [each for each in psutil.process_iter() if self._ours(each)]:
            for process in found:
                process.kill()
            psutil.wait_procs(found, timeout=10)

    def _ours(self, process):
        try:
            return process.environ().get("COLAB_RECORDS") == str(self.records)
        except psutil.Error:
            return False

    def printed(self):
        notebook = nbformat.read(self.notebook, 4)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.fixture
def session(tmp_path, origin, parameters):
    """Return a function that begins a session; what still runs is ended in the end."""
    begun, drive = [], tmp_path / "drive"
    drive.mkdir()

    def begin():
        found = Session(tmp_path / f"session-{len(begun)}", drive, origin, parameters)
        begun.append(found)
        return found

    yield begin
    for found in begun:
        found.lose()


def contents(outputs):
    store = RunStore(outputs)
    return {
        run: {name: (store.folder(run) / name).read_bytes() for name in FILES}
        for run in load_study(store, STUDY).run_ids
    }


def timings(outputs):
    return {path.parent.name: path.read_bytes() for path in outputs.glob("runs/*/timings.json")}


def test_a_fresh_session_goes_on_where_the_lost_one_was(session, tmp_path, parameters, command):
    outputs = tmp_path / "drive" / "workbench"
    lost = session()
    process = lost.start()
    while not list(outputs.glob("runs/*/result.json")):
        assert process.poll() is None, (lost.disk / "log").read_text()
        time.sleep(0.01)
    lost.lose()
    process.wait()
    shutil.rmtree(lost.disk)
    store = RunStore(outputs)
    runs = load_study(store, STUDY).run_ids
    assert 0 < len(store.missing(runs)) < len(runs)
    before = timings(outputs)

    fresh = session()
    assert fresh.start().wait() == 0, (fresh.disk / "log").read_text()
    assert store.missing(runs) == []
    # What was finished keeps the time at which it was finished: it was not done again.
    assert before.items() <= timings(outputs).items()
    assert f"Not finished there: {STUDY}." in fresh.printed()
    mount, pip, widgets = fresh.records.read_text().splitlines()
    assert mount == f"mount {fresh.disk / 'drive'}" and widgets == "widgets"
    assert pip.startswith(f"pip install {fresh.disk / 'workbench'}[offline] with torch==")

    undisturbed = tmp_path / "undisturbed"
    values = [part for name, value in parameters.items() for part in ("-p", name, value)]
    done = command("python", "-m", "workbench", "sweep", *values, "-p", "outputs", undisturbed)
    assert done.returncode == 0, done.stderr
    assert contents(outputs) == contents(undisturbed)
