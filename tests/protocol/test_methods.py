"""The methods section: each fact is that of a run which the test made."""

from dataclasses import replace

import pytest

from workbench import __version__
from workbench.protocol.conduct import Conduct
from workbench.protocol.deciding import families, rule
from workbench.protocol.evidence import Evidence
from workbench.protocol.methods import methods
from workbench.protocol.methods_rule import deciding, items
from workbench.protocol.sections import Arm, Budget, Contrast, Data, Training, Tuning
from workbench.spec import NUMERICS_VERSION

TASK = "miniature-similarity:size=24"


def facts(found):
    return dict(found.methods.table.itertuples(index=False))


@pytest.fixture
def found(declare, machine, trainer):
    """Return the findings of a study that two processes trained, with one collapsed run."""
    trainer.dev = lambda spec: 100 * spec.learning_rate
    trainer.more = lambda spec: {
        "collapsed": bool(spec.techniques) and spec.weights_seed == 1,
        "history": [{"epoch": 1, "step": 3}, {"epoch": 2, "step": 7}],
        "new_parameters": ["head.weight"],
        "trivial": 0.2,
    }
    trainer.timings = lambda spec: {
        "cohort": [spec.id],
        "seconds": 360.0,
        "device": "cpu (a machine)",
        "python": "3.11.9",
        "torch": "2.13.0",
        "transformers": "5.23.0",
        "threads": 2,
    }
    return Conduct(declare(), machine).run()


SPECIFIED = [
    (f"SHA-256 of the data, {TASK}", lambda spec: spec.data),
    ("batch size", lambda spec: str(spec.batch_size)),
    ("epochs", lambda spec: str(spec.epochs)),
    ("dropout", lambda spec: f"{spec.dropout:g}"),
    ("precision", lambda spec: spec.precision),
    ("longest input", lambda spec: f"{spec.max_length} word pieces"),
    ("chosen, frozen", lambda spec: f"{spec.learning_rate:g}"),
    ("arithmetic of the engine", lambda spec: f"version {NUMERICS_VERSION}"),
    (
        "optimizer",
        lambda spec: f"betas {spec.beta1:g} and {spec.beta2:g}, epsilon {spec.epsilon:g}",
    ),
    ("optimizer", lambda spec: f"weight decay {spec.weight_decay:g}, gradient norm clipped at"),
    ("optimizer", lambda spec: f"clipped at {spec.clip_norm:g}"),
    ("schedule", lambda spec: f"over the first {100 * spec.warmup:g}% of the steps"),
]


@pytest.mark.parametrize(("fact", "of"), SPECIFIED)
def test_what_was_trained_is_that_of_the_runs(found, trainer, fact, of):
    spec = trainer.trained[-1]
    assert of(spec) in facts(found)[fact]


def test_the_text_tells_what_the_table_tells(found):
    told = facts(found)
    names = [f"{name}, {TASK}" for name in ("data", "trained on", "metric", "SHA-256 of the data")]
    names += [
        "schedule",
        "chosen, plain",
        "contrasts",
        "batch size",
        "epochs",
        "dropout",
        "precision",
        "runs",
    ]
    names += ["candidates", "tuning seeds", "tuning runs of an arm", "reported seeds", "hours"]
    names += ["reporting point", "collapsed runs", "hardware", "torch", "amendments"]
    assert [name for name in names if told[name] not in found.methods.text] == []


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("runs", "8 to tune, 4 to report"),
        ("hours", "1.2 hours of cpu (a machine)"),
        ("collapsed runs", "plain 0 of 2 and frozen 1 of 2"),
        ("tuning seeds", "1000 and 1001"),
        ("tuning runs of an arm", "4 each"),
        (
            "candidates",
            "plain: baseline at 0.0001 or 0.001; frozen: freeze:1 at 0.0001 or 0.001",
        ),
        ("chosen, plain", "baseline at 0.001"),
        ("chosen, frozen", "freeze:1 at 0.001"),
        ("reported seeds", "0 and 1"),
        ("reporting point", "the last epoch"),
        ("steps", "7"),
        ("contrasts", "1 contrast (frozen against plain, on each task and size)"),
        ("margin", "1 point of 100"),
        ("error", "0.05 for all contrasts together"),
        ("amendments", "none after reported runs had finished"),
        (f"metric, {TASK}", "Pearson"),
        (f"trained on, {TASK}", "all 24 training units"),
        ("Python", "3.11.9"),
        ("torch", "2.13.0"),
        ("transformers", "5.23.0"),
        ("workbench", __version__),
        ("threads", "2"),
    ],
)
def test_facts_of_the_study(found, fact, value):
    assert facts(found)[fact] == value


def test_a_checkpoint_is_told_by_its_weights_and_not_by_its_folder(found, trainer, small_model):
    told = facts(found)
    name = small_model.name
    assert told[f"checkpoint {name}"] == f"{name}, {trainer.trained[0].weights}"
    assert told[f"new weights in {name}"] == "head.weight"
    assert str(small_model) not in found.methods.markdown


def test_the_text_cites_where_protocol_and_technique_come_from(found):
    for source in ("Gu et al. 2020, arXiv:2007.15779", "Tinn et al. 2023, arXiv:2112.07869"):
        assert source in found.methods.text


def test_text_and_table_stand_in_the_report_and_in_a_file_of_their_own(found, declare, machine):
    conduct = Conduct(declare(), machine)
    path = conduct.save(found)
    assert found.methods.markdown == (conduct.folder / "methods.md").read_text()
    assert found.methods.text in path.read_text() and "| steps | 7 |" in path.read_text()


def test_without_a_grid_the_shared_rate_is_told(declare, machine, trainer):
    found = Conduct(declare(tuning=Tuning(learning_rate=(1e-3,))), machine).run()
    assert facts(found)["tuning"] == "none: one shared learning rate, 0.001"
    assert "which is unfair" in found.methods.text


def test_subsets_and_limits_of_steps_are_told(declare, machine, trainer):
    declaration = declare(
        tasks={TASK: Data(train_size=(8, 0), subset_seeds=(3, 4))},
        tuning=Tuning(),
        training=Training(max_steps=5, reporting="best-dev", batch_size=4, epochs=9),
    )
    told = facts(Conduct(declaration, machine).run())
    drawn = "all 24 training units and 8 of 24 training units drawn at random (subset 3 and 4)"
    assert told[f"trained on, {TASK}"] == drawn
    assert told["epochs"] == "9 (of a baseline at most 5 steps)" and told["batch size"] == "4"
    assert told["reporting point"] == "the epoch that is best on dev"


def test_changes_after_results_are_told(declare, machine, trainer):
    Conduct(declare(), machine).run()
    found = Conduct(declare(contrast=Contrast(margin=2.0)), machine).run()
    assert "4 reported runs had finished" in facts(found)["amendment"]
    assert facts(found)["amendment"] in found.methods.text


def changed(found, **timings):
    runs = tuple(replace(run, timings=run.timings | timings) for run in found.evidence.reported)
    return dict(methods(replace(found.evidence, tuned=(), reported=runs)).table.to_numpy())


def test_runs_that_trained_together_share_their_hours(found):
    assert changed(found, cohort=["all"], seconds=7200)["hours"] == "2.0 hours of cpu (a machine)"


def test_hours_before_a_stop_are_not_known(found):
    assert changed(found, first_step=2, seconds=900)["hours"].startswith("at least 1.0 hours")


@pytest.mark.parametrize("content", ["other data", "none at all"])
def test_other_data_are_not_counted(found, content):
    task = TASK if content == "other data" else "gone.yaml"
    runs = tuple(
        replace(run, spec=replace(run.spec, data="0" * 64, task=task))
        for run in found.evidence.reported
    )
    told = dict(methods(replace(found.evidence, tuned=(), reported=runs)).table.to_numpy())
    assert told[f"data, {TASK}"].startswith("no longer those")
    assert told[f"trained on, {TASK}"] == "all training units"


def rows(declaration):
    (statement,) = deciding(Evidence(declaration, (), ()))
    return dict(statement.rows), statement.sentences


def test_the_level_is_that_of_the_rule(declare):
    declaration = declare(seeds=10)
    (level,) = rule(declaration, families(declaration)[0]).levels
    told, text = rows(declaration)
    assert f"at a level of {level:.2g} over 10 pairs" in told["paired contrasts"]
    assert "Fisher 1935" in text and told["paired contrasts"] in text


def test_rounds_are_told_with_their_levels(declare):
    told, _ = rows(declare(seeds="auto", budget=Budget(runs=200)))
    assert "looked at with 5, 10, 15, 20, 30 and 40 pairs" in told["paired contrasts"]
    assert "Lan and DeMets 1983" in told["paired contrasts"]


def test_two_checkpoints_are_compared_as_samples(declare):
    told, _ = rows(declare(arms={"one": Arm(model="bert"), "plain": Arm()}))
    assert "Welch" in told["contrasts of two checkpoints"] and "paired contrasts" not in told


@pytest.mark.parametrize(
    ("about", "told"),
    [
        (("these", "these"), "these alone"),
        (("new", "new"), "new ones like these"),
        (
            ("new", "these"),
            "new ones like these, but for 1 contrast these alone, where the items' error is not "
            "known",
        ),
    ],
)
def test_what_test_items_a_claim_is_about_is_told(declare, about, told):
    (statement,) = items(Evidence(declare(), (), (), items=about))
    assert statement.rows == (("test items", told),)
    assert ("Owen 2007" in statement.sentences) == ("new" in about)
