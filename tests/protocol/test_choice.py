"""The candidate of an arm is chosen by dev alone."""

import pandas as pd
import pytest

from workbench.protocol.choice import candidates, chosen
from workbench.protocol.sections import Candidate
from workbench.protocol.stages import Place

PLAIN, FROZEN = Place("plain", "biosses", 0), Place("frozen", "biosses", 0)


def table(scores):
    """Return the rows of runs, given dev scores by arm and learning rate."""
    return pd.DataFrame(
        [
            {
                "run": f"{arm}{rate}{seed}",
                "arm": arm,
                "task": "biosses",
                "train_size": 0,
                "subset_seed": 0,
                "technique": "baseline",
                "learning_rate": rate,
                "seed": 1000 + seed,
                "dev": score,
            }
            for (arm, rate), devs in scores.items()
            for seed, score in enumerate(devs)
        ]
    )


def test_the_best_mean_is_chosen_for_each_arm_and_all_stay_in_the_table():
    found = candidates(
        table(
            {
                ("plain", 1e-5): [0.2, 0.9],
                ("frozen", 1e-5): [0.1, 0.1],
                ("plain", 2e-5): [0.6, 0.7],
                ("frozen", 2e-5): [0.0, 0.1],
            }
        )
    )
    assert list(found["arm"]) == ["plain", "plain", "frozen", "frozen"]
    assert found["dev"].tolist() == pytest.approx([0.55, 0.65, 0.1, 0.05])
    assert found["dev_sd"].tolist() == pytest.approx([0.494975, 0.0707107, 0, 0.0707107], abs=1e-6)
    assert found["runs"].tolist() == [2, 2, 2, 2]
    assert chosen(found) == {
        PLAIN: Candidate("baseline", 2e-5),
        FROZEN: Candidate("baseline", 1e-5),
    }


def test_of_equal_candidates_the_first_is_chosen():
    found = candidates(table({("plain", 3e-5): [0.5], ("plain", 1e-5): [0.5]}))
    assert chosen(found) == {PLAIN: Candidate("baseline", 3e-5)}


def test_an_undefined_score_is_not_hidden_by_the_others():
    found = candidates(table({("plain", 1e-5): [0.9, None], ("plain", 2e-5): [0.1, 0.1]}))
    assert found["undefined"].tolist() == [1, 0]
    assert chosen(found) == {PLAIN: Candidate("baseline", 2e-5)}
    nothing = candidates(table({("plain", 1e-5): [None], ("plain", 2e-5): [None]}))
    assert chosen(nothing) == {PLAIN: Candidate("baseline", 1e-5)}


@pytest.mark.parametrize("column", ["test", "test_pearson", "dev_pearson", "collapsed"])
def test_a_table_with_anything_but_dev_is_refused(column):
    runs = table({("plain", 1e-5): [0.9]}).assign(**{column: 1.0})
    with pytest.raises(ValueError, match="by dev alone"):
        candidates(runs)


def test_nothing_to_choose():
    assert chosen(candidates(table({("plain", 1e-5): [0.9]}).iloc[:0])) == {}
