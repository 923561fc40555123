"""The part of explore.ipynb that saves a study file, without a page."""

import shlex
from dataclasses import replace

import numpy as np
import pytest

from workbench.__main__ import main
from workbench.errors import WorkbenchError
from workbench.notebook.declaring import panel as declaring
from workbench.notebook.declaring.panel import StudyDeclarer, command_of
from workbench.protocol.study_file import read_declaration
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import SweepSettings


@pytest.fixture
def chosen(small_settings):
    return [replace(small_settings, techniques="baseline,freeze:1", seeds="4")]


@pytest.fixture
def declarer(chosen, folder):
    def choose():
        if isinstance(chosen[0], WorkbenchError):
            raise chosen[0]
        return chosen[0]

    return StudyDeclarer(choose, lambda: folder.parent)


@pytest.fixture
def save(declarer):
    """Return a function that types, presses the button, waits, and returns what is said."""

    def press(**typed):
        for name, value in typed.items():
            declarer.form.fields[name].value = value
        declarer.button.click()
        declarer.wait()
        assert not declarer.button.disabled
        return declarer.said.value

    return press


@pytest.fixture
def folder(chosen):
    return RunStore(chosen[0].outputs).root / "declared"


def test_a_button_opens_it(declarer):
    assert (declarer.panel.layout.display, declarer.fold.icon) == ("none", "chevron-right")
    declarer.fold.value = True
    assert (declarer.panel.layout.display, declarer.fold.icon) == (None, "chevron-down")
    assert declarer.form.fields["question"].placeholder.startswith("Does freeze:1 score")


def test_it_writes_the_study_and_says_what_it_takes_and_how_it_is_run(save, folder, chosen):
    said = save(name="mine", seeds="12", runs=60)
    found = read_declaration(folder / "mine.yaml")
    assert list(found.arms) == ["baseline", "freeze:1"] and found.seeds == 12
    for text in ("Reporting:</b> 24 runs, 24 of them to train", "Detectable", "Saved:</b>"):
        assert text in said
    assert "had finished before" not in said and not found.caveats
    command = shlex.split(said.partition("<pre>")[2].removesuffix("</pre>"))
    assert command == shlex.split(command_of(folder / "mine.yaml", chosen[0]))
    # Nothing was stored beside the file.
    assert not (folder.parent / "studies").exists()


def test_rounds_of_seeds_are_declared_with_the_most_runs(save, folder):
    assert "Saved:" in save(name="mine", seeds="auto", runs=60)
    found = read_declaration(folder / "mine.yaml")
    assert (found.seeds, found.budget.runs) == ("auto", 60)


def test_the_line_that_it_shows_prices_the_same(save, capsys, folder):
    said = save(name="mine")
    words = shlex.split(said.partition("<pre>")[2].removesuffix("</pre>"))
    assert main([*words[3:], "--dry-run"]) == 0
    assert "Reporting: 8 runs, 8 of them to train" in capsys.readouterr().out


def test_runs_that_were_seen_before_are_told_in_the_file(save, chosen, folder):
    store = RunStore(chosen[0].outputs)
    for spec in plan_study(replace(chosen[0], techniques="baseline"), store).specs[:3]:
        store.finish(spec, {"metric": "pearson"}, {"test": np.zeros(1)}, {})
    sentence = "3 of the runs to report had finished before this was declared."
    assert sentence in save(name="mine")
    assert read_declaration(folder / "mine.yaml").caveats == (sentence,)
    assert sentence not in save(name="other", seeds="4,5,6")


def test_a_file_is_replaced_only_where_the_box_is_ticked(declarer, save, folder):
    save(name="mine")
    said = save(seeds="3")
    assert 'role="alert"' in said and "there is a study file" in said
    assert read_declaration(folder / "mine.yaml").seeds == 4
    declarer.form.replace.value = True
    assert "Saved:" in save() and read_declaration(folder / "mine.yaml").seeds == 3


@pytest.mark.parametrize(
    ("changes", "typed", "sentence"),
    [
        ({"techniques": "baseline"}, {}, "there is nothing to compare baseline with"),
        ({"save": "best"}, {}, "a study keeps no models"),
        ({}, {"seeds": "auto"}, "add budget.runs"),
        ({"techniques": "baseline,freeze:99"}, {}, "freeze"),
    ],
)
def test_what_cannot_work_is_said_in_place_and_nothing_is_written(
    chosen, save, folder, changes, typed, sentence
):
    chosen[0] = replace(chosen[0], **changes)
    said = save(**typed)
    assert sentence in said and 'role="alert"' in said and not folder.exists()


def test_what_the_chooser_refuses_is_refused_here(chosen, save, declarer):
    chosen[0] = WorkbenchError("there is no task 'hco': did you mean <hoc>?")
    declarer.follow()
    assert "did you mean &lt;hoc&gt;?" in save()


def test_something_unforeseen_is_no_silence(save, monkeypatch):
    monkeypatch.setattr(declaring, "_price", lambda *_: 1 / 0)
    assert "the study was not saved (ZeroDivisionError: division by zero)" in save()


def test_nothing_is_downloaded_for_a_price(save, monkeypatch, folder):
    monkeypatch.setattr(declaring.choices, "to_download", lambda settings: ["PubMedBERT"])
    said = save(name="mine")
    assert "To download:</b> PubMedBERT" in said and "Reporting: 8" not in said
    assert (folder / "mine.yaml").exists()


def test_the_line_names_what_is_not_the_default(tmp_path):
    settings = SweepSettings(device="cpu", workers=2, outputs=f"{tmp_path}/my runs")
    words = shlex.split(command_of(tmp_path / "a.yaml", settings))
    path = str(tmp_path / "a.yaml")
    assert words[:5] == ["python", "-m", "workbench", "study", path]
    machine = ["--device", "cpu", "--workers", "2"]
    assert words[5:] == [*machine, "--outputs", f"{tmp_path}/my runs"]
    root = declaring.project_root()
    assert command_of(root / "outputs" / "a.yaml", SweepSettings()).endswith(" outputs/a.yaml")
