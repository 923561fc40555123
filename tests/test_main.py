import subprocess
import sys

import pytest

from workbench import __version__
from workbench.__main__ import main


def test_the_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and __version__ in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_failure_to_tell_of():
    command = [sys.executable, "-m", "workbench", "tasks"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_mistyped_verb_is_answered_before_anything_is_imported():
    line = "import sys; from workbench.__main__ import _parser; _parser(); print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", line], capture_output=True, text=True, check=True
    )
    ours = {name for name in answer.stdout.split() if name.startswith("workbench.")}
    assert {name.split(".")[1] for name in ours} == {"__main__", "errors", "verbs"}
    assert "torch" not in answer.stdout.split() and "numpy" not in answer.stdout.split()
