"""What differences a study can find; expected values by hand."""

import pandas as pd
import pytest

from workbench.analysis.power import smallest_detectable
from workbench.protocol.detectable import detectable
from workbench.protocol.sections import Arm, Budget, Data, Tuning

NOTHING = pd.DataFrame(columns=["arm", "task", "train_size", "subset_seed", "seed", "dev"])


def scored(**dev):
    return pd.DataFrame(
        [
            {"arm": arm, "task": "biosses", "train_size": 0, "subset_seed": 0, "seed": seed}
            | {"dev": score}
            for arm, scores in dev.items()
            for seed, score in enumerate(scores, 1000)
        ]
    )


@pytest.fixture
def biosses(declare):
    def make(**changes):
        values = {"model": "bert", "tasks": {"biosses": Data()}, "tuning": Tuning(), "seeds": 10}
        return declare(**values | changes)

    return make


def test_in_standard_deviations_and_in_points_that_are_assumed(biosses):
    first, second = detectable(biosses(), NOTHING).splitlines()
    # t(9) at 5% with a power of 80%: 0.996 standard deviations (Cohen's tables say 1.0).
    assert smallest_detectable(10, 1.0) == pytest.approx(0.996, abs=5e-4)
    assert first.startswith("Detectable on these test items: 1 standard deviations of the paired")
    assert "with 10 pairs and an error of 0.05 for all contrasts together (1)" in first
    assert second == (
        "In points: 2.0, assuming that paired differences have a standard deviation of 2: how they "
        "spread is not known yet"
    )


def test_in_points_as_dev_scores_spread(biosses):
    # Differences 0.1, 0 and -0.1, the undefined one left out: a standard deviation of 0.1.
    dev = scored(plain=[0.5, 0.5, 0.5, None], frozen=[0.6, 0.5, 0.4, 0.9])
    text = detectable(biosses(), dev)
    assert text.endswith(
        "In points, as dev scores spread in finished runs: 10.0 on biosses, against plain (3 pairs)"
    )


def test_several_arms_share_a_spread(biosses):
    arms = {"plain": Arm(), "frozen": Arm(("freeze:1",)), "fresh": Arm(("reinit:1",))}
    dev = scored(plain=[0.0, 0.0, 0.0], frozen=[0.1, 0.0, -0.1], fresh=[0.7, 0.0, -0.7])
    # Variances 0.01 and 0.49, at half the error: sqrt(0.25) = 0.5.
    points = 100 * smallest_detectable(10, 0.5, 0.025)
    assert f"{points:.1f} on biosses, against plain (6 pairs)" in detectable(
        biosses(arms=arms), dev
    )


def test_rounds_come_to_what_the_budget_pays_for(biosses):
    text = detectable(biosses(seeds="auto", budget=Budget(runs=35)), NOTHING)
    assert "with at most 15 pairs" in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"seeds": 2}, "Too little to decide: 2 seeds cannot decide"),
        ({"arms": {"plain": Arm(), "other": Arm(model="bert-large")}}, ""),
    ],
)
def test_where_there_is_nothing_to_say(biosses, changes, expected):
    text = detectable(biosses(**changes), NOTHING)
    assert text.startswith(expected) and bool(text) == bool(expected)


def test_subsets_are_not_what_tuning_runs_differ_in(biosses):
    tasks = {"biosses": Data(train_size=(8,), subset_seeds=tuple(range(10)))}
    dev = scored(plain=[0.5, 0.5], frozen=[0.6, 0.5]).assign(train_size=8)
    assert "not known yet" in detectable(biosses(tasks=tasks), dev)
