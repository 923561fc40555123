"""A declared study from its file to its contrasts, with a trainer that a test prescribes."""

import pytest

from workbench.errors import WorkbenchError
from workbench.protocol.conduct import Conduct, carry_out
from workbench.protocol.sections import Budget, Contrast, Tuning
from workbench.store.folder import RunStore
from workbench.store.seal import is_open
from workbench.store.study import load_study, study_names


def tuning(spec):
    return spec.weights_seed >= 1000


@pytest.fixture
def conduct(declare, machine):
    return Conduct(declare(), machine)


def rates(findings):
    """Return the learning rate that each arm is reported at."""
    found = findings.runs.groupby("arm")["learning_rate"].unique()
    return {arm: list(values) for arm, values in found.items()}


def test_the_best_on_dev_is_reported_and_compared(conduct, trainer):
    trainer.dev = lambda spec: 1000 * spec.learning_rate * (-1 if spec.techniques else 1)
    trainer.test = lambda spec: 0.5 + 0.1 * spec.weights_seed * bool(spec.techniques)
    found = conduct.run()
    assert rates(found) == {"plain": [1e-3], "frozen": [1e-4]}
    assert found.candidates["chosen"].tolist() == [False, True, True, False]
    (row,) = found.contrasts.to_dict("records")
    # Differences 0 and 0.1.
    assert (row["arm"], row["difference"], row["pairs"]) == ("frozen", pytest.approx(0.05), 2)


def test_tuning_takes_no_reporting_seed_and_no_test_score(conduct, trainer):
    """Reporting seeds on dev, and every test score, say the opposite of the tuning seeds."""
    trainer.dev = lambda spec: spec.learning_rate if tuning(spec) else -spec.learning_rate
    trainer.test = lambda spec: -spec.learning_rate
    found = conduct.run()
    assert rates(found) == {"plain": [1e-3], "frozen": [1e-3]}
    # Nor when all reporting runs of both candidates are there.
    for study in map(lambda name: load_study(conduct.store, name), study_names(conduct.store)):
        assert {spec.weights_seed >= 1000 for spec in study.specs} == {"tuning" in study.name}
    assert rates(conduct.run()) == rates(found)


def test_no_reporting_run_is_trained_before_all_is_tuned(conduct, trainer):
    conduct.run()
    stages = [tuning(spec) for spec in trainer.trained]
    assert stages == [True] * 8 + [False] * 4


@pytest.mark.parametrize("after", [1, 7, 8, 10])
def test_no_test_score_is_shown_before_all_is_reported(conduct, trainer, after):
    trainer.stop_after = after
    with pytest.raises(KeyboardInterrupt):
        conduct.run()
    stored = [load_study(conduct.store, name) for name in study_names(conduct.store)]
    assert any(not conduct.store.missing(study.run_ids) for study in stored) == (after > 3)
    assert not any(is_open(conduct.store, study) for study in stored)
    trainer.stop_after = None
    conduct.run()
    assert all(is_open(conduct.store, study) for study in stored)


def test_what_is_there_is_not_trained_again(conduct, trainer):
    conduct.run()
    trainer.trained.clear()
    conduct.run()
    assert trainer.trained == []


@pytest.mark.parametrize("after", [0, 3, 8, 10])
def test_a_study_that_was_stopped_goes_on_where_it_was(conduct, trainer, after):
    trainer.stop_after = after
    with pytest.raises(KeyboardInterrupt):
        conduct.run()
    trainer.stop_after = None
    conduct.run()
    assert len(trainer.trained) == len({spec.id for spec in trainer.trained}) == 12


def test_more_seeds_train_only_the_new_ones(declare, machine, trainer):
    Conduct(declare(), machine).run()
    trainer.trained.clear()
    found = Conduct(declare(seeds=3), machine).run()
    assert {spec.weights_seed for spec in trainer.trained} == {2}
    assert len(found.runs) == 6


def test_without_a_grid_nothing_is_tuned_and_the_plan_says_so(declare, machine, trainer):
    conduct = Conduct(declare(tuning=Tuning(learning_rate=(1e-3,))), machine)
    found = conduct.run()
    assert found.candidates.empty and len(trainer.trained) == 4
    assert "Not tuned" in conduct.plan() and "Not tuned" in found.markdown


def test_a_plan_trains_and_stores_nothing(conduct, trainer):
    lines = conduct.plan().splitlines()
    assert lines.pop().startswith("Too little to decide: 2 seeds cannot decide")
    assert "Tuning: 8 runs, 8 of them to train" in lines[-5]
    assert "Reporting: 4 runs, 4 of them to train" in lines[-4]
    assert "planned with each arm's first candidate" in lines[-4]
    assert [line.split()[0] for line in lines[-3:]] == ["Time:", "Memory:", "Disk:"]
    assert trainer.trained == [] and study_names(RunStore(conduct.machine.outputs)) == []


def test_a_plan_knows_what_tuning_has_chosen(conduct, trainer):
    trainer.stop_after = 8
    with pytest.raises(KeyboardInterrupt):
        conduct.run()
    text = conduct.plan()
    assert "Tuning: 8 runs, 0 of them to train" in text
    assert "Reporting: 4 runs, 4 of them to train" in text and "first candidate" not in text


def test_a_finished_study_has_nothing_to_train(conduct, trainer):
    conduct.run()
    assert "\nNothing to train.\n" in conduct.plan()


def test_too_few_hours_are_refused_before_anything_is_trained(declare, machine, trainer):
    declaration = declare(budget=Budget(hours=1e-9))
    with pytest.raises(WorkbenchError, match=r"budget\.hours is 1e-09, but it is planned"):
        carry_out(declaration, machine)
    assert trainer.trained == []


@pytest.fixture
def rounds(declare, machine):
    """Return a function that declares a study whose seeds are chosen while it runs."""

    def make(runs=200):
        margin = Contrast(margin=1.0)
        return Conduct(
            declare(seeds="auto", budget=Budget(runs=runs), contrast=margin, tuning=Tuning()),
            machine,
        )

    return make


def clear(spec):
    return 0.5 + bool(spec.techniques) * (0.3 + 0.01 * (spec.weights_seed % 3))


def unclear(spec):
    return 0.5 + 0.1 * ((spec.weights_seed // 2 + bool(spec.techniques)) % 2)


@pytest.mark.parametrize(
    ("scores", "outcome", "fewest", "most"),
    [(clear, "better", 5, 20), (unclear, "undecided", 40, 40)],
)
def test_rounds_go_on_until_it_is_decided(rounds, trainer, scores, outcome, fewest, most):
    trainer.test = scores
    found = rounds().run()
    assert found.contrasts["outcome"].tolist() == [outcome]
    seeds = {spec.weights_seed for spec in trainer.trained}
    assert seeds == set(range(len(seeds))) and fewest <= len(seeds) <= most
    assert len(trainer.trained) == 2 * len(seeds) == len(found.runs)


def test_no_round_is_begun_that_the_budget_does_not_pay_for(rounds, trainer):
    trainer.test = unclear
    found = rounds(runs=35).run()
    assert found.contrasts["outcome"].tolist() == ["undecided"]
    assert len(trainer.trained) == 30


def test_rounds_that_were_stopped_go_on_where_they_were(rounds, trainer):
    trainer.test, trainer.stop_after = unclear, 13
    with pytest.raises(KeyboardInterrupt):
        rounds().run()
    names = set(study_names(rounds().store))
    trainer.stop_after = None
    rounds().run()
    assert len(trainer.trained) == len({spec.id for spec in trainer.trained}) == 80
    assert names < set(study_names(rounds().store))


def test_a_budget_that_decides_nothing_is_refused_before_anything_is_trained(rounds, trainer):
    with pytest.raises(WorkbenchError, match="a budget of 12 runs decides nothing"):
        rounds(runs=12).run()
    assert trainer.trained == []


def test_the_plan_of_rounds_is_from_the_first_to_the_last(rounds):
    text = rounds().plan()
    assert "Reporting: at least 10 runs to train, about" in text and "and at most 80" in text
    assert "with at most 40 pairs" in text
    assert "at most 30" in rounds(runs=35).plan() and "at most 15 pairs" in rounds(runs=35).plan()


def test_the_plan_of_rounds_goes_on_from_what_is_there(rounds, trainer):
    trainer.test, trainer.stop_after = unclear, 13
    with pytest.raises(KeyboardInterrupt):
        rounds().run()
    assert "Reporting: at least 7 runs to train" in rounds().plan()
    assert "and at most 67" in rounds().plan()
    trainer.stop_after = None
    rounds().run()
    assert "Reporting: no further round of seeds\nNothing to train." in rounds().plan()


def test_what_no_checkpoint_can_answer_is_said_and_not_run(declare, machine, trainer, capsys):
    carry_out(declare(arms={}, tasks={}, not_testable="all differ."), machine)
    assert "Not testable with these checkpoints: all differ." in capsys.readouterr().out
    with pytest.raises(WorkbenchError, match="nothing to run"):
        Conduct(declare(arms={}, tasks={}, not_testable="all differ."), machine).run()


def test_the_report_has_every_candidate_and_every_contrast(conduct, trainer, capsys):
    carry_out(conduct.declaration, conduct.machine)
    printed = capsys.readouterr().out
    text = (conduct.folder / "report.md").read_text()
    assert text.startswith("# Does freezing help?\n") and "| frozen | plain |" in text
    assert text.count("| frozen | freeze:1 |") == 2 and str(conduct.folder) in printed
    assert "frozen" in printed and "0.001" in printed
    assert len((conduct.folder / "runs.csv").read_text().splitlines()) == 5
    assert len((conduct.folder / "candidates.csv").read_text().splitlines()) == 5


def test_another_may_write_the_report(conduct, trainer, tmp_path, capsys):
    def save(study, found):
        return tmp_path / f"{study.declaration.name}-{len(found.runs)}"

    carry_out(conduct.declaration, conduct.machine, save=save)
    assert capsys.readouterr().out.endswith(f"Report: {tmp_path / 'small-4'}\n")
