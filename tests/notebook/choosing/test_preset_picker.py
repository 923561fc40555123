import pytest

from workbench.notebook.choosing.more_settings import MoreSettings
from workbench.notebook.choosing.preset_picker import PresetPicker
from workbench.notebook.choosing.technique_panel import TechniquePanel

pytestmark = pytest.mark.usefixtures("machine")
LAYERWISE = "Layerwise decay, for ELECTRA models"


class Panel:
    """The parts of a chooser that presets write to."""

    def __init__(self):
        self.told = []
        self.techniques = TechniquePanel("", lambda: None)
        self.techniques.bind(12)
        self.more = MoreSettings([], lambda: None)
        self.picker = PresetPicker(self.techniques, self.more, self.changed)
        self.techniques.value = "baseline,reinit"
        self.more.widgets["epochs"].value = "3"
        self.picker.follow("hoc", "electra")

    def changed(self):
        self.told.append(self.techniques.value)
        self.picker.follow("hoc", "electra")


@pytest.fixture
def panel():
    return Panel()


def test_it_begins_with_ones_own_choice(panel):
    assert [label for label, _ in panel.picker.list.options] == [
        "choose yourself",
        "Baseline",
        LAYERWISE,
    ]
    assert (panel.picker.list.value, panel.picker.facts.value) == ("", "")
    assert (panel.techniques.value, panel.told) == ("baseline,reinit", [])


def test_a_preset_sets_switches_values_and_numbers_and_names_its_source(panel):
    panel.picker.list.value = LAYERWISE
    assert panel.told == ["baseline,layerwise:0.8:electra"]
    row = next(row for row in panel.techniques.rows if row.switch.name == "layerwise")
    assert row.box.value and row.settings["decay"].value == 0.8
    assert panel.more.widgets["epochs"].value == ""
    said = panel.picker.facts.value
    # LinkBERT's settings of HoC for a base model.
    assert "batch size 32" in said and "learning rate 4e-5" in said and "epochs 40" in said
    assert "Source: Tinn et al. 2023" in said and "not of a biomedical task" in said


@pytest.mark.parametrize("field", ["techniques", "epochs", "model"])
def test_it_is_ones_own_choice_again_after_a_change(panel, field):
    panel.picker.list.value = LAYERWISE
    model = "electra"
    if field == "techniques":
        panel.techniques.value = "baseline"
    elif field == "epochs":
        panel.more.widgets["epochs"].value = "5"
    else:
        model = "bert"
    panel.picker.follow("hoc", model)
    assert (panel.picker.list.value, panel.picker.facts.value) == ("", "")


def test_a_preset_stays_while_it_is_what_is_chosen(panel):
    panel.picker.list.value = LAYERWISE
    panel.picker.follow("biosses", "electra")
    assert panel.picker.list.value == LAYERWISE


def test_without_a_task_there_is_no_preset(panel):
    panel.picker.follow("nosuch", "electra")
    assert len(panel.picker.list.options) == 1
