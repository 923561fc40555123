import queue
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from workbench.errors import WorkbenchError
from workbench.notebook.choosing import planning
from workbench.notebook.choosing.planning import PLANNING, Plan, Planner, describe, dry_run
from workbench.store.settings import SweepSettings


def test_the_first_lines_say_what_runs_and_where():
    specs = [SimpleNamespace(model=model, task="hoc", precision="float32") for model in "aab"]
    study = SimpleNamespace(
        name="hoc-1", specs=specs, device="cpu", notes=("a note",), new_weights=("the head",)
    )
    assert describe(study, 2).splitlines() == [
        "Study hoc-1: 3 runs, 2 of them to train",
        "hoc with a, b, on cpu in float32",
        "a note",
        "the head",
    ]


@pytest.fixture
def values(tmp_path):
    return {
        "task": "miniature-similarity:size=40",
        "models": "minilm",
        "techniques": "baseline",
        "seeds": "2",
        "device": "cpu",
        "workers": "1",
        "outputs": str(tmp_path / "outputs"),
    }


def test_a_dry_run_says_what_it_would_take_and_leaves_nothing(values, tmp_path):
    lines = dry_run(values).splitlines()
    assert [line.split()[0] for line in lines[-4:]] == ["To", "Time:", "Memory:", "Disk:"]
    assert lines[-4] == "To train: 2 cohorts of 1 run, by 1 worker"
    assert "a first guess" in lines[-3]
    assert not list((tmp_path / "outputs").rglob("*.json"))


def test_without_a_compiler_the_plan_says_what_that_costs(values, monkeypatch):
    monkeypatch.setattr(planning, "notice", lambda: "Slower here: install gcc.")
    assert dry_run(values).endswith("\nSlower here: install gcc.")


def test_a_dry_run_refuses_what_a_sweep_would(values):
    with pytest.raises(WorkbenchError, match="did you mean 'freeze'"):
        dry_run(values | {"techniques": "freez"})


def test_planning_loads_no_network(values):
    """Loading transformers' models takes seconds, and a notebook's kernel needs none."""
    code = (
        f"import sys; from workbench.notebook.sweep import Sweep; Sweep({values!r}); "
        "print('transformers.modeling_utils' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "False"


class Slow:
    """Makes plans that are finished when a test says so."""

    def __init__(self):
        self.begun, self.may_end = queue.Queue(), {"1": threading.Event(), "2": threading.Event()}

    def __call__(self, values):
        self.begun.put(values["seeds"])
        assert self.may_end[values["seeds"]].wait(20)
        return f"plan of {values['seeds']}"


def asked(seeds):
    return SweepSettings(seeds=seeds)


def test_a_plan_is_told_after_it_is_said_that_it_is_made():
    told = queue.Queue()
    Planner(told.put, lambda values: f"seeds {values['seeds']}", quiet=0).ask(asked("3"))
    assert [told.get(timeout=20) for _ in range(2)] == [PLANNING, Plan("seeds 3")]


def test_a_plan_that_was_overtaken_is_told_to_nobody():
    told, slow = queue.Queue(), Slow()
    planner = Planner(told.put, slow, quiet=0)
    planner.ask(asked("1"))
    assert slow.begun.get(timeout=20) == "1"
    planner.ask(asked("2"))
    slow.may_end["1"].set()
    assert slow.begun.get(timeout=20) == "2", "the second waits for the first"
    slow.may_end["2"].set()
    assert [told.get(timeout=20) for _ in range(3)] == [PLANNING, PLANNING, Plan("plan of 2")]


def test_what_is_said_instead_overtakes_a_plan():
    told, slow = queue.Queue(), Slow()
    planner = Planner(told.put, slow, quiet=0)
    planner.ask(asked("1"))
    assert slow.begun.get(timeout=20) == "1"
    planner.say(Plan("no", problem=True))
    planner.ask(asked("2"))
    for event in slow.may_end.values():
        event.set()
    found = [told.get(timeout=20) for _ in range(4)]
    assert found == [PLANNING, Plan("no", problem=True), PLANNING, Plan("plan of 2")]


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (WorkbenchError("a sentence"), "a sentence"),
        (OSError("disk"), "there is no plan (OSError: disk)"),
    ],
)
def test_a_plan_that_fails_is_a_sentence(problem, text):
    def fail(_):
        raise problem

    told = queue.Queue()
    Planner(told.put, fail, quiet=0).ask(asked("1"))
    assert [told.get(timeout=20) for _ in range(2)] == [PLANNING, Plan(text, problem=True)]
