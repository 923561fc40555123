import shlex
from dataclasses import replace
from types import SimpleNamespace

import ipywidgets
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from papermill import cli

from workbench.analysis.summary import summarise
from workbench.errors import WorkbenchError
from workbench.notebook.results.understand import (
    Findings,
    Understand,
    command_of,
    differences,
    latex,
    table_html,
)
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.seal import seal, unseal
from workbench.store.settings import SweepSettings


def parsed(command):
    """Return the settings that papermill hands to the notebook, and the notebook it writes."""
    program, *arguments = shlex.split(command)
    assert program == "papermill"
    found = cli.papermill.make_context(program, arguments).params
    values = {name: cli._resolve_type(value) for name, value in found["parameters"]}
    values |= dict(found["parameters_raw"])
    return SweepSettings.from_values(values), found["output_path"]


TEXT = st.one_of(
    st.sampled_from(["", "a b", "$(x) `y` 'z' \"w\"", "None", "True", "007", "1e5", "nan", "-x"]),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0/")),
)


@given(
    task=TEXT,
    study=TEXT,
    head=TEXT,
    seeds=st.sampled_from(["5", "05", "3,", "1,2,5", "10"]),
    rate=st.floats(0, 1),
    epochs=st.integers(0, 99),
)
def test_what_the_command_says_is_read_back(task, study, head, seeds, rate, epochs):
    settings = SweepSettings(
        task=task, study=study, head=head, seeds=seeds, learning_rate=rate, epochs=epochs
    )
    assert parsed(command_of(settings))[0] == settings


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "outputs/miniature-similarity.ipynb"),
        ({"task": "hoc:abstracts"}, "outputs/hoc-abstracts.ipynb -p task hoc:abstracts"),
        ({"seeds": "05"}, "outputs/miniature-similarity.ipynb -r seeds 05"),
        (
            {"outputs": "my runs", "study": "a", "epochs": 3},
            "'my runs/a.ipynb' -p epochs 3 -p outputs 'my runs' -p study a",
        ),
    ],
)
def test_only_what_differs_from_the_defaults_is_said(values, expected):
    command = command_of(SweepSettings(**values))
    assert command == f"papermill notebooks/sweep.ipynb {expected}"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("a_b & 50%", r"a\_b \& 50\%"),
        ("\\{}$#~^", r"\textbackslash{}\{\}\$\#\textasciitilde{}\textasciicircum{}"),
        ("freeze:6-7", "freeze:6-7"),
        ("-1.0 [-2.0, +3.0]", "$-$1.0 [$-$2.0, +3.0]"),
        ("[1.0, 2.0]", "{[}1.0, 2.0]"),
        ("two\nlines", "two lines"),
    ],
)
def test_latex_is_escaped(cell, expected):
    lines = latex(pd.DataFrame({"F1 \N{MULTIPLICATION SIGN}100": [cell]})).splitlines()
    assert lines[3] == r"F1 $\times$100 \\"
    assert lines[5] == rf"{expected} \\"


def test_html_is_escaped():
    found = table_html(pd.DataFrame({"<b>": ["<script>"]}))
    assert "&lt;b&gt;" in found and "&lt;script&gt;" in found and "<script>" not in found


def test_paired_differences_by_hand():
    """Of six differences 10 to 60 the limits are the ends; of three there are none."""
    scores = {
        "baseline": [0.3] * 6,
        "freeze": [0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
        "longer": [0.4, 0.5, 0.6],
    }
    runs = pd.DataFrame(
        [
            {"model": "m", "technique": name, "seed": seed, "test": score}
            for name, values in scores.items()
            for seed, score in enumerate(values)
        ]
    ).assign(collapsed=False, above_trivial=True)
    alone = runs[runs["technique"] != "longer"]
    freeze = {"technique": "freeze", "model": "m", "pairs": "6"}
    clear = freeze | {"difference": "+35.0 [+10.0, +60.0]", "verdict": "better"}
    assert differences(summarise(alone)).to_dict("records") == [clear]
    # Each at half the level: 2 of 64 flips are more than 2.5%.
    short = {"technique": "longer", "model": "m", "difference": "+20.0", "pairs": "3"}
    assert differences(summarise(runs)).to_dict("records") == [
        freeze | {"difference": "+35.0", "verdict": "too few"},
        short | {"verdict": "too few"},
    ]


@pytest.fixture
def planned(tmp_path):
    """Plan a study whose runs are then said to have finished, without any training."""
    store = RunStore(tmp_path / "outputs")
    values = {"task": "miniature-similarity:size=24", "models": "minilm", "device": "cpu"}
    values |= {"techniques": "baseline,reinit:1", "seeds": "2", "study": "small"}
    return store, plan_study(SweepSettings.from_values(values), store)


def finish(store, specs):
    for place, spec in enumerate(specs):
        score = 0.5 + 0.1 * place
        scores = {"dev": {"pearson": score}, "test": {"pearson": score}}
        result = {"metric": "pearson", "final_loss": 0.1, "collapsed": False, "history": []}
        store.finish(spec, result | scores | {"above_trivial": True}, {"test": np.zeros(2)}, {})


def test_test_scores_stay_closed_until_all_runs_are_there(planned):
    store, study = planned
    finish(store, study.specs[:-1])
    with pytest.raises(WorkbenchError, match="misses 1 of its 4 runs"):
        Findings(store, study)
    panel = Understand(store, study)
    panel.wait()
    assert "misses 1 of its 4 runs" in panel.said.value and not panel.text.value
    assert all(button.disabled for button in panel.buttons.values())


def test_test_scores_stay_closed_while_a_declared_study_goes_on(planned):
    store, study = planned
    finish(store, study.specs)
    part = replace(study, name="mine-tuning-0123abcd")
    seal(store, "mine")
    with pytest.raises(WorkbenchError, match="belongs to a declared study that is not complete"):
        Findings(store, part)
    unseal(store, "mine")
    assert len(Findings(store, part).report.runs) == 4


def test_every_button_writes_its_files_and_says_where(planned):
    store, study = planned
    finish(store, study.specs)
    panel = Understand(store, study)
    panel.wait()
    # Scores 50, 60 for the baseline, 70, 80 with reinit: 20 in each pair.
    assert "+20.0" in panel.text.value and "against baseline" in panel.text.value
    panel_files = {
        "CSV": ["runs.csv", "summary.csv"],
        "LaTeX": ["table.tex"],
        "Command": ["reproduce.sh"],
    }
    folder = store.root / "reports" / "small"
    for name, files in panel_files.items():
        panel.buttons[name].click()
        panel.wait()
        assert all(str(folder / file) in panel.said.value for file in files)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        file for files in panel_files.values() for file in files
    )
    assert len(pd.read_csv(folder / "runs.csv")) == 4
    assert parsed((folder / "reproduce.sh").read_text())[0] == study.settings


def test_a_panel_that_is_closed_leaves_no_widget_behind(planned):
    store, study = planned
    finish(store, study.specs)
    made = []
    ipywidgets.Widget.on_widget_constructed(made.append)
    panel = Understand(store, study)
    ipywidgets.Widget.on_widget_constructed(None)
    panel.wait()
    panel.close()
    assert len(made) > 6
    # A widget without a connection is kept by nobody.
    assert [each for each in made if each.comm is not None] == []


def test_pictures_are_written(tmp_path):
    findings = Findings.__new__(Findings)
    findings.report = SimpleNamespace(folder=tmp_path / "report", images={"scores": b"PNG"})
    assert findings.save_png() == [tmp_path / "report" / "scores.png"]
    assert (tmp_path / "report" / "scores.png").read_bytes() == b"PNG"


def test_a_problem_in_writing_is_one_sentence(planned):
    store, study = planned
    finish(store, study.specs)
    panel = Understand(store, study)
    panel.wait()
    (store.root / "reports").write_text("in the way")
    panel.buttons["LaTeX"].click()
    panel.wait()
    assert "move it away" in panel.said.value and 'role="alert"' in panel.said.value
