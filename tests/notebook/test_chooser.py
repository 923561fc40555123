"""The chooser without a page: what its widgets hold is what is chosen."""

import pytest

from workbench.errors import WorkbenchError
from workbench.notebook.chooser import Chooser
from workbench.store.settings import SweepSettings


@pytest.fixture
def chooser(monkeypatch):
    found = Chooser(SweepSettings(max_steps=7, seeds="3"))
    yield found
    if found._timer:
        found._timer.cancel()


def row(chooser, name):
    return next(row for row in chooser.rows if row.switch.name == name)


def test_it_begins_with_the_settings_given(chooser):
    assert chooser.settings == SweepSettings(max_steps=7, seeds="3", techniques="baseline")


def test_switches_are_arms_beside_the_baseline_or_one_technique(chooser):
    row(chooser, "freeze").box.value = True
    row(chooser, "freeze").settings["layers"].value = 2
    row(chooser, "layerwise").box.value = True
    arms = chooser.settings.technique_names
    assert arms[0] == "baseline" and [arm.split(":")[0] for arm in arms[1:]] == [
        "freeze",
        "layerwise",
    ]
    assert arms[1].startswith("freeze:2")
    chooser.together.value = True
    assert chooser.settings.technique_names == ["baseline", "+".join(arms[1:])]


def test_depths_are_bound_to_the_model(chooser):
    slider = row(chooser, "reinit").settings["layers"]
    assert slider.max <= 6
    chooser.model.value = "pubmedbert"
    assert 6 < row(chooser, "reinit").settings["layers"].max <= 12


def test_a_choice_is_told_and_one_that_cannot_be_read_is_said(chooser):
    told = []
    chooser.observe(told.append)
    chooser.seeds.value = "1,2"
    assert told[-1].seed_list == [1, 2]
    chooser.seeds.value = "many"
    assert len(told) == 1
    assert "must be a count" in chooser.plan.value
    with pytest.raises(WorkbenchError, match="must be a count"):
        _ = chooser.settings


def test_every_widget_has_a_description(chooser):
    named = [chooser.task, chooser.model, chooser.preset, chooser.seeds, chooser.device]
    assert all(each.description for each in [*named, *(row.box for row in chooser.rows)])
    assert all(each.tooltip for each in [chooser.task, chooser.model, chooser.seeds])


def test_the_plan_follows(chooser):
    chooser._plan()
    assert "3 runs, 3 of them to train" in chooser.plan.value
