import signal
import subprocess
import sys

import psutil
import pytest

from workbench.execution.processes import is_worker, stop_processes


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["python", "-m", "workbench.execution.launch"], True),
        (["python", "-X", "dev", "-m", "workbench", "work", "a", "--device", "cpu"], True),
        (["python", "-m", "workbench", "sweep", "-p", "task", "work"], False),
        (["python", "-m", "ipykernel_launcher", "-f", "workbench"], False),
        (["vim", "workbench", "work"], False),
        ([], False),
        (None, False),
    ],
)
def test_only_workers_are_taken_for_workers(command, expected):
    assert is_worker(command) is expected


def test_a_worker_with_the_number_of_an_earlier_process_is_stopped(monkeypatch):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        known = psutil.Process(process.pid)
        monkeypatch.setattr(known, "_pid_reused", True)
        assert stop_processes([known]) == 1
    assert process.returncode == -signal.SIGTERM
    assert stop_processes([known]) == 0
