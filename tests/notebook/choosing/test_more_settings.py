from dataclasses import fields

import pytest

from workbench.notebook.choosing.more_settings import MoreSettings, fill, setting_widget, written
from workbench.store.settings import SweepSettings
from workbench.tasks.task import Recipe

BY_NAME = {item.name: item for item in fields(SweepSettings)}


@pytest.fixture
def told():
    return []


@pytest.fixture
def more(told):
    return MoreSettings(["task", "models", "techniques"], lambda: told.append(True))


def test_it_holds_every_setting_that_is_not_shown_elsewhere(more):
    assert list(more.widgets) == list(BY_NAME)[3:]


def test_settings_go_in_and_come_out(more):
    settings = SweepSettings(learning_rate=2e-5, epochs=3, head="linear", study="mine", seeds="1,2")
    more.choose(settings)
    assert more.widgets["learning_rate"].value == "2e-5"
    values = {name: value for name, value in settings.to_json().items() if name in more.widgets}
    assert SweepSettings.from_values(more.values) == SweepSettings.from_values(values)
    more.choose(SweepSettings())
    assert {each.value for each in more.widgets.values()} >= {""}
    assert SweepSettings.from_values(more.values) == SweepSettings()


def test_what_is_left_empty_says_what_it_stands_for(more):
    more.follow(Recipe(16, 2e-4, 30))
    said = {name: more.widgets[name].placeholder for name in ("learning_rate", "epochs", "workers")}
    assert said == {
        "learning_rate": "the task's own: 2e-4",
        "epochs": "the task's own: 30",
        "workers": "as many as this machine carries",
    }
    more.follow(None)
    assert more.widgets["epochs"].placeholder == "the task's own"


def test_the_button_opens_it_and_names_what_is_set(more, told):
    assert (more.panel.layout.display, more.button.description) == ("none", "More settings")
    more.button.value = True
    assert more.panel.layout.display is None
    more.widgets["max_steps"].value = "7"
    assert told == [True]
    more.follow(None)
    assert more.button.description == "More settings: max_steps 7"


def test_a_word_outside_the_list_is_kept():
    device = setting_widget(BY_NAME["device"])
    assert ("auto (the best here)", "auto") in device.options
    fill(device, "cuda:1")
    assert device.value == "cuda:1"


@pytest.mark.parametrize(
    ("value", "text"),
    [(2e-4, "2e-4"), (1.5e-05, "1.5e-5"), (0.01, "0.01"), (0.0, "0"), (16, "16"), ("a", "a")],
)
def test_numbers_are_written_as_people_type_them(value, text):
    assert written(value) == text
