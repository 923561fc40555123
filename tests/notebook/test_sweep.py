from types import SimpleNamespace

import pytest

from workbench.notebook import sweep


@pytest.fixture
def line(monkeypatch):
    monkeypatch.setattr(sweep, "clear_output", lambda wait: None)
    return sweep._ProgressLine()


def shown(written):
    """Return what a terminal shows of a text with carriage returns, line by line."""
    screen = []
    for row in written.split("\n"):
        cells = ""
        for part in row.split("\r"):
            cells = part + cells[len(part) :]
        screen.append(cells.rstrip())
    return screen


def test_the_line_is_written_over_to_its_end(line, capsys):
    line._print("5 of 20 runs finished, step 300 of 800")
    line.end("20 runs trained.")
    print("next")
    assert shown(capsys.readouterr().out) == ["20 runs trained.", "next", ""]


def test_progress_is_printed_once_a_second_and_then_more_rarely(line, capsys, monkeypatch):
    clock = iter([0.5, 1.2, 1.9, 1000.0, 1005.0, 1011.0])
    monkeypatch.setattr(sweep.time, "monotonic", lambda: line.started + next(clock))
    for step in range(6):
        line(SimpleNamespace(line=lambda step=step: f"step {step}"))
    assert capsys.readouterr().out.split() == ["step", "1", "step", "3", "step", "5"]
