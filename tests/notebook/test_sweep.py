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


def test_the_first_lines_say_what_runs_and_where():
    specs = [SimpleNamespace(model=model, task="hoc", precision="float32") for model in "aab"]
    study = SimpleNamespace(name="hoc-1", specs=specs, device="cpu", notes=("a note",))
    assert sweep.describe(study, 2).splitlines() == [
        "Study hoc-1: 3 runs, 2 of them to train",
        "hoc with a, b, on cpu in float32",
        "a note",
    ]
