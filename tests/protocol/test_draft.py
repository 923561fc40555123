"""A sweep becomes a study: which arms, which baseline, and what a study cannot hold."""

import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.protocol.declaration import AUTO
from workbench.protocol.draft import (
    declared,
    finished_before,
    proposed_name,
    proposed_question,
)
from workbench.protocol.sections import Arm, Budget, Data, Training, Tuning
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import SweepSettings


@pytest.fixture
def from_sweep(tmp_path):
    """Return a function that declares what settings of a sweep compare."""

    def make(said=None, **settings):
        sweep = SweepSettings(**{"task": "hoc", "models": "minilm"} | settings)
        return declared(sweep, tmp_path / "saved.yaml", "Does it?", **said or {})

    return make


def test_every_setting_of_the_sweep_is_the_study_s(from_sweep, tmp_path):
    found = from_sweep(
        techniques="freeze:2,baseline,reinit",
        seeds="4,2",
        learning_rate=3e-5,
        batch_size=8,
        epochs=3,
        max_steps=9,
        train_size=64,
        subset_seed=2,
        head="linear",
        reporting="best-dev",
        precision="float32",
    )
    assert (found.path, found.question, found.model) == (
        tmp_path / "saved.yaml",
        "Does it?",
        "minilm",
    )
    assert {name: arm.technique for name, arm in found.arms.items()} == {
        "freeze:2": ("freeze:2",),
        "baseline": ("baseline",),
        "reinit": ("reinit",),
    }
    assert found.baselines == {"freeze:2": "baseline", "reinit": "baseline"}
    assert found.tasks == {"hoc": Data((64,), (2,))} and found.seeds == (4, 2)
    assert found.training == Training(3e-5, 8, 3, 9, "linear", "best-dev", "float32")


def test_the_first_technique_is_the_baseline_where_none_is_called_so(from_sweep):
    assert from_sweep(techniques="freeze:2,freeze:4").baselines == {"freeze:4": "freeze:2"}


def test_each_model_has_its_own_baseline(from_sweep):
    found = from_sweep(models="minilm,bert", techniques="baseline,freeze")
    assert found.baselines == {"minilm freeze": "minilm baseline", "bert freeze": "bert baseline"}
    assert {found.model_of(arm) for arm in ("bert baseline", "bert freeze")} == {"bert"}


def test_models_with_one_technique_are_compared_with_the_first(from_sweep):
    found = from_sweep(models="bert,minilm", techniques="freeze")
    assert found.arms["minilm"] == Arm(technique=("freeze",), model="minilm")
    assert found.baselines == {"minilm": "bert"}


def test_what_is_said_beside_the_sweep_counts(from_sweep):
    said = {"seeds": AUTO, "budget": Budget(runs=90), "tuning": Tuning((1e-5, 2e-5), 2)}
    found = from_sweep(said, seeds="3")
    assert (found.seeds, found.budget.runs) == (AUTO, 90) and found.tuned


@pytest.mark.parametrize(
    ("settings", "said", "sentence"),
    [
        ({"save": "best"}, {}, "save is best, but a study keeps no models: set save to none"),
        ({"techniques": "freeze"}, {}, "there is nothing to compare freeze with: choose another"),
        ({}, {"seeds": AUTO}, "seeds is auto, which may go on for long: add budget.runs"),
        ({"learning_rate": 1e-5}, {"tuning": Tuning((1e-4, 1e-5))}, "keep one of them"),
        (
            {"seeds": "1000,"},
            {"tuning": Tuning((1e-4, 1e-5))},
            "seed 1000 is to tune and to report",
        ),
        (
            {"models": "minilm,bert", "techniques": "baseline"},
            {"seeds": AUTO, "budget": Budget(runs=90)},
            "'bert' and 'minilm' are of two models",
        ),
    ],
)
def test_what_a_study_cannot_hold_is_one_sentence(from_sweep, settings, said, sentence):
    with pytest.raises(WorkbenchError, match=sentence) as refused:
        from_sweep(said, **settings)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "direction", "question"),
    [
        (
            {"techniques": "baseline,freeze"},
            "lower",
            "Does freeze score lower than baseline on hoc?",
        ),
        (
            {"techniques": "freeze:2,longer,reinit"},
            "either",
            "Do longer or reinit score differently from freeze:2 on hoc?",
        ),
        (
            {"models": "a,b,c,d", "techniques": "baseline"},
            "higher",
            "Do b, c or d score higher than a on hoc?",
        ),
    ],
)
def test_a_question_is_proposed(settings, direction, question):
    assert proposed_question(SweepSettings(task="hoc", **settings), direction) == question


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("hoc", "hoc-study"),
        ("miniature-similarity:size=24,noise=0.5", "miniature-similarity-size-24-noise-0-5-study"),
        ("/home/me/My notes.yaml", "My-notes-study"),
        (f"/{'long' * 20}.yaml", f"{'long' * 20}"[:54] + "-study"),
        ("/é.yaml", "study"),
    ],
)
def test_a_name_is_proposed_that_a_study_may_have(task, name):
    assert proposed_name(SweepSettings(task=task)) == name
    assert len(name) <= 60


def test_runs_that_were_looked_at_before_are_counted(declare, machine):
    store = RunStore(machine.outputs)
    assert finished_before(store, declare(), machine) == 0
    explored = SweepSettings(
        **{"task": "miniature-similarity:size=24", "models": declare().model},
        techniques="baseline",
        seeds="1,2",
        learning_rate=1e-3,
        device="cpu",
        outputs=machine.outputs,
    )
    for spec in plan_study(explored, store).specs:
        store.finish(spec, {"metric": "pearson"}, {"test": np.zeros(1)}, {})
    # Of seeds 0 and 1 at two rates, that of seed 1 at one of them; until it is decided, both.
    assert finished_before(store, declare(), machine) == 1
    rounds = declare(seeds=AUTO, budget=Budget(runs=90))
    assert finished_before(store, rounds, machine) == 2


def test_a_study_draws_all_seeds_anew(from_sweep):
    with pytest.raises(WorkbenchError, match=r"vary is crossed, .* set vary to together"):
        from_sweep(vary="crossed")
