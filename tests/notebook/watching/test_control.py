import threading

import pytest

from workbench.execution import launch
from workbench.notebook.watching import control
from workbench.notebook.watching.control import Control
from workbench.notebook.watching.status import Status
from workbench.notebook.watching.studies import Stored
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import outputs_folder


@pytest.fixture
def settings(small_settings):
    return small_settings


@pytest.fixture
def panel(settings, kill_workers):
    found = Control(lambda: settings, lambda: outputs_folder(settings))
    yield found
    found.close()
    kill_workers(settings)
    launch.dismiss()


@pytest.fixture
def still(panel):
    """Return a panel whose supervisor has ended, so that it shows only what a test tells it."""
    panel.close()
    return panel


def buttons_on(panel):
    buttons = {"run": panel.run, "stop": panel.stop, "resume": panel.resume}
    return {name for name, button in buttons.items() if not button.disabled}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("none", {"run"}),
        ("starting", {"run", "stop"}),
        ("running", {"run", "stop"}),
        ("stopping", {"run"}),
        ("stopped", {"run", "resume"}),
        ("failed", {"run", "resume"}),
        ("finished", {"run"}),
    ],
)
def test_buttons_are_on_where_they_do_something(still, state, expected):
    still._show(Status("a", state, 2, 1, 8, 2))
    assert buttons_on(still) == expected
    assert still.bar.value == 0.25


def test_everything_shown_is_escaped(still):
    still._show(Status("<b>", "failed", 1, 0, 1, 0, problem="<script>"))
    assert "&lt;b&gt; failed" in still.line.value
    assert "&lt;script&gt;" in still.problem.value and "<script>" not in still.problem.value


def test_the_panel_runs_and_lists_a_study(panel, settings):
    done = threading.Event()
    panel.observe(lambda status: status.state == "finished" and done.set())
    assert panel.study is None
    panel.run.click()
    assert done.wait(60)
    assert panel.study.name == "small" and panel.store.root == RunStore(settings.outputs).root
    panel._list()
    assert panel.studies.options == ((Stored("small", "finished", 2, 2, 0.0).label, "small"),)
    assert panel.studies.value == "small"


@pytest.mark.parametrize(
    ("status", "style"),
    [
        (Status(), ""),
        (Status("a", "starting"), "info"),
        (Status("a", "running"), "info"),
        (Status("a", "stopping"), "warning"),
        (Status("a", "stopped"), "warning"),
        (Status("a", "finished"), "success"),
        (Status("a", "failed"), "danger"),
    ],
)
def test_the_state_has_a_colour_and_words(still, status, style):
    still._show(status)
    assert still.bar.bar_style == style
    assert status.line() in still.line.value and status.sentence() in still.sentence.value


def test_stop_is_on_while_something_is_planned_or_waits(still):
    still._show(Status("a", "finished"))
    assert still.stop.disabled
    for status in (Status(planning=True), Status("a", "finished", waiting=("b",))):
        still._show(status)
        assert not still.stop.disabled


def test_what_waits_is_listed_and_can_be_removed(still, monkeypatch):
    dropped, focused = [], []
    monkeypatch.setattr(still.supervisor, "drop", dropped.append)
    monkeypatch.setattr(still.run, "focus", lambda: focused.append("run"))
    still._show(Status("a", "running", waiting=("b", "<c>")))
    texts = [row.children[0].value for row in still.queue.widget.children]
    assert ["number 1: b" in texts[0], "number 2: &lt;c&gt;" in texts[1]] == [True, True]
    still.queue.widget.children[1].children[1].click()
    # The pressed button goes away, and the keyboard's focus with it.
    assert (dropped, focused) == (["<c>"], ["run"])
    still._show(Status("a", "running"))
    assert still.queue.widget.children == ()


def test_the_keyboard_goes_on_where_the_pressed_button_is_disabled(still, monkeypatch):
    focused = []
    for name in ("stop", "resume"):
        monkeypatch.setattr(getattr(still, name), "focus", lambda name=name: focused.append(name))
    running, stopped = Status("a", "running"), Status("a", "stopped")
    still._show(running)
    still.supervisor.status = running
    still._stop()
    still._show(Status("a", "stopping"))
    assert focused == []
    for status in (stopped, running, stopped):
        still._show(status)
    # Only for whoever pressed it, and once.
    assert focused == ["resume"]


def stored(*names, state="stopped"):
    return [Stored(name, state, 2, 0, 0.0) for name in names]


def test_what_is_picked_of_the_list_stays_picked(still):
    still._offer(stored("a", "b", "c"))
    still.studies.value = "b"
    still._offer(stored("new", "a", "b", "c", state="running"))
    assert still.studies.value == "b"
    assert still.studies.options[0] == ("new: running, 0 of 2 runs", "new")
    # What comes to be shown is picked, as soon as the list holds it.
    still._show(Status("next", "running"))
    assert still.studies.value == "b"
    still._offer(stored("next", "a", "b", "c"))
    assert still.studies.value == "next"
    still.studies.value = "a"
    still._show(Status("next", "stopped"))
    assert still.studies.value == "a"


def test_the_list_follows_the_store_by_itself(panel, settings, monkeypatch):
    monkeypatch.setattr(control, "LIST_SECONDS", 0.05)
    listed = threading.Event()
    panel.studies.observe(lambda change: change.new and listed.set(), "options")
    panel._list_soon.set()
    plan_study(settings, RunStore(settings.outputs))
    assert listed.wait(60)
    assert panel.studies.options == (("small: stopped, 0 of 2 runs", "small"),)
