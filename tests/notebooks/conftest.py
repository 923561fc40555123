import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# So that tests can import `lab`, which measure_live.py imports as well.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def root():
    """Return the folder of the project."""
    return ROOT


@pytest.fixture
def command(tmp_path):
    """Return a function that runs a command as a user would, in a folder of the test."""

    def run(*line, cwd=None, **environment):
        scripts = Path(sys.executable).parent
        settings = os.environ | {
            "OMP_NUM_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
            "WORKBENCH_CACHE": str(tmp_path / "cache"),
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            # No way out: what must be downloaded cannot be.
            "https_proxy": "http://127.0.0.1:9",
            "http_proxy": "http://127.0.0.1:9",
        }
        settings.pop("WORKBENCH_DATA", None)
        return subprocess.run(
            [str(part) for part in line],
            cwd=cwd or ROOT,
            env=settings | environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return run


@pytest.fixture
def papermill(command, tmp_path):
    """Return a function that runs the sweep notebook through papermill."""

    def run(*parameters, **options):
        notebook = tmp_path / "ran.ipynb"
        line = ["papermill", ROOT / "notebooks" / "sweep.ipynb", notebook, *parameters]
        return command(*line, **options), notebook

    return run


def last_line(done):
    """Return the last line of what a command printed that is not empty."""
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return lines[-1].strip()


@pytest.fixture(name="last_line")
def last_line_fixture():
    return last_line
