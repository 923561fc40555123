"""What a declared study will take, from what its sweeps take."""

from dataclasses import replace

import pytest

from workbench.errors import WorkbenchError
from workbench.execution.estimate import Estimate
from workbench.protocol.price import Price, check_hours, told
from workbench.protocol.sections import Budget, Tuning


def sweep(runs=4, workers=2, seconds=1800.0):
    return Estimate(runs, (1,) * runs, workers, seconds, "as 5 runs took", 3e9, 2e6, 4e8)


TUNING = Price("tuning", 9, (sweep(), sweep(seconds=600.0)))
REPORTING = Price("reporting", 6, (sweep(runs=6, seconds=1200.0),))
FINISHED = Price("reporting", 6, (sweep(runs=0, seconds=0.0),))


def test_the_sweeps_of_a_stage_run_one_after_another():
    assert (TUNING.missing, TUNING.seconds) == (8, 2400)
    assert TUNING.line() == "Tuning: 9 runs, 8 of them to train, about 40:00"


@pytest.mark.parametrize(("gpus", "hours"), [(False, 2 / 3), (True, 4 / 3)])
def test_hours_are_those_of_every_gpu(gpus, hours):
    assert Price("tuning", 9, TUNING.sweeps, gpus).hours == pytest.approx(hours)


def test_the_plan_adds_up_what_is_kept_and_takes_the_most_of_what_passes(declare):
    both = [TUNING, REPORTING]
    lines = told(both, both, declare(budget=Budget(30, 2.5)), True).splitlines()
    assert lines == [
        "Tuning: 9 runs, 8 of them to train, about 40:00",
        "Reporting: 6 runs, 6 of them to train, about 20:00",
        "Time: about 1:00:00 by 2 workers, as 5 runs took",
        "Memory: about 3.0 GB a worker at its peak",
        "Disk: about 6.0 MB, and up to 400.0 MB for checkpoints until it ends",
        "Budget: 30 runs and 2.5 hours",
    ]


def test_a_plan_made_before_tuning_says_with_what(declare):
    line = told([TUNING, REPORTING], [TUNING, REPORTING], declare(), False).splitlines()[1]
    assert line.endswith("about 20:00, planned with each arm's first candidate")


def test_nothing_to_train(declare):
    assert told([FINISHED], [FINISHED], declare(), True).splitlines()[-1] == "Nothing to train."


@pytest.fixture
def rounds(declare):
    return declare(seeds="auto", budget=Budget(90, 2.0), tuning=Tuning())


MOST = Price("reporting", 60, (sweep(runs=50, seconds=5400.0),))


def test_rounds_are_priced_from_the_next_one_to_the_end_of_the_budget(rounds):
    lines = told([TUNING, REPORTING], [TUNING, MOST], rounds, True).splitlines()
    assert lines[1] == (
        "Reporting: at least 6 runs to train, about 20:00, and at most 50, about 1:30:00, if the "
        "budget ends before all is decided"
    )
    assert lines[2] == "Time: about 1:00:00 to 2:10:00 by 2 workers, as 5 runs took"


def test_rounds_that_have_ended(rounds):
    lines = told([FINISHED], [FINISHED], rounds, True).splitlines()
    assert lines == ["Reporting: no further round of seeds", "Nothing to train."]


def test_gpu_hours_are_told_where_it_trains_on_gpus(declare, rounds):
    prices = [replace(each, gpus=True) for each in (TUNING, REPORTING, MOST)]
    lines = told(prices[:2], prices[:2], declare(), True).splitlines()
    # Two workers: 40 and 20 minutes.
    assert lines[3] == "GPU-hours: about 2"
    lines = told(prices[:2], [prices[0], prices[2]], rounds, True).splitlines()
    assert lines[3] == "GPU-hours: about 2 to 4.3"


def test_rounds_that_may_take_too_long_are_refused(rounds):
    with pytest.raises(WorkbenchError, match=r"may come to 2.2 hours: raise it, or lower budget"):
        check_hours([TUNING, MOST], rounds)


@pytest.mark.parametrize("hours", [0, 1.0, 2.0])
def test_hours_that_are_enough(declare, hours):
    check_hours([TUNING, REPORTING], declare(budget=Budget(hours=hours)))


def test_too_few_hours_are_refused(declare):
    with pytest.raises(WorkbenchError, match=r"budget.hours is 0.5, but .* take 1 hours: raise it"):
        check_hours([TUNING, REPORTING], declare(budget=Budget(hours=0.5)))
