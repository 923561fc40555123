"""Switches and the parameter that they write."""

from dataclasses import dataclass, fields
from typing import ClassVar

import ipywidgets
import pytest

from workbench.errors import WorkbenchError
from workbench.notebook.choosing import switches
from workbench.notebook.choosing.technique_panel import TechniquePanel
from workbench.techniques import Technique, registry, setting


@dataclass(frozen=True)
class Deep(Technique):
    """Need many blocks."""

    note: str = setting("free", "anything")
    share: float = setting(0.5, "as one likes")
    name: ClassVar[str] = "deep"
    summary: ClassVar[str] = "deep"
    source: ClassVar[str] = "nobody 2001"

    def resolve(self, layers):
        if layers < 9:
            raise WorkbenchError("deep needs <9> blocks")
        return self


@pytest.fixture
def told():
    return []


@pytest.fixture
def panel(told):
    found = TechniquePanel("help", lambda: told.append(found.value))
    found.bind(6)
    found.value = "baseline,freeze,layerwise:0.8:electra,freeze:2+reinit"
    return found


def row(panel, name):
    return next(row for row in panel.rows if row.switch.name == name)


def test_there_is_a_row_for_each_technique_with_a_widget_for_each_setting(panel):
    assert {row.switch.name: list(row.settings) for row in panel.rows} == {
        name: [item.name for item in fields(kind)] for name, kind in registry().items()
    }
    for each in panel.rows:
        tooltips = [widget.tooltip for widget in each.settings.values()]
        assert tooltips == [item.metadata["help"] for item in fields(registry()[each.switch.name])]
        assert [widget.description for widget in each.settings.values()] == list(each.settings)
        assert each.switch.source in each.box.tooltip


def test_the_switches_show_what_the_text_says(panel, told):
    assert [row.switch.name for row in panel.rows if row.box.value] == ["freeze", "layerwise"]
    assert row(panel, "freeze").settings["layers"].value == 3
    layerwise = row(panel, "layerwise").settings
    assert (layerwise["decay"].value, layerwise["convention"].value) == (0.8, "electra")
    assert row(panel, "reinit").settings["layers"].disabled
    assert not layerwise["decay"].disabled
    assert told == []


def test_switches_write_the_text_and_leave_what_they_cannot_say(panel, told):
    row(panel, "reinit").box.value = True
    row(panel, "reinit").settings["layers"].value = 2
    row(panel, "layerwise").box.value = False
    assert told == [
        "baseline,freeze,layerwise:0.8:electra,freeze:2+reinit,reinit",
        "baseline,freeze,layerwise:0.8:electra,freeze:2+reinit,reinit:2",
        "baseline,freeze,freeze:2+reinit,reinit:2",
    ]
    assert panel.arms == ["freeze", "freeze:2+reinit", "reinit:2"]


def test_typing_moves_the_switches(panel, told):
    panel.text.value = "baseline,freeze:5:cached"
    assert told == ["baseline,freeze:5:cached"]
    freeze = row(panel, "freeze").settings
    assert (freeze["layers"].value, freeze["activations"].value) == (5, "cached")
    assert not row(panel, "layerwise").box.value


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("baseline,freez:3,reinit:2", "there is no technique &#x27;freez&#x27;"),
        ("baseline,freeze:9,reinit:2", "freeze:9 is out of range"),
        ("freeze:6+reinit,reinit:2", "cannot work"),
    ],
)
def test_what_cannot_be_read_is_said_and_stays(panel, text, sentence):
    panel.text.value = text
    assert sentence in panel.problem.value
    row(panel, "reinit").settings["layers"].value = 1
    assert panel.value == text.replace("reinit:2", "reinit")
    panel.text.value = "baseline"
    assert panel.problem.value == "" and panel.arms == ["baseline"]


def test_the_ticked_are_added_as_one(panel, told):
    assert not panel.add.disabled
    panel.add.click()
    joined = "baseline,freeze,layerwise:0.8:electra,freeze:2+reinit,freeze+layerwise:0.8:electra"
    assert (panel.value, told) == (joined, [joined])
    assert panel.add.disabled
    row(panel, "layerwise").box.value = False
    assert panel.add.disabled
    row(panel, "reinit").box.value = True
    assert not panel.add.disabled
    panel.text.value = "baseline,freeze:6,reinit"
    assert panel.add.disabled, "they cannot act together"


def test_ranges_and_defaults_follow_the_model(panel, told):
    assert row(panel, "freeze").settings["layers"].max == 6
    rows = list(panel.rows)
    panel.bind(6)
    assert panel.rows == rows
    panel.bind(24)
    slider = row(panel, "freeze").settings["layers"]
    assert (slider.max, slider.value) == (24, 12)
    assert panel.value == "baseline,freeze,layerwise:0.8:electra,freeze:2+reinit"
    assert told == []


def test_a_depth_that_a_smaller_model_lacks_is_not_lost(panel):
    panel.bind(12)
    panel.text.value = "baseline,freeze:10"
    panel.bind(6)
    assert panel.value == "baseline,freeze:10" and "out of range" in panel.problem.value
    panel.bind(12)
    assert row(panel, "freeze").settings["layers"].value == 10 and not panel.problem.value


def test_a_technique_that_this_model_cannot_have_is_disabled_with_the_reason(monkeypatch, panel):
    monkeypatch.setattr(switches, "registry", lambda: {"deep": Deep})
    panel.bind(3)
    (deep,) = panel.rows
    assert deep.box.disabled and not deep.settings
    assert "deep needs &lt;9&gt; blocks" in deep.widget.children[0].children[1].value
    panel.bind(9)
    (deep,) = panel.rows
    assert not deep.box.disabled
    assert isinstance(deep.settings["note"], ipywidgets.Text)
    assert isinstance(deep.settings["share"], ipywidgets.FloatText)


def test_a_wide_range_is_typed(panel):
    factor = row(panel, "longer").settings["factor"]
    assert isinstance(factor, ipywidgets.BoundedFloatText)
    assert (factor.min, factor.max) == (1, 1000)


@pytest.mark.parametrize(
    ("technique", "setting", "kind", "ends"),
    [
        ("unfreeze", "blocks", ipywidgets.IntSlider, (1, 7)),
        ("discriminative", "factor", ipywidgets.FloatSlider, (1, 10)),
        ("pretrained-decay", "strength", ipywidgets.BoundedFloatText, (0, 1)),
        ("mixout", "p", ipywidgets.FloatSlider, (0, 0.99)),
        ("average", "share", ipywidgets.FloatSlider, (0, 1)),
        ("r-drop", "alpha", ipywidgets.BoundedFloatText, (0, 100)),
        ("smooth", "weight", ipywidgets.BoundedFloatText, (0, 100)),
        ("smooth", "radius", ipywidgets.BoundedFloatText, (0.0001, 1)),
    ],
)
def test_a_number_has_a_slider_or_is_typed(panel, technique, setting, kind, ends):
    widget = row(panel, technique).settings[setting]
    assert type(widget) is kind and (widget.min, widget.max) == ends


def test_what_becomes_of_dropout_is_a_choice_of_words(panel, told):
    mixout = row(panel, "mixout")
    assert mixout.settings["dropout"].options == ("replace", "keep")
    mixout.box.value = True
    mixout.settings["dropout"].value = "keep"
    assert panel.value.endswith(",mixout:0.7:keep") and told[-1] == panel.value
