"""What the test items add to the error, and what that changes in a verdict."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.analysis.items import draws, item_error
from workbench.protocol.conduct import Conduct
from workbench.protocol.items import TaskItems
from workbench.protocol.sections import Arm, Budget, Contrast, Data, Tuning
from workbench.store.folder import RunStore
from workbench.tasks.classification import Classification
from workbench.tasks.loading import load

TASK = "miniature-question:size=40"


@pytest.fixture(scope="module")
def gold():
    return np.array(load(TASK).splits["test"]["label"][:])


def answers(gold, right, seed):
    """Return the right answers to some items and wrong ones to the rest; a seed changes a few."""
    right = right ^ (np.random.default_rng(seed).random(len(gold)) < 0.03)
    return np.where(right, gold, (gold + 1) % 3).astype(np.int8)


def masks(gold):
    """Return, by case, which items the arm and the baseline answer rightly."""
    even = np.arange(len(gold)) % 2 == 0
    return {
        # As many, but others.
        "exchanged": (even, ~even),
        "same": (even, even),
        "all": (np.ones(len(gold), bool), np.zeros(len(gold), bool)),
    }


@pytest.fixture
def studied(declare, machine, trainer, gold):
    """Return a function that runs a study in which arm and baseline answer as a case says."""

    def run(case, items="new", **changes):
        arm, baseline = masks(gold)[case]

        def predictions(spec):
            right = arm if spec.techniques else baseline
            return answers(gold, right, 2 * spec.weights_seed + bool(spec.techniques))

        trainer.predictions = predictions
        trainer.test = lambda spec: float((predictions(spec) == gold).mean())
        values = {
            "tasks": {TASK: Data()},
            "tuning": Tuning(),
            "seeds": "auto",
            "budget": Budget(runs=80),
            "contrast": Contrast(margin=10.0, items=items),
        }
        return Conduct(declare(**values | changes), machine).run()

    return run


@pytest.mark.parametrize(
    ("case", "items", "outcome"),
    [
        ("exchanged", "new", "more seeds cannot decide"),
        ("exchanged", "these", "equivalent"),
        ("same", "new", "equivalent"),
        ("all", "new", "better"),
    ],
)
def test_more_seeds_cannot_decide_where_the_items_do(studied, trainer, case, items, outcome):
    found = studied(case, items)
    (row,) = found.contrasts.to_dict("records")
    assert (row["outcome"], row["items"]) == (outcome, items)
    # No seed is trained beyond the first look that can decide.
    assert len(trainer.trained) == 20
    told = "for new test items like these" if items == "new" else "they do not say how other items"
    assert told in found.reading and not any("because" in note for note in found.notes)
    assert np.isnan(row["item_sd"]) == (items == "these")
    if (case, items) == ("exchanged", "new"):
        # Of 100 items each differs by 1, up or down.
        assert row["item_sd"] == pytest.approx(99**-0.5, rel=0.1)


def test_two_checkpoints_are_compared_on_new_items_too(studied, gold, small_model, tmp_path):
    other = tmp_path / "other"
    other.symlink_to(small_model)
    arms = {"plain": Arm(), "frozen": Arm(technique=("freeze:1",), model=str(other))}
    found = studied("exchanged", arms=arms, seeds=4, budget=Budget())
    (row,) = found.contrasts.to_dict("records")
    assert (row["unit"], row["items"]) == ("unpaired", "new")
    assert row["outcome"] == "more seeds cannot decide" and row["item_sd"] > 0.05


def test_too_few_seeds_to_decide_widen_by_the_items_too(studied):
    widths = []
    for items in ("these", "new"):
        found = studied("exchanged", items, seeds=3, budget=Budget())
        (row,) = found.contrasts.to_dict("records")
        assert row["outcome"] == "undecided"
        widths.append(row["high"] - row["low"])
    assert widths[1] > 2 * widths[0]


@pytest.fixture
def finished(declare, machine, trainer, gold):
    """Return a store of finished runs, and their identities by arm, in the order of seeds."""
    generator = np.random.default_rng(0)

    def make():
        trainer.predictions = lambda spec: generator.integers(3, size=len(gold)).astype(np.int8)
        declaration = declare(tasks={TASK: Data()}, tuning=Tuning(), seeds=4)
        runs = Conduct(declaration, machine).run().runs
        return RunStore(machine.outputs), runs.groupby("arm")["run"].agg(list)

    return make


def test_the_error_is_that_of_scores_on_shared_draws(finished, gold):
    store, runs = finished()
    drawn = draws(len(gold))
    accuracy = [
        np.array([drawn @ (store.predictions(run)["test"] == gold) for run in runs[arm]]).T
        / len(gold)
        for arm in ("frozen", "plain")
    ]
    single = [[[run] for run in runs[arm]] for arm in ("frozen", "plain")]
    for paired in (True, False):
        found = TaskItems(store).error(*single, paired=paired)
        expected = item_error(*accuracy, len(gold), paired)
        assert found.clusters == expected.clusters == len(gold)
        assert found.sd == pytest.approx(expected.sd)
    # Two runs on each of two subsets are averaged first.
    halves = [[side[:2], side[2:]] for side in (runs["frozen"], runs["plain"])]
    means = [table.reshape(len(drawn), 2, 2).mean(axis=2) for table in accuracy]
    assert TaskItems(store).error(*halves).sd == pytest.approx(item_error(*means, len(gold)).sd)


def test_a_seed_without_a_defined_score_takes_no_part(finished):
    store, runs = finished()
    arm, baseline = ([[run] for run in runs[name]] for name in ("frozen", "plain"))
    without = TaskItems(store).error([[], *arm[1:]], baseline)
    assert without == TaskItems(store).error(arm[1:], baseline[1:])
    assert TaskItems(store).error([[], [], [], arm[3]], baseline) is None


def test_a_run_is_read_and_scored_once(finished, monkeypatch):
    store, runs = finished()
    tested, read = TaskItems(store), []
    stored = store.predictions
    monkeypatch.setattr(store, "predictions", lambda run: read.append(run) or stored(run))
    sides = [[[run] for run in runs[name]] for name in ("frozen", "plain")]
    assert tested.error(*sides) == tested.error(*sides)
    tested.error(*sides[::-1])
    assert sorted(read) == sorted([*runs["frozen"], *runs["plain"]])


def test_why_the_error_is_not_known(finished, monkeypatch):
    store, runs = finished()
    sides = [[[run] for run in runs[name]] for name in ("frozen", "plain")]

    def reason():
        tested = TaskItems(store)
        assert tested.error(*sides) is None
        return tested.unknown[TASK]

    with monkeypatch.context() as patched:
        patched.setattr(Classification, "on_draws", lambda *given: None)
        assert reason() == "the metric is a function of a package, which is not drawn"
    with monkeypatch.context() as patched:
        patched.setattr(
            "workbench.protocol.items.load",
            lambda name: replace(load(name), data_hash="of other data"),
        )
        assert reason() == "runs were scored on other test items than those that are here"
    (store.folder(runs["plain"][0]) / "predictions.safetensors").unlink()
    assert runs["plain"][0] in reason()


def test_a_contrast_whose_items_are_not_known_is_said_to_be_about_these(declare, machine, trainer):
    found = Conduct(
        declare(tasks={TASK: Data()}, tuning=Tuning(), contrast=Contrast()), machine
    ).run()
    assert found.contrasts["items"].tolist() == ["these"]
    assert "they do not say how other items would turn out" in found.reading
    assert found.notes[0].startswith(
        f"On {TASK} not every contrast is about new test items, because"
    )
