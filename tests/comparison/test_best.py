import numpy as np
import pandas as pd
import pytest

from tests.comparison.frames import BETTER, WORSE, pairs, table
from workbench.analysis.decision import decide
from workbench.comparison.best import best

BASE = [0.50, 0.52, 0.54, 0.56, 0.58, 0.60, 0.62, 0.64, 0.66, 0.68]
NOISE = [0.01, -0.01, 0.02, -0.02, 0.0, 0.01, -0.01, 0.02, -0.02, 0.0]


def raised(by, noise=1.0):
    """Return the baseline's scores raised by so much, with noise of its own."""
    return [score + by + noise * error for score, error in zip(BASE, NOISE, strict=True)]


ARM, OTHER = {"group": "arm"}, {"group": "other", "technique": "reinit:1"}


@pytest.mark.parametrize(
    ("arms", "scores", "marked"),
    [
        ([ARM | BETTER], {"arm": raised(0.1)}, {"arm"}),
        ([ARM | WORSE], {"arm": raised(-0.1)}, {"base"}),
        ([ARM], {"arm": raised(0.001)}, set()),
        ([ARM | BETTER, OTHER | BETTER], {"arm": raised(0.1), "other": raised(0.3, -1)}, {"other"}),
        ([ARM | BETTER, OTHER | BETTER], {"arm": raised(0.1), "other": raised(0.1, -1)}, set()),
        ([ARM | WORSE, OTHER | WORSE], {"arm": raised(-0.1), "other": raised(-0.2, -1)}, {"base"}),
        ([ARM | WORSE, OTHER], {"arm": raised(-0.1), "other": raised(0.001)}, set()),
        # Decided against the baseline by its pairs, but not by the verdict of the table.
        ([ARM], {"arm": raised(0.1)}, set()),
        # Those of its runs that have a score do not speak for the others.
        ([ARM | BETTER | {"undefined": 1}], {"arm": raised(0.1)}, set()),
        ([ARM | BETTER | {"collapsed": 10}], {"arm": raised(0.1)}, set()),
        # Without pairs nothing is known of two arms.
        ([ARM | BETTER, OTHER | BETTER], {"arm": raised(0.1)}, set()),
        ([], {}, set()),
    ],
)
def test_a_group_is_marked_only_where_all_others_are_decided_against(arms, scores, marked):
    assert best(table(*arms), pairs({"base": BASE} | scores)) == marked


def test_five_seeds_mark_nothing():
    scores = {"base": BASE[:5], "arm": raised(0.1)[:5]}
    assert best(table(ARM | BETTER | {"pairs": 5}), pairs(scores)) == set()


def test_each_block_has_a_best_of_its_own():
    second = table({"group": "arm2", "baseline": "base2"} | WORSE, group="base2", task="gad")
    both = pd.concat([table(ARM | BETTER), second], ignore_index=True)
    found = pd.concat(
        [
            pairs({"base": BASE, "arm": raised(0.1)}),
            pairs({"base": BASE, "arm2": raised(-0.1)}),
        ]
    )
    assert best(both, found) == {"arm", "base2"}


@pytest.mark.parametrize("arms", [1, 3])
def test_techniques_that_do_nothing_are_rarely_marked(arms):
    """Of 100 studies without a difference 5 may be marked; above 12 are once in 1,000."""
    random = np.random.default_rng(7)
    marks = 0
    for _ in range(100):
        drawn = random.normal(0.6, 0.05, (arms + 1, 10)).tolist()
        names = ["base", *(f"arm{number}" for number in range(arms))]
        marks += bool(best(_decided(names, drawn), pairs(dict(zip(names, drawn, strict=True)))))
    assert marks <= 12


def _decided(names, drawn):
    base = np.array(drawn[0])
    found = decide(
        {name: np.array(each) - base for name, each in zip(names[1:], drawn[1:], strict=True)}
    )
    return table(
        *(
            {
                "group": name,
                "verdict": str(each.verdict),
                "difference": each.difference,
                "difference_low": each.low,
                "difference_high": each.high,
            }
            for name, each in found.items()
        )
    )
