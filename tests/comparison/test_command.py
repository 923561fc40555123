import shlex

import numpy as np
import pytest

from tests.comparison.runs import SETTINGS
from workbench.comparison.command import sweep_command
from workbench.comparison.gathering import gather
from workbench.comparison.groups import sort_runs
from workbench.comparison.members import members
from workbench.comparison.settings import CompareSettings
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import SweepSettings

NAMES = {"task": "biosses", "model": "tiny", "technique": "baseline"}


def parsed(command):
    """Return the parameters of a command line."""
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "workbench", "sweep"]
    assert words[4::3] == ["-p"] * (len(words[4:]) // 3)
    return dict(zip(words[5::3], words[6::3], strict=True))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seeds": "4,2"},
        {"seeds": "3,", "techniques": "freeze:1+longer:2"},
        {"train_size": 8, "subset_seed": 3, "head": "linear", "reporting": "best-dev"},
        {"max_steps": 5, "batch_size": 4, "epochs": 2, "learning_rate": 1e-4},
    ],
)
def test_a_command_plans_the_same_runs_again(tmp_path, small_model, changes):
    store = RunStore(tmp_path / "outputs")
    values = {
        "task": "miniature-similarity:size=24",
        "models": str(small_model),
        "techniques": "baseline",
        "seeds": "2",
        "device": "cpu",
    }
    study = plan_study(SweepSettings.from_values(values | changes), store)
    for spec in study.specs:
        store.finish(
            spec, {"metric": "pearson", "test": {"pearson": 0.5}}, {"test": np.zeros(1)}, {}
        )
    runs = gather(store, CompareSettings()).runs
    groups = sort_runs(runs)
    (group,) = groups.settings.index
    seeds = members(runs, groups.of_run, "test")[group].seeds
    command = sweep_command(groups.settings.loc[group].to_dict(), seeds)
    again = plan_study(SweepSettings.from_values(parsed(command) | {"device": "cpu"}), store)
    assert sorted(again.run_ids) == sorted(study.run_ids)


def test_a_column_with_gaps_changes_nothing():
    settings = NAMES | SETTINGS
    seeds = [(0, 0, 0), (1, 1, 1)]
    command = sweep_command(settings, seeds)
    assert command == (
        "python -m workbench sweep -p task biosses -p models tiny -p techniques baseline "
        "-p seeds 2 -p learning_rate 2e-05 -p batch_size 16 -p epochs 3 -p precision float32"
    )
    gaps = {name: float(value) for name, value in settings.items() if isinstance(value, int)}
    assert sweep_command(settings | gaps, seeds) == command


@pytest.mark.parametrize(
    ("changes", "seeds"),
    [
        ({}, [(0, 1, 0)]),
        ({}, []),
        ({"weight_decay": 0.1}, [(0, 0, 0)]),
        ({"epochs": np.nan}, [(0, 0, 0)]),
        ({"head": None}, [(0, 0, 0)]),
    ],
)
def test_what_no_sweep_trains_has_no_command(changes, seeds):
    assert sweep_command(NAMES | SETTINGS | changes, seeds) == ""


def test_a_path_is_quoted():
    command = sweep_command(NAMES | SETTINGS | {"model": "a b/c;d"}, [(5, 5, 5)])
    assert parsed(command)["models"] == "a b/c;d"
    assert parsed(command)["seeds"] == "5,"
