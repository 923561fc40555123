import json
import re

import ipywidgets
import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.models.checkpoint import bundled
from workbench.notebook.examples.gallery import PER_PAGE
from workbench.notebook.examples.panel import DISPUTED, Examples
from workbench.notebook.page.private_page import PrivatePage
from workbench.tasks.loading import load
from workbench.tasks.miniature import MAKERS


@pytest.fixture
def opened():
    """Return a function that opens the browser of a generated task."""

    def make(shape="mention", checkpoint=None, size=4):
        examples = Examples(f"miniature-{shape}:size={size}", checkpoint)
        examples.open()
        examples.loading.join()
        return examples

    return make


def status(examples):
    return re.search(r'role="status">(.*?)</p>', examples.page.html)[1]


def saved_state(examples):
    """Return what a front end could write into a notebook, as one text."""
    states = [widget.get_state() for widget in _descendants(examples.widget)]
    return json.dumps([states, repr(examples.widget)], default=str)


def _descendants(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _descendants(child)


def test_nothing_is_loaded_before_the_button_is_pressed():
    examples = Examples("miniature-mention")
    assert examples.loading is None
    examples.controls["open"].click()
    examples.loading.join()
    assert status(examples) == f"train: 1 to {PER_PAGE} of 64"


@pytest.mark.parametrize("shape", MAKERS)
def test_a_page_shows_ten_records_whatever_the_size(opened, shape):
    examples = opened(shape, size=4_000)
    assert examples.page.html.count("<article>") == PER_PAGE
    assert examples.page.html.count("<") < 1000
    assert not re.search("<script|onerror", examples.page.html)


def test_pages_turn_and_stop_at_both_ends(opened):
    examples = opened(size=25)
    controls = examples.controls
    assert controls["previous"].disabled
    controls["next"].click()
    controls["next"].click()
    assert status(examples) == "train: 21 to 25 of 25"
    assert controls["next"].disabled
    controls["next"].click()
    assert (controls["number"].value, controls["number"].max) == (3, 3)


def test_a_search_goes_through_the_whole_split_and_back_to_page_one(opened):
    examples = opened(size=40)
    text = " ".join(load("miniature-mention:size=40").splits["train"][33]["words"])
    examples.controls["number"].value = 4
    examples.controls["search"].value = f"  {text.upper()} "
    assert status(examples).startswith("train: 1 to ")
    assert "<h4>train 34</h4>" in examples.page.html
    examples.controls["search"].value = "<no such text>"
    assert status(examples) == "train: none found"


def test_word_pieces_are_shown_under_the_checkpoint(opened):
    examples = opened("similarity", bundled())
    assert "word pieces" not in examples.page.html
    examples.controls["pieces"].value = True
    assert re.search(r"<h4>train 1, \d+ word pieces", examples.page.html)
    assert "<i aria-hidden" in examples.page.html


def test_without_a_checkpoint_there_are_no_word_pieces(opened):
    assert opened().controls["pieces"].disabled


@pytest.mark.parametrize("show", ["train", "test"])
def test_text_is_in_no_state_unless_that_is_asked_for(opened, show):
    examples = opened("document")
    examples.controls["show"].value = show
    text = load("miniature-document:size=4").splits[show][0]["text"]
    assert text in examples.page.html
    assert text not in saved_state(examples)
    examples.controls["keep"].value = True
    assert text in saved_state(examples)
    examples.controls["keep"].value = False
    assert text not in saved_state(examples)


def test_text_of_an_own_task_is_in_no_state_unless_that_is_asked_for(own_task):
    examples = Examples(str(own_task))
    examples.open()
    examples.loading.join()
    assert "Quillfeather" in examples.page.html
    assert "Quillfeather" not in saved_state(examples)
    examples.controls["keep"].value = True
    assert "Quillfeather" in saved_state(examples)


def test_a_view_that_opens_is_sent_the_page(monkeypatch):
    page, sent = PrivatePage(), []
    monkeypatch.setattr(page, "send", sent.append)
    page.show("<p>text</p>")
    page._handle_custom_msg({"kind": "opened"}, [])
    assert sent == [{"html": "<p>text</p>"}] * 2


def test_every_control_is_labelled_and_no_two_alike(opened):
    examples = opened(checkpoint=bundled())
    names = [control.description for control in examples.controls.values()]
    assert all(names)
    assert len(set(names)) == len(names)


def test_another_task_waits_for_the_button(opened):
    examples = opened()
    examples.choose("miniature-similarity")
    assert "<article>" not in examples.page.html
    assert "Miniature similarity" in examples.controls["open"].description
    assert not examples.controls["open"].disabled


def test_an_unknown_task_is_refused():
    with pytest.raises(WorkbenchError, match="did you mean 'biosses'"):
        Examples("bioses")


def test_a_task_that_cannot_be_loaded_is_explained(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "<missing>"))
    examples = Examples("biosses")
    examples.open()
    examples.loading.join()
    assert "&lt;missing&gt; does not exist: set WORKBENCH_DATA" in examples.page.html
    assert "does not exist" not in saved_state(examples)
    assert not examples.controls["open"].disabled


def test_the_test_items_that_seeds_disagree_on(study_of):
    scores = np.zeros((3, 100), np.float32)
    scores[:, 7], scores[:, 2] = [0, 0, 3], [0, 0, 1]
    store, study = study_of("similarity", dict(enumerate(scores)))
    examples = Examples("miniature-mention")
    examples.compare(store, study)
    examples.open()
    examples.loading.join()
    examples.controls["show"].value = DISPUTED
    titles = re.findall("<h4>(.*?)</h4>", examples.page.html)
    # Three values 0, 0, x deviate by x / sqrt(3).
    assert titles == ["test 8, standard deviation 1.73", "test 3, standard deviation 0.58"]
    assert "3 seeds disagree on 2 of 100 items." in examples.page.html
    assert examples.controls["group"].options == ("baseline", "reinit:1")


def test_an_incomplete_study_keeps_its_test_items_sealed(study_of):
    examples = Examples("miniature-similarity")
    examples.compare(*study_of("similarity", {0: 1.0, 1: 2.0}))
    examples.open()
    examples.loading.join()
    examples.controls["show"].value = DISPUTED
    assert "sealed until all are finished" in examples.page.html
    examples.controls["show"].value = "dev"
    assert "<article>" in examples.page.html


def test_the_widget_is_one_box(opened):
    assert isinstance(opened().widget, ipywidgets.VBox)
