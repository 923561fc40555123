from dataclasses import replace

import pytest
import torch

from tests.store.conftest import TASK
from workbench.errors import WorkbenchError
from workbench.models.checkpoint import BUNDLED_SHA256
from workbench.store import planning
from workbench.store.planning import _cohorts, cohort_key, plan_study
from workbench.store.settings import SweepSettings
from workbench.store.study import held_runs, load_study, study_names, study_path
from workbench.tasks.loading import load as load_task
from workbench.techniques import from_settings
from workbench.training.memory import run_bytes
from workbench.training.plan import Execution
from workbench.training.workload import measure


def test_every_technique_is_run_with_every_seed_in_order(plan):
    study = plan(techniques="reinit:2,baseline,freeze", seeds=[4, 1])
    runs = [(dict(spec.techniques), spec.weights_seed) for spec in study.specs]
    reinit, freeze = (
        {"reinit": (("layers", 2),)},
        {"freeze": (("activations", "dropout"), ("layers", 3))},
    )
    assert runs == [(reinit, 4), (reinit, 1), ({}, 4), ({}, 1), (freeze, 4), (freeze, 1)]
    assert [(spec.order_seed, spec.dropout_seed) for spec in study.specs] == [(4, 4), (1, 1)] * 3
    assert study.run_ids == [spec.id for spec in study.specs]
    assert len(set(study.run_ids)) == 6


def test_the_recipe_is_written_out(plan):
    [spec] = plan(seeds=1, precision="float32").specs
    assert (spec.task, spec.data) == (TASK, load_task(TASK).data_hash)
    assert (spec.model, spec.weights) == ("minilm", f"sha256:{BUNDLED_SHA256}")
    assert (spec.batch_size, spec.learning_rate, spec.epochs) == (8, 2e-4, 6)
    assert (spec.max_length, spec.dropout, spec.precision) == (512, 0.1, "float32")
    assert (spec.head, spec.reporting, spec.warmup) == ("native", "last", 0.1)
    assert (spec.max_steps, spec.train_size) == (0, 0)


def test_settings_replace_the_recipe(plan):
    values = {
        "learning_rate": 1e-5,
        "batch_size": 8,
        "epochs": 2,
        "max_steps": 7,
        "train_size": 24,
        "subset_seed": 3,
        "head": "linear",
        "reporting": "best-dev",
        "precision": "bfloat16",
    }
    [spec] = plan(seeds=1, **values).specs
    assert {name: getattr(spec, name) for name in values} == values


def test_a_seed_for_nothing_drawn_makes_no_other_run(plan):
    assert plan(seeds=1, subset_seed=3).run_ids == plan(seeds=1).run_ids
    drawn = {plan(seeds=1, train_size=8, subset_seed=seed).run_ids[0] for seed in range(3)}
    assert len(drawn) == 3


@pytest.mark.parametrize(
    ("values", "steps"),
    [
        ({}, 30),
        ({"techniques": "longer"}, 60),
        ({"techniques": "longer:1.5+freeze:2"}, 45),
        ({"max_steps": 10}, 10),
        ({"max_steps": 10, "techniques": "longer:3"}, 30),
        ({"train_size": 32}, 24),
        ({"batch_size": 40, "epochs": 3}, 3),
    ],
)
def test_steps(plan, values, steps):
    study = plan(seeds=1, **values)
    assert study.steps == {study.specs[0].id: steps}


def test_a_study_is_named_after_its_task_and_stored(plan, store):
    study = plan(task=f" {TASK.upper()} ")
    assert study.name.startswith("miniature-similarity-")
    assert study_path(store, study.name).parent.parent == store.root / "studies"
    assert study_names(store) == [study.name]
    assert load_study(store, study.name) == study
    assert held_runs(store) == set(study.run_ids)


def test_asked_again_the_stored_study_comes_back(plan, store):
    first = plan()
    before = study_path(store, first.name).stat()
    assert plan() == first
    after = study_path(store, first.name).stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_stored_cohorts_are_kept(plan, store):
    study = plan(study="mine")
    together = replace(study, cohorts=(tuple(study.run_ids),))
    together.save(store)
    assert plan(study="mine") == together


def test_another_device_or_other_runs_are_planned_anew(plan, store):
    study = plan(study="mine")
    replace(study, device="cuda", cohorts=(tuple(study.run_ids),)).save(store)
    assert plan(study="mine") == study
    assert len(plan(study="mine", seeds=3).specs) == 3
    assert len(load_study(store, "mine").specs) == 3


@pytest.mark.parametrize(
    "values",
    [{"seeds": 3}, {"epochs": 2}, {"head": "linear"}, {"techniques": "freeze"}, {"seeds": [1, 0]}],
)
def test_other_settings_give_another_name(plan, store, values):
    assert plan().name != plan(**values).name
    assert len(study_names(store)) == 2


def test_on_a_cpu_every_run_trains_alone(plan):
    study = plan(techniques="baseline,freeze")
    assert study.device == "cpu"
    assert study.cohorts == tuple((run,) for run in study.run_ids)


def test_on_a_gpu_runs_that_may_train_together_do(plan):
    study = plan(
        techniques="baseline,freeze:2,layerwise:0.8,freeze:2+reinit:1,longer,freeze:3", seeds=2
    )
    labels = {
        spec.id: f"{from_settings(spec.techniques).label} {spec.weights_seed}"
        for spec in study.specs
    }
    cohorts = _cohorts(study.specs, lambda group: 16)
    assert [[labels[run] for run in cohort] for cohort in cohorts] == [
        ["baseline 0", "baseline 1", "layerwise:0.8 0", "layerwise:0.8 1"],
        ["freeze:2 0", "freeze:2 1", "freeze:2+reinit:1 0", "freeze:2+reinit:1 1"],
        ["longer:2 0", "longer:2 1"],
        ["freeze:3 0", "freeze:3 1"],
    ]


def test_a_cohort_has_a_largest_size(make_spec):
    specs = [make_spec(seed) for seed in range(35)]
    cohorts = _cohorts(specs, lambda group: 16)
    assert [len(cohort) for cohort in cohorts] == [16, 16, 3]
    assert [run for cohort in cohorts for run in cohort] == [spec.id for spec in specs]


@pytest.fixture
def on_gpu(monkeypatch):
    """Let planning find a GPU with so many bytes free."""

    def make(free):
        monkeypatch.setattr(planning, "find_device", lambda name: torch.device("cuda"))
        monkeypatch.setattr(planning, "find_precision", lambda name, device: "float32")
        monkeypatch.setattr(planning, "free_memory", lambda device, workers: free)

    return make


def test_cohorts_are_as_large_as_the_memory_allows_and_stay_so(plan, store, on_gpu):
    on_gpu(80_000_000_000)
    assert [len(cohort) for cohort in plan(study="large", seeds=20).cohorts] == [16, 4]
    on_gpu(1_000_000_000)
    study = plan(study="small", seeds=20)
    shared = measure(study.specs[0])
    each = run_bytes(study.specs[0], shared, Execution(torch.device("cuda")), stacked=True)
    fit = int(0.85 * 1_000_000_000 / each)
    assert 1 < fit < 16
    assert {len(cohort) for cohort in study.cohorts[:-1]} == {fit}
    assert study.free_memory == 1_000_000_000
    on_gpu(500_000_000)
    assert plan(study="small", seeds=20) == study == load_study(store, "small")
    assert len(plan(study="less", seeds=20).cohorts[0]) == max(1, int(0.425e9 / each))


def test_a_plan_can_be_made_without_storing_it(store):
    values = {"task": TASK, "models": "minilm", "device": "cpu", "seeds": 1}
    plan_study(SweepSettings.from_values(values), store, keep=False)
    assert study_names(store) == []


@pytest.mark.parametrize(
    ("changes", "together"),
    [
        ({"weights_seed": 9, "order_seed": 8, "dropout_seed": 7}, True),
        ({"learning_rate": 1e-3, "warmup": 0.0, "clip_norm": 0.0}, True),
        ({"weight_decay": 0.1, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-6}, True),
        ({"reporting": "best-dev"}, True),
        ({"task": "hoc"}, False),
        ({"data": "e" * 64}, False),
        ({"model": "bert"}, False),
        ({"weights": "v" * 64}, False),
        ({"batch_size": 8}, False),
        ({"epochs": 2}, False),
        ({"max_steps": 5}, False),
        ({"max_length": 64}, False),
        ({"train_size": 8}, False),
        ({"subset_seed": 1}, False),
        ({"head": "linear"}, False),
        ({"dropout": 0.0}, False),
        ({"precision": "bfloat16"}, False),
    ],
)
def test_what_a_cohort_must_share(make_spec, changes, together):
    assert (cohort_key(make_spec()) == cohort_key(make_spec(**changes))) == together


def test_auto_is_named_after_what_it_stands_for(plan):
    study = plan(models="auto")
    assert {spec.model for spec in study.specs} == {"minilm"}
    assert study.notes == ("the model 'auto' is minilm on this machine (sha256:53aa511).",)


def test_weights_that_the_checkpoint_does_not_bring_are_told(plan, store):
    study = plan()
    assert study.new_weights == ("New weights in minilm, drawn by each run's seed: head.",)
    assert load_study(store, study.name).new_weights == study.new_weights


def test_two_names_of_one_checkpoint_are_one_run_each_seed(plan):
    assert len(plan(models="auto,minilm", seeds=2).specs) == 2


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"techniques": "freeze,freeze:3"}, "names 'freeze:3' twice under different spellings"),
        ({"techniques": "baseline,reinit:0"}, "names 'baseline' twice under different spellings"),
        ({"techniques": "freeze+reinit,reinit+freeze"}, "'freeze:3.reinit:1' twice under diff"),
        ({"techniques": "freez"}, "no technique 'freez': did you mean 'freeze'?"),
        ({"techniques": "freeze:7"}, "freeze:7 is out of range"),
        ({"head": "nativ"}, "no head 'nativ': did you mean 'native'?"),
        ({"reporting": "best"}, "no reporting 'best': did you mean 'best-dev'?"),
        ({"precision": "float3"}, "no precision 'float3': did you mean 'float32'?"),
        ({"device": "cdua"}, "no device 'cdua': did you mean 'cuda'?"),
        ({"task": "minature-similarity"}, "did you mean 'miniature-similarity'?"),
        ({"models": "minilmm"}, "no model 'minilmm': did you mean 'minilm'?"),
        ({"train_size": 41}, "a training set of 41 was asked for"),
        ({"study": "a/b"}, "the study name 'a/b' cannot be a folder's"),
        ({"study": ".."}, "the study name '..' cannot be a folder's"),
        ({"study": "été"}, "the study name 'été' cannot be a folder's"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(plan, store, values, sentence):
    with pytest.raises(WorkbenchError, match=sentence) as caught:
        plan(**values)
    assert "\n" not in str(caught.value)
    assert study_names(store) == []


def test_crossed_seeds_are_a_latin_square_whose_first_run_is_that_of_seeds_together(plan):
    crossed, together = plan(seeds=3, vary="crossed"), plan(seeds=3)
    triples = [(s.weights_seed, s.order_seed, s.dropout_seed) for s in crossed.specs]
    assert triples == [
        *((0, 0, 0), (0, 1, 1), (0, 2, 2)),
        *((1, 0, 1), (1, 1, 2), (1, 2, 0)),
        *((2, 0, 2), (2, 1, 0), (2, 2, 1)),
    ]
    assert set(crossed.run_ids) & set(together.run_ids) == {together.run_ids[0]}
