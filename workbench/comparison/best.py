"""Which groups may be marked as the best of those that they can be compared with."""

from collections.abc import Hashable, Iterator

import pandas as pd

from workbench.analysis.decision import ERROR, Verdict, decide
from workbench.analysis.spread import Score, differences
from workbench.comparison.sentence import Row, above, below, known

Scores = dict[str, dict[Hashable, Score]]
"""The scores of groups by seed."""


def blocks(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the groups that may be compared: a baseline with what is compared with it.

    Groups without a baseline in the table stand alone.
    """
    keys = table["baseline"].where(table["baseline"].isin(table["group"]), table["group"])
    yield from (block for _, block in table.groupby(keys, sort=False))


def best(table: pd.DataFrame, pairs: pd.DataFrame, error: float = ERROR) -> set[str]:
    """Return the groups that are decided to be better than every other group of their block.

    Two conditions hold of a group that is marked: the table's own verdicts say so as far as they
    go (it is better than the baseline, or is the baseline and all others are worse), and it is
    decided against each other group, pair by pair of seeds, by the same rule. So no mark
    contradicts a verdict. A group with a run that collapsed in every seed, or whose score is
    undefined, is never marked: those that are left do not speak for it.

    Parameters
    ----------
    table
        From `workbench.comparison.table.compare`.
    pairs
        From `workbench.comparison.pairs.pairs`.
    error
        Probability that any mark of a block is wrong.

    Notes
    -----
    Of k groups each pair is tested at the two-sided level ``2 * error / k``. A wrong mark needs a
    group to beat one that is at least as good, a one-sided error of ``error / k``. Where one group
    is truly best, each of the k - 1 others can be marked only by beating it; where several are,
    each of the k groups only by beating one of those. Either way the k or fewer errors add up to
    at most ``error`` (Bonferroni).
    """
    # Seeds of order and dropout may be crossed with those of the weights, which pair.
    means = pairs.groupby(["group", "seed"], sort=False)[["score", "baseline_score"]].mean()
    arms, others = (_by_seed(means[name]) for name in means)
    marked = set()
    for block in blocks(table):
        rows = block.to_dict("records")
        candidates = [row for row in rows if _stands(row) and _agrees(row, rows)]
        scores = _scores(rows, arms, others)
        level = 2 * error / len(rows)
        marked |= {row["group"] for row in candidates if _beats(row, rows, scores, level)}
    return marked


def _stands(row: Row) -> bool:
    """Tell whether a group's mean speaks for all of its runs, and some of them learned."""
    return row["undefined"] == 0 and row["collapsed"] != row["n"]


def _agrees(row: Row, rows: list[Row]) -> bool:
    """Tell whether the table's verdicts decide for a group."""
    others = [each for each in rows if each["group"] != row["group"]]
    if known(row["pairs"]) and isinstance(row["verdict"], str):
        return row["verdict"] == Verdict.BETTER and above(row["difference_low"])
    return bool(others) and all(
        each["verdict"] == Verdict.WORSE and below(each["difference_high"]) for each in others
    )


def _by_seed(means: pd.Series) -> Scores:
    found: Scores = {}
    for (group, seed), score in means.items():
        found.setdefault(group, {})[seed] = score
    return found


def _scores(rows: list[Row], arms: Scores, others: Scores) -> Scores:
    """Return the scores of a block's groups; a baseline's stand beside those of its arms."""
    found: Scores = {}
    for group, base in ((row["group"], row["baseline"]) for row in rows):
        if group in arms:
            found[group] = arms[group]
            found[base] = found.get(base, {}) | others[group]
    return found


def _beats(row: Row, rows: list[Row], scores: Scores, level: float) -> bool:
    others = [each["group"] for each in rows if each["group"] != row["group"]]
    if not others or not {row["group"], *others} <= scores.keys():
        return False
    found = [differences(scores[row["group"]], scores[other]) for other in others]
    # Most groups fall here, before anything is tested.
    if not all(each and sum(each) > 0 for each in found):
        return False
    decided = (decide({row["group"]: each}, level)[row["group"]] for each in found)
    return all(each.verdict == Verdict.BETTER for each in decided)
