"""The panel that counts a task's data: a button, tables, a figure, and never a text."""

import json

import pytest

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import bundled
from workbench.notebook.data import panel as data_panel
from workbench.notebook.data.panel import DataPanel
from workbench.notebook.figures import rendering
from workbench.tasks.files import DATA_VARIABLE
from workbench.tasks.loading import load

TASK = "miniature-mention:size=8"


class Shown:
    """Stands for a place on a page."""

    def __init__(self):
        self.held = []

    def update(self, what, raw):
        self.held.append(what if raw else what.data)


@pytest.fixture(autouse=True)
def no_browser(monkeypatch):
    monkeypatch.setattr(rendering, "browser", lambda: None)


@pytest.fixture
def place(monkeypatch):
    shown = Shown()
    monkeypatch.setattr(data_panel, "display", lambda what, display_id=False: shown)
    return shown


def looked(panel):
    panel.button.click()
    panel.looking.join()
    return panel


def test_nothing_is_loaded_before_the_button_is_pressed():
    panel = DataPanel(TASK)
    assert panel.looking is None and panel.tables.value == ""
    assert panel.button.description == "Count the data of Miniature mention (synthetic)"


def test_without_a_model_it_is_what_needs_none(place):
    panel = DataPanel(TASK)
    panel.show()
    looked(panel)
    assert panel.tables.value.count("<table") == 3 and "by words" in panel.tables.value
    assert place.held == [] and not panel.button.disabled and panel.said.value == ""


def test_with_a_model_there_are_lengths_and_a_figure(place):
    panel = DataPanel(TASK, [bundled()])
    panel.show()
    looked(panel)
    assert panel.tables.value.count("<table") == 5 and "minilm" in panel.tables.value
    [figure] = place.held
    assert "The data of Miniature mention" in figure["text/plain"]


def test_no_text_of_a_record_is_saved(place):
    panel = DataPanel(TASK, [bundled()])
    panel.show()
    looked(panel)
    saved = json.dumps([panel.tables.get_state(), panel.said.get_state(), place.held], default=str)
    for words in load(TASK).splits["train"]["words"]:
        assert " ".join(words) not in saved
    assert max(load(TASK).splits["train"]["words"][0], key=len) not in saved


def test_another_task_takes_away_what_was_found(place):
    panel = DataPanel(TASK, [bundled()])
    panel.show()
    looked(panel)
    panel.choose(TASK)
    assert panel.tables.value and len(place.held) == 1
    panel.choose("miniature-document")
    assert panel.tables.value == "" and place.held[-1] == ""
    assert "Miniature document" in panel.button.description


def test_what_was_asked_about_a_former_task_is_not_shown(monkeypatch):
    panel = DataPanel(TASK)

    def turned(name):
        panel.choose("miniature-document")
        return load(name)

    monkeypatch.setattr(data_panel, "load", turned)
    looked(panel)
    assert panel.tables.value == "" and not panel.button.disabled


def test_missing_files_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    panel = looked(DataPanel("biosses"))
    assert 'role="alert"' in panel.said.value and "BIOSSES/train.tsv" in panel.said.value
    assert not panel.button.disabled


def test_progress_tells_the_time_that_is_left(monkeypatch):
    now = iter([0.0, 1.0, 4.0, 4.1, 8.0])
    monkeypatch.setattr(data_panel.time, "monotonic", lambda: next(now))
    said = []
    line = data_panel._Line(100, said.append)
    for done in (10, 30, 10, 30):
        line(done)
    assert said == ["40% of the text, about 0:06 left", "80% of the text, about 0:02 left"]


def test_an_unknown_task_is_refused():
    with pytest.raises(WorkbenchError, match="no task 'hco'"):
        DataPanel("hco")
