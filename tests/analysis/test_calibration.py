from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from workbench.analysis import spread
from workbench.analysis.arms import Arms, draw
from workbench.analysis.calibrated import AGAINST, METHODS, Method
from workbench.analysis.calibration import (
    LEAST_COVERED,
    MOST_REJECTED,
    calibrate,
    cells,
    outside,
    report,
)
from workbench.analysis.decision import decide
from workbench.analysis.intervals import Limits, student
from workbench.analysis.pairing import improvement
from workbench.analysis.rates import rate_difference
from workbench.analysis.steadiness import steadier
from workbench.errors import WorkbenchError

SIMULATIONS = 200
BY_NAME = {method.name: method for method in METHODS}


@pytest.fixture(scope="module")
def table():
    arms = [cell for cell in cells() if cell.seeds < 20]
    return calibrate(SIMULATIONS, [*arms, *outside()[:2]])


def exchangeable(table):
    return table[table["collapse"].eq(table["baseline_collapse"]) & table["test"].ne("")]


def test_every_cell_of_the_requirement_is_there():
    found = {(arms.seeds, arms.shape, arms.collapse) for arms in cells()}
    assert found == {
        (n, s, c) for n in (5, 10, 20) for s in ("normal", "heavy tails") for c in (0, 0.1)
    }
    assert all(arms.collapses[0] == arms.collapses[1] and not arms.shift for arms in cells())


def test_tests_of_verdicts_reject_seldom_and_their_intervals_hold(table):
    rows = exchangeable(table)
    # At the bar itself, more or fewer come once in a thousand rows.
    most = stats.binom.isf(0.001, SIMULATIONS, MOST_REJECTED) / SIMULATIONS
    least = stats.binom.ppf(0.001, SIMULATIONS, LEAST_COVERED) / SIMULATIONS
    assert rows["rejects"].max() <= most
    assert rows["covers"].min() >= least
    normal = rows[rows["seeds"].eq(10) & rows["scores"].eq("normal") & rows["collapse"].eq(0)]
    scores = normal[normal["interval"] != "difference of collapse rates"]
    assert scores["rejects"].gt(0).all() and len(scores) == 4


def test_five_seeds_decide_nothing(table):
    rows = exchangeable(table).query("seeds == 5")
    assert (rows[["rejects", "power"]] == 0).all(axis=None)
    scores = rows[rows["interval"] != "difference of collapse rates"]
    assert (scores["offered"] == 0).all() and scores["covers"].isna().all()


def test_what_differs_is_found_more_often_than_chance(table):
    rows = exchangeable(table).query("seeds == 10")
    assert (rows["power"] > rows["rejects"]).all()
    found = rows.set_index(["interval", "scores", "collapse"]).loc[("difference", "normal", 0.0)]
    # One standard deviation, ten pairs: the t-test's power is 0.80.
    assert found["power"].item() == pytest.approx(0.8, abs=0.1)


def test_intervals_that_are_known_to_fail_are_marked(table):
    marked = table[table["mark"].eq("covers less than 90%") & table["seeds"].eq(10)]
    assert set(marked["interval"]) >= {"mean", "sd"}
    assert set(marked[marked["collapse"].eq(0)]["interval"]) == {"sd"}
    beyond = table[table["collapse"].ne(table["baseline_collapse"]) & table["seeds"].eq(10)]
    assert beyond.set_index("interval").loc["difference", "mark"] == "covers less than 90%"


def _f(sample):
    """Return the limits of the F test of two variances, whose scores must be normal."""
    pairs = sample.scores.shape[1]
    ratio = sample.scores.std(axis=1, ddof=1) / sample.baseline.std(axis=1, ddof=1)
    factor = stats.f.isf(0.025, pairs - 1, pairs - 1) ** 0.5
    return Limits(ratio / factor, ratio * factor)


WRONG = [
    (lambda sample: student(sample.differences, 0.2), Arms(10), "rejects more than 6.5%"),
    (lambda sample: student(sample.differences, 0.01), Arms(10), "rejects less than 3.5%"),
    (lambda sample: student(sample.differences, 0.2), Arms(10), "covers less than 93%"),
    (_f, Arms(10, "heavy tails"), "rejects more than 6.5%"),
    (_f, Arms(10, collapse=0.1), "covers less than 93%"),
]


@pytest.mark.parametrize(("limits", "arms", "words"), WRONG)
def test_a_wrong_test_of_a_verdict_is_marked_and_said(limits, arms, words):
    truth = (lambda arms: 1.0) if limits is _f else (lambda arms: 0.0)
    found = calibrate(400, [arms], [Method("wrong", limits, truth, test="claimed")])
    assert words in found["mark"].item()
    text = report(found)
    assert "Bars that are missed" in text and f"claimed: 10 seeds, {arms.shape}" in text


def test_a_right_one_is_not():
    right = Method(
        "right", lambda sample: student(sample.differences, 0.05), lambda arms: 0.0, test="c"
    )
    found = calibrate(2000, [Arms(10)], [right])
    assert found["mark"].item() == ""
    assert "Every test and interval of a verdict keeps to its bars" in report(found)


@pytest.mark.parametrize("seeds", [5, 9])
def test_the_methods_are_what_verdicts_are_read_off(seeds):
    """Each simulated interval is that of the function which people use."""
    sample = draw(Arms(seeds, collapse=0.2, correlation=0.3), 12)
    arrays = sample.scores, sample.baseline, sample.collapsed, sample.baseline_collapsed
    limits = {name: method.limits(sample) for name, method in BY_NAME.items()}
    for place, (mine, others, fallen, other_fallen) in enumerate(zip(*arrays, strict=True)):
        used = {
            "difference": decide({0: mine - others})[0],
            "ratio of sds": steadier(mine, others),
            "difference of collapse rates": rate_difference(fallen, other_fallen),
            "probability of improvement": improvement(mine - others),
        }
        for name, found in used.items():
            low, high = (side[place] for side in limits[name])
            assert (low, high) == pytest.approx((found.low, found.high))
        learned = spread.interval(mine[~fallen])
        assert limits["mean given not collapsed"].low[place] == pytest.approx(learned.low)


def test_claims_about_new_items_that_leave_their_error_out_are_often_wrong():
    sample = draw(Arms(10), 300)
    wide, narrow = (
        BY_NAME[name].limits(sample) for name in ("difference on new items", "difference")
    )
    assert (wide.high - wide.low > narrow.high - narrow.low).mean() > 0.95
    assert (abs(wide.low + wide.high) > 2 * (narrow.high - narrow.low)).mean() < 0.05


def test_the_same_simulations_give_the_same_table():
    arms = [Arms(6, "heavy tails", 0.1)]
    pd.testing.assert_frame_equal(calibrate(20, arms), calibrate(20, arms))


def test_what_is_true_instead_differs_from_exchangeable_arms():
    arms = Arms(10, correlation=0.5)
    assert {name: changed(arms) for name, (_, changed) in AGAINST.items()} == {
        "paired": replace(arms, shift=1.0),
        "alone": replace(arms, shift=1.0),
        "spread": replace(arms, scale=0.5),
        "collapse": replace(arms, baseline_collapse=0.5),
        "rate": replace(arms, collapse=0.5),
    }


def test_the_report_has_a_line_for_every_method_and_fits_a_terminal(table):
    text = report(table)
    assert text.startswith(f"{SIMULATIONS} simulations a cell of exchangeable arms")
    assert all(method.name.split()[0] in text for method in METHODS)
    assert "Outside of what the tests assume" in text and "*" in text and "\N{EN DASH}" in text
    assert max(map(len, text.splitlines())) <= 100


def test_progress_is_told():
    told = []
    calibrate(2, [Arms(6), Arms(7, collapse=0.1)], METHODS[:1], told.append)
    assert told == [
        "Simulating: 6 seeds, normal, 0% collapsed, correlation 0 (1 of 2)",
        "Simulating: 7 seeds, normal, 10% collapsed, correlation 0 (2 of 2)",
    ]


def test_no_simulations_show_nothing():
    with pytest.raises(WorkbenchError, match="0 simulations show nothing"):
        calibrate(0)


def test_holm_keeps_the_error_of_three_techniques_with_one_baseline():
    generator = np.random.default_rng(0)
    wrong = 0
    for _ in range(400):
        baseline, *others = generator.standard_normal((4, 10))
        found = decide({place: scores - baseline for place, scores in enumerate(others)})
        wrong += any(each.verdict in ("better", "worse") for each in found.values())
    assert wrong <= stats.binom.isf(0.01, 400, 0.05)
