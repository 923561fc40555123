"""The widgets of a comparison, without a page."""

import gzip
import threading

import pandas as pd
import pytest
from plotly.offline import get_plotlyjs

from workbench.benchmark.store import fill
from workbench.comparison.filtering import filtered
from workbench.comparison.settings import CompareSettings
from workbench.errors import WorkbenchError
from workbench.notebook.comparing.comparison import Comparison
from workbench.notebook.comparing.figure_view import FigureView
from workbench.notebook.comparing.filters import Filters
from workbench.notebook.comparing.headless import Headless
from workbench.notebook.comparing.interactive import FIGURES, Interactive
from workbench.notebook.comparing.start import start
from workbench.notebook.figures.frame import note
from workbench.store.folder import RunStore


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("outputs")
    fill(RunStore(folder), 60)
    return str(folder)


@pytest.fixture
def shown(outputs):
    found = Interactive({"outputs": outputs})
    yield found
    found.close()


def settled(interactive):
    """Wait until what was chosen is shown."""
    interactive._announcer.close()


@pytest.fixture
def filters(outputs):
    runs = Comparison(CompareSettings(outputs=outputs)).runs
    return Filters(CompareSettings(outputs=outputs), runs, lambda: None)


def test_filters_offer_what_there_is(filters):
    assert ("baseline", "baseline") in filters.fields["techniques"].options
    assert filters.settings == CompareSettings(outputs=filters.settings.outputs)


def test_filters_are_settings(filters):
    filters.fields["techniques"].value = ["baseline", "freeze:6"]
    filters.fields["family"].value = "all"
    filters.fields["since"].value = "2026-01-31"
    settings = filters.settings
    assert settings.technique_names == ["baseline", "freeze:6"]
    assert (settings.family, settings.since) == ("all", "2026-01-31")


def test_filters_begin_with_what_was_given(outputs):
    given = CompareSettings(outputs=outputs, techniques="baseline", split="dev")
    runs = Comparison(CompareSettings(outputs=outputs)).runs
    assert Filters(given, runs, lambda: None).settings == given


RUNS = pd.DataFrame(
    {
        "task": ["hoc", "hoc:abstracts", "gad", "gad"],
        "model": ["bert", "bert", "bert-large", "bert"],
        "technique": ["baseline", "freeze:6", "freeze:6+reinit:2", "freeze:3"],
        "precision": "float32",
        "finished": pd.NaT,
    }
)


@pytest.mark.parametrize(
    ("given", "selected"),
    [
        ({"techniques": "freeze"}, ["freeze:6", "freeze:3"]),
        ({"techniques": "freeze+reinit"}, ["freeze:6+reinit:2"]),
        ({"techniques": "baseline,freeze:3"}, ["baseline", "freeze:3"]),
        ({"tasks": "hoc"}, ["hoc"]),
        ({"tasks": "hoc:sentences"}, ["hoc"]),
        ({"tasks": "gad,hoc:abstracts"}, ["hoc:abstracts", "gad"]),
        ({"models": "bert"}, ["bert"]),
    ],
)
def test_what_is_selected_at_first_is_what_the_parameter_filters(given, selected):
    (name,) = given
    found = Filters(CompareSettings(**given), RUNS, lambda: None)
    assert list(found.fields[name].value) == selected
    passed = set(filtered(RUNS, CompareSettings(**given))[name[:-1]])
    # The baseline passes with whichever techniques are named.
    always = {"baseline"} if name == "techniques" else set()
    assert passed == always | set(selected)


def test_a_name_that_no_run_has_is_refused(outputs):
    with pytest.raises(WorkbenchError, match="did you mean 'biosses'"):
        Interactive({"outputs": outputs, "tasks": "biosess"})


def test_a_date_that_cannot_be_is_refused(filters):
    filters.fields["until"].value = "soon"
    with pytest.raises(WorkbenchError, match="until is 'soon'"):
        _ = filters.settings


def test_table_sentences_and_figure_come_by_themselves(shown):
    settled(shown)
    assert "60 finished runs compared" in shown.status.value
    assert "<table>" in shown.found.value and "<li>" in shown.sentences.value
    assert shown.figure._shown["words"].startswith("Test score of every run")


def test_another_figure_is_shown_when_it_is_chosen(shown):
    shown.chooser.value = "forest"
    settled(shown)
    assert shown.figure._shown["words"].startswith("Difference to the baseline")


def test_a_mistyped_date_is_said(shown):
    shown.filters.fields["since"].value = "soon"
    assert "since is &#x27;soon&#x27;" in shown.status.value


@pytest.mark.parametrize("button", [0, 1, 2])
def test_a_button_writes_files(shown, button):
    settled(shown)
    said = []
    shown.saved.observe(lambda change: said.append(change["new"]), "value")
    shown.buttons.children[button].click()
    assert len(said) == 2 and "Writing " in said[0] and "Written: " in said[1]


def test_the_list_offers_every_figure(outputs):
    offered = {name for _, name in FIGURES}
    assert offered == set(Comparison(CompareSettings(outputs=outputs)).figures)


def test_nobody_looks_here(outputs):
    assert isinstance(start({"outputs": outputs}), Headless)


def test_a_mistyped_parameter_is_refused_at_once(outputs):
    with pytest.raises(WorkbenchError, match="did you mean 'tasks'"):
        start({"outputs": outputs, "taks": "hoc"})


def test_a_page_that_asks_gets_library_and_figure():
    view, sent = FigureView(), []
    view.send = lambda content, buffers=None: sent.append((content, buffers))
    view._handle_custom_msg({"kind": "figure"}, [])
    assert sent == []
    view._handle_custom_msg({"kind": "library"}, [])
    assert gzip.decompress(sent[0][1][0]).decode() == get_plotlyjs()
    view.show(note("Title", "Why"))
    view._handle_custom_msg({"kind": "figure"}, [])
    assert [content["kind"] for content, _ in sent[1:]] == ["figure", "figure"]


def test_closing_ends_the_thread(outputs):
    before = threading.active_count()
    Interactive({"outputs": outputs}).close()
    assert threading.active_count() == before
