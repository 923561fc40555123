import sys
from types import SimpleNamespace

import pytest

from workbench.notebook.results import saving
from workbench.notebook.results.saving import ModelSaver


@pytest.fixture
def saver(make_spec, tmp_path, monkeypatch):
    """Return a control whose command is a line of Python, and what it said."""
    specs = [make_spec(seed, techniques=each) for each in ((), REINIT) for seed in (0, 1)]
    study = SimpleNamespace(name="small", specs=specs)
    said = []
    found = ModelSaver(
        SimpleNamespace(root=tmp_path), study, lambda text, role: said.append((role, text))
    )
    found.asked = found._command

    def press(code):
        def command():
            assert found.button.disabled
            return [sys.executable, "-c", code]

        monkeypatch.setattr(found, "_command", command)
        found.button.click()
        found.wait()
        return said

    found.press = press
    return found


REINIT = (("reinit", (("layers", 1),)),)


def test_it_offers_the_best_of_each_technique_and_every_one(saver, tmp_path):
    assert [value for _, value in saver.which.options] == ["best", "baseline", "reinit:1", "every"]
    saver.which.value = "reinit:1"
    command = ["save", "small", "--which", "reinit:1", "--outputs", str(tmp_path)]
    assert saver.asked()[-6:] == command and saver.asked()[0] == sys.executable


def test_it_can_be_pressed_once_the_study_is_complete_and_again_when_it_is_done(saver):
    assert saver.button.disabled
    saver.enable()
    saver.press("print()")
    assert not saver.button.disabled


def test_each_line_is_said_as_it_comes_and_escaped(saver):
    saver.enable()
    said = saver.press("print('0 of 2 <b>'); print('/models/one')")
    first, second = "<div>0 of 2 &lt;b&gt;\n</div>", "<div>/models/one\n</div>"
    assert said == [("status", first), ("status", first + second)]


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import sys; sys.exit('50%| step\\nthe disk is full')", "the disk is full"),
        ("import os; os._exit(3)", "it was ended"),
    ],
)
def test_a_failure_is_one_sentence(code, problem, saver):
    saver.enable()
    assert saver.press(code) == [("alert", problem)]
    assert not saver.button.disabled


def test_much_progress_does_not_hold_it_up(saver):
    saver.enable()
    said = saver.press("import sys; sys.stderr.write('50%|\\r' * 200_000); print('done')")
    assert said == [("status", "<div>done\n</div>")]


def test_every_widget_is_closed_with_the_others(saver):
    assert set(saver.widgets) == {saver.which, saver.button, saver.widget}
    assert saver.button.tooltip == saving._TOOLTIP and saver.which.description
