"""Whether a technique helps a larger model more: runs of two checkpoints pair nowhere."""

from collections.abc import Iterator
from itertools import permutations

import pandas as pd

from workbench.analysis.decision import ERROR, Verdict
from workbench.analysis.spread import Difference, Interval, difference_of_differences
from workbench.comparison.evidence import Situation, without_depths
from workbench.comparison.sentence import (
    Answer,
    Row,
    Sentence,
    above,
    ask,
    below,
    either,
    in_points,
    known,
)
from workbench.comparison.verdicts import contrast_rows, nothing_learned
from workbench.models.catalogue import MODELS
from workbench.tasks.catalogue import shown

HELPS_MORE = ask("helps the larger more", "Does a technique help the larger model more?")

MODEL_QUESTIONS = (HELPS_MORE,)


def across_models(table: pd.DataFrame, error: float = ERROR) -> list[Sentence]:
    """Compare what each technique gains with two sizes of a model, on the same test items.

    Compared are the two sizes of one checkpoint, such as BERT-base and BERT-large: this is what H2
    of Tinn et al. 2023 asks of layerwise decay. Other checkpoints differ in corpus, vocabulary and
    recipe too. A technique that is the same share of either model's blocks is one technique.

    Parameters
    ----------
    table
        From `workbench.comparison.table.compare`.
    error
        Probability of any wrong claim, divided among all such comparisons (Bonferroni).
    """
    found = list(_pairs(table))
    return [_helps_more(first, second, error / len(found)) for first, second in found]


def _pairs(table: pd.DataFrame) -> Iterator[tuple[Row, Row]]:
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in contrast_rows(table):
        alike.setdefault(_all_but_the_model(row), []).append(row)
    for rows in alike.values():
        for large, base in permutations(rows, 2):
            if large["model"] in MODELS and large["model"] == f"{base['model']}-large":
                yield large, base


def _all_but_the_model(row: Row) -> tuple[str, ...]:
    """Return what two contrasts share that compare one technique on one task."""
    there = Situation.of_row(row)
    technique = without_depths(row["technique"], there.facts)
    return there.task, str(there.train_size), technique, row["baseline_technique"]


def _helps_more(first: Row, second: Row, level: float) -> Sentence:
    names = [f"{row['technique']} with {row['model']}" for row in (first, second)]
    where, gains = f"On {shown(first['task'])}", f"gains more than {names[1]}"
    limits = _limits(first, second, level)
    if limits is None:
        text = f"{where}, too few runs that learned tell whether {names[0]} {gains}."
        return Sentence(HELPS_MORE, Answer.UNDECIDED, text)
    answer = either(above(limits.low), below(limits.high))
    words = {
        Answer.YES: f"{names[0]} {gains}",
        Answer.NO: f"{names[0]} gains less than {names[1]}",
        Answer.UNDECIDED: f"whether {names[0]} {gains} is undecided",
    }[answer]
    size = in_points(first["difference"] - second["difference"], *limits)
    interval = f"the interval is of {100 * (1 - level):.4g}%, for these test items"
    return Sentence(HELPS_MORE, answer, f"{where}, {words}: {size}; {interval}.")


def _limits(first: Row, second: Row, level: float) -> Interval | None:
    """Return the interval of the difference of two differences, None where too little is known."""
    if not (_speaks(first) and _speaks(second)):
        return None
    sides = [
        Difference(row["difference"], row["difference_sd"], int(row["pairs"]))
        for row in (first, second)
    ]
    found = difference_of_differences(*sides)
    # Differences that are all equal do not tell how far they would spread.
    return found.interval(1 - level) if found.error else None


def _speaks(row: Row) -> bool:
    """Tell whether a contrast has pairs enough, and runs that learned."""
    enough = known(row["difference_sd"]) and row["verdict"] != Verdict.TOO_FEW
    return enough and not nothing_learned(row)
