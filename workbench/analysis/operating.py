"""The adaptive rule's error rates, savings and outcomes, as tables to print."""

import itertools

import pandas as pd
from scipy import stats

from workbench.analysis.adaptive import Outcome, Rule
from workbench.analysis.simulation import Result, World, equal_power, simulate
from workbench.analysis.spread import Interval
from workbench.analysis.summary import aligned, percent, with_interval
from workbench.errors import WorkbenchError

WORLDS = {
    "no difference": World(),
    "no difference, 10% collapse": World(collapse=0.1),
    "no difference, 40% collapse": World(collapse=0.4),
    "no difference, heavy tails": World(shape="heavy tails"),
    "no difference, heavy tails, 10% collapse": World(shape="heavy tails", collapse=0.1),
    "no difference, two values": World(shape="two values"),
    "no difference on new items": World(item_sd=0.01),
}
"""Studies in which "better" and "worse" are wrong of every technique."""

EFFECTS = (0.0, 0.01, 0.02, 0.03, 0.04, 0.06)

MOST_POWER = 0.99
"""A fixed design need not be right more often: near 1, what it takes hangs on single studies."""

ITEM_SDS = (0.003, 0.01, 0.03)

ITEM_EFFECTS = (0.0, 0.03)


_ABOUT = """\
{studies} invented studies a row; {techniques} techniques and a baseline; margin {margin}.
All is times 100: the scores of a technique spread by {sd} over seeds; where runs collapse, by more.
Seeds at each look, and in brackets the level of each interval:
{looks}.
The row OUTSIDE breaks the rule's assumption on purpose: its techniques collapse now and then, the
baseline never, and few seeds need not show it.
A fixed design looks once. The one beside each row is right as often (or in 99%) and was made for
that very difference; one made for the margin takes that row's runs whatever the difference is.
"""


def share_interval(count: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the interval of Clopper and Pearson (1934, Biometrika 26) of a share."""
    found = stats.binomtest(count, n).proportion_ci(confidence, method="exact")
    return Interval(float(found.low), float(found.high))


def error_rates(rule: Rule, studies: int) -> pd.DataFrame:
    """Return how many studies make a wrong claim, one row per world.

    The last row breaks the rule's assumption on purpose: its techniques differ from the baseline by
    collapsing now and then, which few seeds need not show.
    """
    worlds = WORLDS | {
        "difference = margin": World(effects=(rule.margin,)),
        "none, margin, twice the margin": World(effects=(0.0, rule.margin, 2 * rule.margin)),
        "OUTSIDE: 5% collapse, baseline never": World(collapse=0.05, baseline_collapse=0.0),
    }
    return pd.DataFrame([_error(name, world, rule, studies) for name, world in worlds.items()])


def _error(name: str, world: World, rule: Rule, studies: int) -> dict[str, str]:
    result = simulate(world, rule, studies)
    wrong = result.wrong(world, rule.margin)
    rate = with_interval(wrong / studies, *share_interval(wrong, studies))
    return {
        "invented studies": name,
        "% with a wrong claim [95%]": rate,
        "runs": f"{result.runs.mean():.0f}",
    }


def savings(rule: Rule, studies: int) -> pd.DataFrame:
    """Return outcomes and runs over true differences, beside a fixed design of equal power."""
    return pd.DataFrame([_saving(effect, rule, studies) for effect in EFFECTS])


def _saving(effect: float, rule: Rule, studies: int) -> dict[str, str]:
    world = World(effects=(effect,))
    result = simulate(world, rule, studies)
    runs, others = result.runs.mean(), _fixed_runs(world, result, rule, studies)
    return {
        "difference x100": percent(effect),
        **_shares(result),
        "runs": f"{runs:.0f}",
        "fixed runs": str(others or "more"),
        "fewer": percent(1 - runs / others) if others else "",
    }


def _fixed_runs(world: World, result: Result, rule: Rule, studies: int) -> int | None:
    """Return the runs of a fixed design that is right as often, None where it takes too many."""
    right = Outcome.BETTER if max(world.effects) > 0 else Outcome.EQUIVALENT
    share = min(result.share(right), MOST_POWER)
    seeds = equal_power(world, rule, right, share, 2 * rule.looks[-1], studies)
    return (rule.contrasts + 1) * seeds if seeds else None


def item_outcomes(rule: Rule, studies: int) -> pd.DataFrame:
    """Return outcomes where claims are about new items, over the error of the items."""
    cells = itertools.product(ITEM_SDS, ITEM_EFFECTS)
    return pd.DataFrame([_item_outcome(sd, effect, rule, studies) for sd, effect in cells])


def _item_outcome(sd: float, effect: float, rule: Rule, studies: int) -> dict[str, str]:
    result = simulate(World(effects=(effect,), item_sd=sd), rule, studies)
    return {
        "items' error x100": percent(sd),
        "difference x100": percent(effect),
        **_shares(result),
        "runs": f"{result.runs.mean():.0f}",
    }


def _shares(result: Result) -> dict[str, str]:
    ends = [outcome for outcome in Outcome if outcome != Outcome.OPEN]
    return {outcome.value: percent(result.share(outcome)) for outcome in ends}


def report(rule: Rule, studies: int) -> str:
    """Simulate and describe the rule.

    Parameters
    ----------
    rule
        To be described; its levels are printed as well.
    studies
        Invented for each row.

    Raises
    ------
    WorkbenchError
        When there are no studies.
    """
    if studies < 1:
        raise WorkbenchError(f"{studies} studies show nothing: choose 1 or more")
    parts = [
        _ABOUT.format(
            studies=studies,
            techniques=rule.contrasts,
            margin=percent(rule.margin),
            sd=percent(World().sd),
            looks=", ".join(map(_look, rule.looks, rule.levels)),
        ),
        f"In percent, studies that make a wrong claim; {percent(rule.error_rate)} may:",
        aligned(error_rates(rule, studies)),
        "In percent of contrasts, outcomes; and the runs of a fixed design (Student, Bonferroni):",
        aligned(savings(rule, studies)),
        "In percent of contrasts, outcomes where claims are about new test items:",
        aligned(item_outcomes(rule, studies)),
    ]
    return "\n".join(parts)


def _look(seeds: int, level: float) -> str:
    return f"{seeds} ({100 * level:.2f}%)"
