"""The chooser without a page: what its widgets hold is what is chosen."""

from dataclasses import fields, replace

import ipywidgets
import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.notebook.choosing.chooser import Chooser
from workbench.notebook.choosing.planning import PLANNING, Plan
from workbench.store.parameters import explanation
from workbench.store.settings import SweepSettings

pytestmark = pytest.mark.usefixtures("machine")
START = SweepSettings(max_steps=7, seeds="3")


@pytest.fixture
def chooser():
    found = Chooser(START)
    yield found
    found.planner.say(PLANNING)


@pytest.fixture
def told(chooser):
    found = []
    chooser.observe(found.append)
    return found


def row(chooser, name):
    return next(row for row in chooser.techniques.rows if row.switch.name == name)


@pytest.mark.parametrize("item", fields(SweepSettings), ids=lambda item: item.name)
def test_every_parameter_has_a_widget_that_explains_it(chooser, item):
    widget = chooser.fields[item.name]
    assert widget.tooltip == explanation(item)
    assert widget.description in (item.name, item.name.removesuffix("s"))
    assert widget in shown(chooser.widget)


def shown(widget):
    """Return a widget and everything inside it."""
    inside = [part for child in getattr(widget, "children", ()) for part in shown(child)]
    return [widget, *inside]


def test_every_widget_that_takes_input_has_a_name_and_a_tooltip(chooser):
    for widget in shown(chooser.widget):
        if isinstance(widget, ipywidgets.DOMWidget) and hasattr(widget, "disabled"):
            assert widget.description and widget.tooltip


@pytest.mark.parametrize(
    "settings",
    [
        START,
        SweepSettings(
            task="miniature-mention:size=40", techniques="freeze:2,freeze:2+reinit,freeze:1"
        ),
        SweepSettings(models="minilm", learning_rate=3e-5, batch_size=4, epochs=2, train_size=20),
        SweepSettings(head="linear", reporting="best-dev", precision="float32", device="cpu"),
        SweepSettings(workers=1, outputs="some/where", study="mine", seeds="7,"),
    ],
)
def test_it_holds_exactly_the_settings_given(settings, chooser, told):
    chooser.choose(settings)
    assert chooser.settings == settings
    assert told == [settings]
    fresh = Chooser(settings)
    fresh.planner.say(PLANNING)
    assert fresh.settings == settings


def test_the_start_shows_in_the_switches(chooser):
    ticked = [row.switch.name for row in chooser.techniques.rows if row.box.value]
    assert ticked == ["freeze", "layerwise", "reinit"]
    chooser.choose(replace(START, techniques="baseline,freeze:2"))
    assert row(chooser, "freeze").settings["layers"].value == 2


def test_depths_are_bound_to_the_model(chooser):
    assert row(chooser, "reinit").settings["layers"].max == 6
    chooser.model.value = "pubmedbert"
    assert row(chooser, "reinit").settings["layers"].max == 12
    chooser.model.value = "owner/name"
    assert row(chooser, "reinit").settings["layers"].max == 12


def test_a_choice_is_told_and_one_that_cannot_be_read_is_said(chooser, told):
    chooser.seeds.value = "1,2"
    assert [each.seed_list for each in told] == [[1, 2]]
    chooser.seeds.value = "many"
    assert len(told) == 1
    assert "must be a count" in chooser.plan.value
    with pytest.raises(WorkbenchError, match="must be a count"):
        _ = chooser.settings
    chooser.seeds.value = "4"
    assert len(told) == 2


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"task": "bioasq"}, "BioASQ is never downloaded"),
        ({"task": "hco"}, "did you mean 'hoc'"),
        ({"models": "brt"}, "did you mean 'bert'"),
        ({"techniques": "freez"}, "did you mean 'freeze'"),
        ({"techniques": "freeze:7"}, "freeze:7 is out of range"),
        ({"device": "cpuu"}, "did you mean 'cpu'"),
    ],
)
def test_a_choice_that_cannot_work_says_why_and_is_no_choice(chooser, told, values, sentence):
    chooser.choose(replace(START, **values))
    with pytest.raises(WorkbenchError, match=sentence) as refused:
        _ = chooser.settings
    assert 'role="alert"' in chooser.plan.value
    assert sentence.split("'")[0] in chooser.plan.value
    assert "\n" not in str(refused.value)
    assert told == []


def test_a_model_that_is_not_here_is_not_planned_with_unasked(chooser, told):
    chooser.model.value = "pubmedbert"
    assert "to download, at least 0.34 GB" in chooser.model.facts.value
    assert "<b>To download:</b> PubMedBERT" in chooser.plan.value
    assert told[-1].models == "pubmedbert"


def test_facts_follow_the_choice(chooser):
    assert (
        "MiniLM-L6" in dict((value, label) for label, value in chooser.model.list.options)["auto"]
    )
    chooser.task.value = "biosses"
    assert "64 / 16 / 20 sentence pairs" in chooser.task.facts.value
    assert "PubMedBERT uncased (abstracts)" in chooser.task.facts.value
    chooser.model.value = "biolinkbert"
    assert "BioLinkBERT-base 93.25" in chooser.task.facts.value
    assert chooser.fields["epochs"].placeholder == "the task's own: 30"


def test_a_device_that_is_not_here_is_marked_and_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    chooser = Chooser(START)
    marks = {word: label[-1] == "\N{MULTIPLICATION X}" for label, word in chooser.device.options}
    assert marks["cuda"] and not marks["cpu"] and not marks["auto"]
    chooser.device.value = "cuda"
    with pytest.raises(WorkbenchError, match="this machine has no cuda device"):
        _ = chooser.settings


def test_each_arm_is_drawn_under_its_name(chooser):
    drawing = chooser.drawing.value
    assert drawing.count("<figcaption") == drawing.count("<figure") == 3
    chooser.techniques.text.value = "baseline,freeze:2,freez"
    assert "freeze:2" in chooser.drawing.value and "freez<" not in chooser.drawing.value


def test_a_preset_is_told_once(chooser, told):
    chooser.preset.list.value = "Baseline"
    assert [each.techniques for each in told] == ["baseline"]
    row(chooser, "freeze").box.value = True
    assert chooser.preset.list.value == ""
    assert [each.techniques for each in told] == ["baseline", "baseline,freeze"]


def test_the_plan_follows(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "workbench.notebook.choosing.chooser.Planner.ask", lambda _, each: asked.append(each)
    )
    chooser = Chooser(START)
    chooser.seeds.value = "4"
    assert [each.seeds for each in asked] == ["3", "4"]
    chooser.planner.told(Plan("Time: <soon>"))
    assert "<b>Time:</b> &lt;soon&gt;" in chooser.plan.value


def test_the_path_of_a_task_file_can_be_typed(chooser, told, own_task, monkeypatch):
    monkeypatch.chdir(own_task.parent)
    chooser.task.list.value = ""
    chooser.task.typed.value = "task.yaml"
    assert told[-1].task == str(own_task)
    assert "own classification" in chooser.task.facts.value
    own_task.write_text("name: notes\nkind: clasification\ndata: notes.csv\n")
    chooser.task.typed.value = str(own_task)
    assert "did you mean &#x27;classification&#x27;?" in chooser.task.facts.value
    with pytest.raises(WorkbenchError, match="did you mean 'classification'"):
        _ = chooser.settings
