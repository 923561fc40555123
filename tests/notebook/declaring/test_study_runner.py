"""The list and the buttons that carry a declared study out, without a page."""

import os
import sys
import time

import pytest
from IPython.display import HTML, Markdown

from workbench.notebook.declaring.study_process import StudyProcess
from workbench.notebook.declaring.study_runner import StudyRunner
from workbench.protocol.stages import Machine
from workbench.protocol.study_file import shipped

STUDY = """
question: Does it?
arms: {plain: , frozen: {technique: freeze}}
baseline: plain
tasks: [hoc]
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "declared"
    made.mkdir()
    for age, name in enumerate(("newer", "older")):
        (made / f"{name}.yaml").write_text(STUDY)
        os.utime(made / f"{name}.yaml", (1e9 - age, 1e9 - age))
    return made


@pytest.fixture
def runner(folder):
    found = StudyRunner(lambda: Machine("cpu", 1, str(folder.parent)), poll=0.05)
    yield found
    found.close()
    for _, study in found.list.options:
        StudyProcess(study, found._machine()).stop()
    found.wait()


class Place:
    """Stands for the place below the widget."""

    def __init__(self):
        self.shown = []

    def update(self, what):
        self.shown.append(what)


@pytest.fixture
def begin(runner, monkeypatch):
    """Return a function that presses Run; a line of Python stands for the study."""
    runner._report = Place()

    def press(code):
        command = [sys.executable, "-u", "-c", code, "workbench", "study"]
        monkeypatch.setattr(StudyProcess, "command", command)
        runner.run.click()

    return press


def test_saved_studies_are_listed_newest_first_and_then_shipped_ones(runner, folder):
    runner.offer()
    assert runner.list.value == str(folder / "newer.yaml")
    names = [label for label, _ in runner.list.options]
    assert names[1:5] == ["newer", "older", "h1 (shipped)", "h1-small (shipped)"]
    assert {value for _, value in runner.list.options[3:]} == {*shipped()} - {"h4", "h6"}
    runner.offer("older")
    assert runner.list.value == str(folder / "older.yaml")
    (folder / "newest.yaml").write_text(STUDY)
    runner.offer()
    assert runner.list.options[1][0] == "newest"
    assert runner.list.value == str(folder / "older.yaml")


def test_nothing_is_picked_where_nothing_was_saved_or_run(runner, folder):
    for path in folder.iterdir():
        path.unlink()
    runner.offer()
    assert runner.list.value == "" and runner.run.disabled and runner.stop.disabled
    runner.list.value = "h1-small"
    runner.wait()
    assert not runner.run.disabled and "Runs:</b> 16 to tune, 32 to report" in runner.said.value


def test_what_was_run_last_is_picked_first(runner, folder):
    (folder / "h2-small.log").write_text("tuning\n")
    runner.offer()
    assert runner.list.value == "h2-small"


def test_the_report_is_shown_when_all_is_complete_and_goes_with_another_study(
    runner, begin, folder
):
    report = folder / "report.md"
    report.write_text("# Does it?\n![It does](contrasts.png) [so](https://x.org/a.png)\n")
    (folder / "contrasts.png").write_bytes(b"PNG")
    runner.offer("newer")
    begin(f"print('Report: {report}')")
    runner.wait()
    (shown,) = runner._report.shown
    picture = "![It does](data:image/png;base64,UE5H) [so](https://x.org/a.png)"
    assert isinstance(shown, Markdown) and shown.data == f"# Does it?\n{picture}\n"
    assert "Complete." in runner.said.value and runner.stop.disabled and not runner.run.disabled
    runner.offer("older")
    runner.wait()
    assert isinstance(runner._report.shown[-1], HTML) and runner._report.shown[-1].data == ""
    assert "Not started." in runner.said.value and "Study older:</b> Does it" in runner.said.value


def test_what_is_not_complete_shows_no_report_even_where_an_old_one_is(runner, begin, folder):
    (folder.parent / "reports" / "newer").mkdir(parents=True)
    (folder.parent / "reports" / "newer" / "report.md").write_text("# Old\n")
    runner.offer("newer")
    begin("import time; print('tuning, <sweep> 1 of 2', flush=True); time.sleep(100)")
    wait_until(lambda: "tuning, &lt;sweep&gt; 1 of 2" in runner.said.value)
    assert runner.run.disabled and not runner.stop.disabled
    runner.stop.click()
    runner.wait()
    assert "Run study goes on from there" in runner.said.value and runner._report.shown == []


def test_a_study_that_runs_is_followed_by_whoever_opens_the_page_next(runner, begin, folder):
    runner.offer("newer")
    begin("import time; print('tuning', flush=True); time.sleep(100)")
    wait_until(lambda: "tuning" in runner.said.value)
    again = StudyRunner(runner._machine, poll=0.05)
    again.offer("newer")
    wait_until(lambda: "tuning" in again.said.value)
    again.stop.click()
    again.wait()
    runner.wait()
    assert runner.said.value == again.said.value


def test_a_report_that_is_gone_is_said(runner, begin):
    runner.offer("newer")
    begin("print('Report: /nosuch/report.md')")
    runner.wait()
    assert 'role="alert"' in runner.said.value and "/nosuch/report.md" in runner.said.value


def wait_until(holds, seconds=20):
    last = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < last
        time.sleep(0.02)
