"""A study in a process of its own: found, stopped, and what its log says."""

import os
import sys
import time

import pytest

from workbench.notebook.declaring.study_process import (
    ENDED,
    FINISHED,
    NOT_STARTED,
    RUNNING,
    StudyProcess,
    StudyState,
)
from workbench.protocol.stages import Machine


@pytest.fixture
def process(tmp_path):
    """Return the process of a study; whatever still runs at the end is killed."""
    study = tmp_path / "declared" / "mine.yaml"
    study.parent.mkdir()
    study.write_text("question: Does it?\n")
    found = StudyProcess(str(study), Machine("cpu", 1, str(tmp_path)))
    yield found
    for each in found._processes():
        each.kill()


@pytest.fixture
def begin(process, monkeypatch):
    """Return a function that starts a line of Python in place of a study."""

    def start(code):
        command = [sys.executable, "-u", "-c", code, "workbench", "study", process.study]
        monkeypatch.setattr(StudyProcess, "command", command)
        process.start()

    return start


def until(process, holds, seconds=20):
    last = time.monotonic() + seconds
    while not holds(process.state):
        assert time.monotonic() < last, process.state
        time.sleep(0.02)
    return process.state


FOREVER = "import time\nprint('reporting, sweep 1 of 2', flush=True)\ntime.sleep(100)"


def test_it_is_the_verb_of_the_command_line(process, tmp_path):
    assert process.command[1:4] == ["-u", "-m", "workbench"]
    machine = ["--device", "cpu", "--workers", "1", "--outputs", str(tmp_path)]
    assert process.command[4:] == ["study", process.study, *machine]
    assert StudyProcess("h1-small", process.machine).log == tmp_path / "declared" / "h1-small.log"


def test_it_runs_alone_in_a_session_of_its_own_until_it_is_asked_to_stop(process, begin):
    assert process.state == StudyState(NOT_STARTED)
    begin(FOREVER)
    until(process, lambda found: found == StudyState(RUNNING, "reporting, sweep 1 of 2"))
    (first,) = process._processes()
    assert os.getsid(first.pid) == first.pid
    begin("raise SystemExit('a second one')")
    assert process._processes() == [first]
    # Any kernel finds and stops it: nothing is remembered.
    StudyProcess(process.study, process.machine).stop()
    until(process, lambda found: found == StudyState(ENDED, "reporting, sweep 1 of 2"))
    process.stop()


@pytest.mark.parametrize(
    ("code", "state", "line"),
    [
        ("print('Study\\n\\nReport: /x/report.md\\n')", FINISHED, "Report: /x/report.md"),
        ("raise SystemExit('the disk is full')", ENDED, "the disk is full"),
        ("print('x' * 9000 + '\\nlast')", ENDED, "last"),
        ("pass", NOT_STARTED, ""),
    ],
)
def test_the_last_line_says_how_it_ended(process, begin, code, state, line):
    begin(code)
    found = until(process, lambda found: found.state != RUNNING)
    assert found == StudyState(state, line)
    assert (str(found.report) == "/x/report.md") == (state == FINISHED)
    assert found.report is None or state == FINISHED


def test_a_study_file_that_was_changed_is_another_study(process, begin):
    begin("print('Report: /x/report.md')")
    until(process, lambda found: found.state == FINISHED)
    later = process.log.stat().st_mtime + 10
    os.utime(process.study, (later, later))
    assert process.state == StudyState(NOT_STARTED)
