from types import SimpleNamespace

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.notebook import sweep
from workbench.protocol import conduct


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


DECLARED = """
question: Does freezing help?
model: minilm
arms: {plain: , frozen: {technique: "freeze:3"}}
baseline: plain
tasks: ["miniature-similarity:size=8"]
seeds: 2
"""


@pytest.fixture
def declared(tmp_path):
    (tmp_path / "own.yaml").write_text(DECLARED)
    outputs = str(tmp_path / "outputs")
    return {"study": str(tmp_path / "own.yaml"), "outputs": outputs, "device": "cpu"}


def test_a_study_that_is_declared_takes_the_place_of_a_sweep(declared, monkeypatch, capsys):
    monkeypatch.setattr(conduct, "run_missing", finished)
    shown = []
    monkeypatch.setattr(sweep, "display", lambda told, **_: shown.append(told["text/plain"]))
    monkeypatch.setattr(sweep, "clear_output", lambda wait: None)
    study = sweep.begin(declared)
    study.run()
    sweep.show(study.report())
    printed = capsys.readouterr().out
    assert "Study own: Does freezing help?" in printed and "All runs are there." in printed
    assert "frozen" in shown[0] and shown[0].endswith("report.md")


def test_a_question_that_cannot_be_tested_ends_with_why(monkeypatch):
    shown = []
    monkeypatch.setattr(sweep, "display", lambda told, **_: shown.append(told["text/plain"]))
    study = sweep.begin({"study": "h4"})
    study.run()
    sweep.show(study.report())
    (text,) = shown
    assert text.startswith("Study h4: ") and "Not testable with these checkpoints: " in text


def finished(store, study, workers, show):
    for spec in study.specs:
        scores = {"pearson": 0.1 * spec.weights_seed}
        result = {"metric": "pearson", "dev": scores, "test": scores, "collapsed": False}
        store.finish(spec, result, {"test": np.zeros(1)}, {})


def test_the_plan_of_a_declared_study_is_that_of_its_file(declared):
    assert "Reporting: 4 runs, 4 of them to train" in sweep.dry_run(declared)
    assert sweep.dry_run({"study": "h6"}).count("Not testable with these checkpoints") == 1


@pytest.mark.parametrize(("name", "value"), [("task", "hoc"), ("seeds", "3"), ("save", "best")])
def test_what_a_declared_study_says_itself_is_refused_beside_it(declared, name, value):
    with pytest.raises(WorkbenchError, match=f"says itself what {name} is: leave it out"):
        sweep.begin(declared | {name: value})


def test_another_name_is_that_of_a_sweep(monkeypatch):
    monkeypatch.setattr(sweep, "Sweep", lambda namespace: namespace["study"])
    assert sweep.begin({"study": "mine"}) == "mine"
