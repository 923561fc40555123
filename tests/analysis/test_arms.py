import numpy as np
import pytest

from workbench.analysis.arms import DEPTH, Arms, draw
from workbench.errors import WorkbenchError


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_scores_have_the_declared_mean_spread_and_correlation(correlation):
    found = draw(Arms(10, correlation=correlation, shift=1.0, scale=0.5), 4000)
    assert found.scores.mean() == pytest.approx(1.0, abs=0.02)
    assert found.scores.std() == pytest.approx(0.5, rel=0.02)
    assert found.baseline.std() == pytest.approx(1.0, rel=0.02)
    together = np.corrcoef(found.scores.ravel(), found.baseline.ravel())[0, 1]
    assert together == pytest.approx(correlation, abs=0.02)


def test_heavy_tails_have_the_same_variance_and_reach_farther():
    normal, heavy = (draw(Arms(20, shape), 20_000).scores for shape in ("normal", "heavy tails"))
    assert heavy.std() == pytest.approx(normal.std(), rel=0.05)
    assert (abs(heavy) > 5).sum() > 100 * (abs(normal) > 5).sum()


def test_collapsed_runs_fall_and_are_told():
    found = draw(Arms(20, collapse=0.1), 2000)
    assert found.collapsed.mean() == pytest.approx(0.1, abs=0.01)
    assert found.scores[found.collapsed].mean() == pytest.approx(-DEPTH, abs=0.1)
    assert not draw(Arms(20, collapse=0.1, baseline_collapse=0.0), 100).baseline_collapsed.any()


@pytest.mark.parametrize(
    ("arms", "mean", "difference", "sd", "ratio"),
    [
        (Arms(5), 0, 0, 1, 1),
        (Arms(5, shift=2, scale=0.5), 2, 2, 0.5, 0.5),
        (Arms(5, collapse=0.1), -2.5, 0, (1 + 56.25) ** 0.5, 1),
        (Arms(5, collapse=0.1, baseline_collapse=0.0), -2.5, -2.5, 57.25**0.5, 57.25**0.5),
    ],
)
def test_what_is_true_of_arms(arms, mean, difference, sd, ratio):
    found = arms.mean, arms.difference, arms.sd, arms.ratio
    assert found == pytest.approx((mean, difference, sd, ratio))
    drawn = draw(arms, 20_000, seed=1)
    assert drawn.differences.mean() == pytest.approx(difference, abs=0.1)
    assert drawn.scores.std() / drawn.baseline.std() == pytest.approx(ratio, rel=0.02)


def test_differences_spread_as_declared():
    arms = Arms(10, correlation=0.5)
    assert draw(arms, 4000).differences.std() == pytest.approx(arms.difference_sd, rel=0.02)


def test_the_same_seed_draws_the_same():
    first, second, other = (draw(Arms(5), 3, seed).scores for seed in (0, 0, 1))
    assert (first == second).all() and (first != other).all()


@pytest.mark.parametrize(
    ("values", "words"),
    [({"shape": "nromal"}, "did you mean 'normal'"), ({"seeds": 1}, "choose at least 2")],
)
def test_refusals_say_how_to_mend(values, words):
    with pytest.raises(WorkbenchError, match=words):
        Arms(**({"seeds": 5} | values))
