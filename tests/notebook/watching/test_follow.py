import json

import numpy as np
import pytest

from workbench.notebook.watching.follow import Follower
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings
from workbench.store.study import Study

STEPS = 4


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


@pytest.fixture
def study(make_spec):
    specs = tuple(make_spec(seed) for seed in (0, 1))
    runs = [spec.id for spec in specs]
    cohorts = tuple((run,) for run in runs)
    settings = SweepSettings(task="biosses")
    return Study("s", settings, specs, cohorts, dict.fromkeys(runs, STEPS), (), "cpu")


@pytest.fixture
def follower(store, study):
    return Follower(store, study)


def step(number, loss=1.0, norm=2.0):
    return {"kind": "step", "step": number, "loss": loss, "gradient_norm": norm}


def epoch(number, at, dev=0.5):
    return {"kind": "epoch", "epoch": number, "step": at, "dev": dev}


def log(store, run, *events, mode="a"):
    path = store.events_path(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open(mode) as file:
        file.writelines(json.dumps(event) + "\n" for event in events)


def finish(store, study, seed, **result):
    predictions = {"test": np.arange(3)}
    store.finish(study.specs[seed], {"collapsed": False} | result, predictions, {})


def test_a_run_without_events_waits(follower):
    assert not follower.update()
    run = next(iter(follower.runs.values()))
    assert (run.label, run.model, run.seed, run.state) == ("baseline", "tiny", "0", "waiting")
    assert len(run.steps) == len(run.dev) == 0


def test_events_become_arrays_as_they_are_written(store, study, follower):
    run = study.run_ids[0]
    log(store, run, step(1, 3.0, 5.0), step(2, 2.0, 4.0), epoch(1, 2, 0.25))
    assert follower.update()
    held = follower.runs[run]
    log(store, run, step(3, None, None), epoch(2, 3, None))
    assert follower.update() and not follower.update()
    followed = follower.runs[run]
    assert followed.state == "training"
    np.testing.assert_array_equal(followed.steps, [1, 2, 3])
    np.testing.assert_array_equal(followed.losses, [3, 2, np.nan])
    np.testing.assert_array_equal(followed.norms, [5, 4, np.nan])
    np.testing.assert_array_equal(followed.epochs, [1, 2])
    np.testing.assert_array_equal(followed.ends, [2, 3])
    np.testing.assert_array_equal(followed.dev, [0.25, np.nan])
    # What another thread may hold stays as it was.
    assert len(held.steps) == len(held.losses) == 2


def test_half_a_line_is_read_once_it_is_whole(store, study, follower):
    run = study.run_ids[0]
    log(store, run, step(1))
    with store.events_path(run).open("a") as file:
        file.write('{"kind": "step", "st')
    follower.update()
    assert len(follower.runs[run].steps) == 1
    with store.events_path(run).open("a") as file:
        file.write('ep": 2, "loss": 0.5, "gradient_norm": 1}\n')
    follower.update()
    np.testing.assert_array_equal(follower.runs[run].losses, [1, 0.5])


@pytest.mark.parametrize("grown", [1, 9])
def test_a_file_that_was_cut_off_is_read_anew(store, study, follower, grown):
    run = study.run_ids[0]
    log(store, run, *map(step, range(1, 7)))
    follower.update()
    # Shorter than it was, or longer by then, so that the old end lies before the sixth step.
    log(store, run, step(1, 1.25, 1 / 3), mode="w")
    log(store, run, *(step(number, 1.5, 1 / 3) for number in range(2, grown + 1)))
    assert follower.update()
    followed = follower.runs[run]
    np.testing.assert_array_equal(followed.steps, np.arange(1, grown + 1))
    np.testing.assert_array_equal(followed.losses, [1.25, *[1.5] * (grown - 1)])
    assert followed.restarts == 1


def test_a_finished_run_is_read_to_its_end_and_then_no_more(store, study, follower):
    run = study.run_ids[0]
    log(store, run, step(1))
    finish(store, study, 0)
    follower.update()
    assert follower.runs[run].state == "finished"
    assert len(follower.runs[run].steps) == 1
    log(store, run, step(2))
    assert not follower.update()
    assert len(follower.runs[run].steps) == 1


def test_a_study_is_finished_when_every_run_is(store, study, follower):
    finish(store, study, 0)
    follower.update()
    assert not follower.finished
    finish(store, study, 1)
    follower.update()
    assert follower.finished


def test_a_result_says_who_collapsed(store, study, follower):
    finish(store, study, 0, collapsed=True)
    finish(store, study, 1, collapsed=False)
    follower.update()
    assert follower.collapsed == [study.run_ids[0]]


def test_a_run_whose_loss_is_not_a_number_has_collapsed(store, study, follower):
    log(store, study.run_ids[1], step(1, None))
    follower.update()
    assert follower.collapsed == [study.run_ids[1]]


@pytest.mark.parametrize(
    ("losses", "scored", "constant", "collapsed"),
    [
        # Two steps an epoch, four in all. The mean of the latest two counts.
        ([9.0, 1.0, 1.1, 0.9], 2, 1.0, True),
        ([9.0, 1.0, 1.0, 0.9], 2, 1.0, False),
        ([1.0, 1.0], 1, 1.0, True),
        # Too early, before the half.
        ([9.0], 0, 1.0, False),
        # No run has told the constant predictor's loss.
        ([9.0, 9.0, 9.0], 1, None, False),
    ],
)
def test_an_unfinished_run_is_judged_by_its_latest_epoch(
    store, study, follower, losses, scored, constant, collapsed
):
    run = study.run_ids[1]
    log(store, run, *(step(number, loss) for number, loss in enumerate(losses, 1)))
    log(store, run, *(epoch(number, 2 * number) for number in range(1, scored + 1)))
    finish(store, study, 0, constant_loss=constant)
    follower.update()
    assert follower.collapsed == ([run] if collapsed else [])


@pytest.mark.parametrize(("constant", "collapsed"), [(1.0, True), (9.5, False), (None, False)])
def test_a_run_is_judged_by_what_it_told_at_its_start(store, study, follower, constant, collapsed):
    run = study.run_ids[0]
    log(store, run, {"kind": "start", "step": 0, "constant_loss": constant})
    follower.update()
    assert follower.runs[run].state == "training" and not follower.collapsed
    log(store, run, step(1, 9.0), step(2, 9.0), epoch(1, 2))
    follower.update()
    assert follower.runs[run].constant_loss == constant
    assert follower.collapsed == ([run] if collapsed else [])
    # The others train on the same examples.
    log(store, study.run_ids[1], step(1, 0.5), step(2, 0.5), epoch(1, 2))
    follower.update()
    assert study.run_ids[1] not in follower.collapsed


def test_the_constant_loss_of_other_examples_tells_nothing(store, study, make_spec):
    specs = (make_spec(0, train_size=8), make_spec(1))
    runs = [spec.id for spec in specs]
    cohorts = tuple((run,) for run in runs)
    steps = dict.fromkeys(runs, STEPS)
    other = Study("s", study.settings, specs, cohorts, steps, (), "cpu")
    follower = Follower(store, other)
    finish(store, other, 0, constant_loss=1.0)
    log(store, runs[1], step(1, 9.0), step(2, 9.0), epoch(1, 2))
    follower.update()
    assert follower.collapsed == []
