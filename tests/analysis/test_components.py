import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm

from workbench.analysis import components as decomposition
from workbench.analysis.components import components, of_runs, told
from workbench.errors import WorkbenchError


def latin(n: int) -> dict[str, np.ndarray]:
    weights, order = np.array(list(itertools.product(range(n), repeat=2))).T
    return {"weights": weights, "order": order, "dropout": (weights + order) % n}


def factorial(*levels: int) -> dict[str, np.ndarray]:
    columns = np.array(list(itertools.product(*map(range, levels)))).T
    return dict(zip(("weights", "order", "dropout"), columns, strict=False))


def drawn(factors: dict[str, np.ndarray], sds: list[float], seed: int = 0) -> np.ndarray:
    """Draw scores whose components are known, the rest's last."""
    rng = np.random.default_rng(seed)
    parts = [
        sd * rng.normal(size=index.max() + 1)[index]
        for sd, index in zip(sds, factors.values(), strict=False)
    ]
    return sum(parts) + sds[-1] * rng.normal(size=len(parts[0]))


def test_by_hand():
    # Rows 1 2 and 5 8: mean 4, row means 1.5 and 6.5, column means 3 and 5, residuals -+0.5.
    # Mean squares: rows 2 * (2.5^2 + 2.5^2) = 25, columns 4, rest 1; a factor's variance is
    # (25 - 1) / 2 and (4 - 1) / 2.
    table = components([1, 2, 5, 8], factorial(2, 2)).set_index("source")
    assert table["variance"].to_dict() == pytest.approx({"weights": 12, "order": 1.5, "rest": 1})
    assert table["share"].to_dict() == pytest.approx(
        {"weights": 12 / 14.5, "order": 1.5 / 14.5, "rest": 1 / 14.5}
    )
    assert table["sd"].to_list() == pytest.approx([12**0.5, 1.5**0.5, 1])
    assert table["freedom"].to_list() == [1, 1, 1]
    # F with 1 and 1 degrees of freedom is t squared with 1: P(|t| > 5) = 1 - 2 arctan(5) / pi.
    assert table["p"]["weights"] == pytest.approx(1 - 2 * np.arctan(5) / np.pi)


def test_a_negative_variance_is_shown_as_none_and_kept():
    # Both rows and both columns have the same mean: their mean squares are 0, the rest's is 4.
    table = components([1, 3, 3, 1], factorial(2, 2)).set_index("source")
    assert table["variance"].to_list() == pytest.approx([-2, -2, 4])
    assert table["sd"].to_list() == pytest.approx([0, 0, 2])
    assert table["share"].to_list() == pytest.approx([0, 0, 1])


@pytest.mark.parametrize(
    "factors", [latin(3), latin(5), factorial(3, 3), factorial(2, 3, 4), factorial(4, 2, 2)]
)
def test_mean_squares_and_p_are_those_of_statsmodels(factors):
    scores = drawn(factors, [1, 2, 0.5, 1])
    names = list(factors)
    frame = pd.DataFrame(factors | {"score": scores})
    formula = "score ~ " + " + ".join(f"C({name})" for name in names)
    expected = anova_lm(smf.ols(formula, frame).fit())
    table = components(scores, factors)
    assert table["freedom"].to_list() == expected["df"].to_list()
    rest = table["variance"].iloc[-1]
    runs = [len(frame) / frame[name].nunique() for name in names]
    squares = [rest + k * v for k, v in zip(runs, table["variance"], strict=False)]
    assert [*squares, rest] == pytest.approx(expected["mean_sq"].to_list())
    assert table["p"].to_list() == pytest.approx(expected["PR(>F)"].to_list(), nan_ok=True)


def test_variances_are_those_of_restricted_maximum_likelihood():
    # For balanced runs with positive estimates both are the same.
    factors = factorial(5, 6)
    scores = drawn(factors, [1.0, 2.0, 0.5], seed=3)
    frame = pd.DataFrame(factors | {"score": scores, "all": 1})
    parts = {name: f"0 + C({name})" for name in factors}
    fitted = smf.mixedlm("score ~ 1", frame, groups="all", re_formula="0", vc_formula=parts).fit(
        reml=True
    )
    found = components(scores, factors).set_index("source")["variance"]
    expected = dict(zip(fitted.model.exog_vc.names, fitted.vcomp, strict=True))
    assert found[["order", "weights"]].to_dict() == pytest.approx(expected, rel=1e-3)
    assert found["rest"] == pytest.approx(fitted.scale, rel=1e-3)


@pytest.mark.parametrize("factors", [latin(4), factorial(3, 3, 3)])
def test_a_simulation_whose_truth_is_known_is_met(factors):
    truth = np.array([1, 4, 0, 1])
    sds = list(truth**0.5)
    found = [components(drawn(factors, sds, seed), factors) for seed in range(120)]
    variances = np.array([table["variance"] for table in found])
    assert variances.mean(axis=0) == pytest.approx(truth, abs=4 * variances.std() / 120**0.5)
    shares = truth / truth.sum()
    held = [(table["low"] <= shares + 1e-9) & (shares - 1e-9 <= table["high"]) for table in found]
    *of_factors, of_rest = np.mean(held, axis=0)
    assert min(of_factors) >= 0.93 and of_rest >= 0.85


@pytest.mark.parametrize("kind", ["normal", "heavy", "collapsed"])
def test_what_makes_no_difference_is_seldom_found(kind):
    rng, factors = np.random.default_rng(0), latin(3)
    normal = rng.normal(size=(400, 9))
    collapsed = np.where(rng.random(normal.shape) < 0.1, -10, normal)
    scores = {"normal": normal, "heavy": rng.standard_t(3, normal.shape), "collapsed": collapsed}
    found = [
        decomposition._p(squares["weights"], squares["rest"])
        for squares in (decomposition._mean_squares(row, factors) for row in scores[kind])
    ]
    assert np.mean(np.array(found) <= 0.05) <= 0.08


def test_a_factor_that_never_varies_is_left_out():
    factors = factorial(3, 3) | {"dropout": np.zeros(9, int)}
    assert components(drawn(factors, [1, 1, 1, 1]), factors)["source"].to_list() == [
        "weights",
        "order",
        "rest",
    ]


@pytest.mark.parametrize(
    ("scores", "factors", "words"),
    [
        ([1, 2, None, 4], factorial(2, 2), "1 of 4 runs have no defined score"),
        ([1, 2, 3, 4], latin(2), "4 runs cannot tell 3 kinds"),
        ([1, 2, 3], {"weights": [0, 1, 2], "order": [0, 1, 2]}, "do not meet equally often"),
        ([1, 2, 3], {"weights": [0, 1, 2]}, "3 runs cannot tell 1 kinds"),
        ([1, 2, 3], {"weights": [0, 0, 1]}, "do not meet equally often"),
        ([1, 2], {"weights": [0, 0]}, "no seed varies"),
        ([], {"weights": []}, "no seed varies"),
        (range(8), {name: index[:8] for name, index in latin(3).items()}, "equally often"),
    ],
)
def test_what_cannot_be_split_is_refused(scores, factors, words):
    with pytest.raises(WorkbenchError, match=words):
        components(scores, factors)


def test_equal_scores_have_no_shares():
    table = components([0.5] * 9, latin(3))
    assert table["share"].isna().all() and table["p"].isna().all()
    assert "no seed matters" in told(table)


def test_scores_that_add_up_exactly_leave_no_rest():
    factors = latin(3)
    table = components(0.1 * factors["weights"] + 0.03 * factors["order"], factors)
    assert table.set_index("source")["sd"]["rest"] == 0
    assert table["p"].to_list()[:2] == [0, 0]


def runs(vary) -> pd.DataFrame:
    return pd.DataFrame(vary, columns=["seed", "order_seed", "dropout_seed"])


def told_of(sds: list[float], seed: int = 0) -> str:
    factors = latin(5)
    frame = runs(np.column_stack(list(factors.values())))
    return told(of_runs(frame.assign(test=drawn(factors, sds, seed))))


def test_what_is_told():
    yes = told_of([0.0, 5.0, 0.0, 1.0])
    assert yes.startswith("The seed of the data order matters (p ")
    assert "undecided: new weights, dropout" in yes
    every = told_of([5.0, 5.0, 5.0, 0.1])
    assert "undecided" not in every and every.count(" matters ") == 3
    no = told_of([0.0, 0.0, 0.0, 1.0])
    assert no.startswith("Which seed matters is undecided") and " matters (" not in no
