import threading

import pytest

from workbench.execution import launch
from workbench.notebook.control import Control
from workbench.notebook.status import Status
from workbench.notebook.studies import Stored
from workbench.store.folder import RunStore


@pytest.fixture
def settings(small_settings):
    return small_settings


@pytest.fixture
def panel(settings, kill_workers):
    found = Control(lambda: settings)
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
