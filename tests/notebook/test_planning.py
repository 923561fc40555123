import subprocess
import sys
from types import SimpleNamespace

import pytest

from workbench.errors import WorkbenchError
from workbench.notebook import planning
from workbench.notebook.planning import describe, dry_run


def test_the_first_lines_say_what_runs_and_where():
    specs = [SimpleNamespace(model=model, task="hoc", precision="float32") for model in "aab"]
    study = SimpleNamespace(name="hoc-1", specs=specs, device="cpu", notes=("a note",))
    assert describe(study, 2).splitlines() == [
        "Study hoc-1: 3 runs, 2 of them to train",
        "hoc with a, b, on cpu in float32",
        "a note",
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
