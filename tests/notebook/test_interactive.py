"""The parts of explore.ipynb together, without a page."""

import time

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.notebook.interactive import Interactive
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import SweepSettings


@pytest.fixture
def open_with(tmp_path):
    """Return a function that opens the workbench with parameters."""
    made = []

    def make(**parameters):
        made.append(Interactive({"outputs": str(tmp_path), "max_steps": 2} | parameters))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def opened(open_with):
    return open_with()


def test_another_task_is_another_text(opened):
    opened.chooser.task.value = "miniature-mention"
    assert opened.examples.task_name == "miniature-mention"
    assert opened.control.study is None


def test_a_mistyped_parameter_is_refused():
    with pytest.raises(WorkbenchError, match="no parameter 'taks'"):
        Interactive({"taks": "hoc"})


def test_a_start_that_cannot_work_is_shown_and_can_be_mended(open_with):
    opened = open_with(task="hco")
    assert opened.examples.task_name == "miniature-similarity"
    opened.chooser.task.value = "miniature-mention"
    assert opened.examples.task_name == "miniature-mention"


def test_a_study_that_is_attached_to_brings_its_choices(open_with, tmp_path):
    store = RunStore(tmp_path)
    for study in ("older", "newer"):
        task = f"miniature-similarity:size={len(study) + 19}"
        settings = SweepSettings(task=task, models="minilm", seeds="3", study=study)
        plan_study(settings, store)
    opened = open_with()
    wait_for(lambda: opened.chooser.fields["study"].value == "newer")
    opened.control.supervisor.attach("older")
    wait_for(lambda: opened.chooser.fields["study"].value == "older")
    assert opened.chooser.settings.seeds == "3"
    # What a study was planned with is no place on this machine.
    assert opened.chooser.outputs == tmp_path


def test_what_a_finished_study_has_trained_is_planned_no_more(open_with, tmp_path):
    store = RunStore(tmp_path)
    opened = open_with(models="minilm", seeds="2", techniques="baseline")
    wait_for(lambda: "2 of them to train" in opened.chooser.plan.value)
    study = plan_study(opened.chooser.settings, store)
    for spec in study.specs:
        store.finish(spec, {"metric": "pearson"}, {"test": np.zeros(1, np.float32)}, {})
    opened.control.supervisor.run()
    wait_for(lambda: "0 of them to train" in opened.chooser.plan.value)


def test_what_is_chosen_is_what_is_declared(opened, tmp_path):
    opened.chooser.techniques.value = "baseline,freeze:2"
    opened.declarer.fold.value = True
    opened.chooser.seeds.value = "3"
    assert opened.declarer.form.fields["seeds"].placeholder == "as chosen above: 3"
    found = opened.declarer.form.declaration(opened.chooser.settings, tmp_path)
    assert list(found.arms) == ["baseline", "freeze:2"]


def wait_for(condition, seconds=30):
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.02)
