"""Every test and interval that a verdict rests on, and those that are shown beside it.

Each is taken as its interval: a test rejects where the interval excludes what is true of
exchangeable arms, which the functions themselves hold to.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from workbench.analysis import spread
from workbench.analysis.arms import Arms, Sample
from workbench.analysis.decision import ERROR
from workbench.analysis.intervals import Limits, cautious, student, widened
from workbench.analysis.items import draws, item_error
from workbench.analysis.pairing import improvement
from workbench.analysis.rates import clopper_pearson, rate_difference
from workbench.analysis.spread import Interval
from workbench.analysis.steadiness import ratio_limits

ITEMS = 50
"""Test items of an invented task."""

ITEM_SD, NOISE_SD = 0.5, 0.3
"""How far items move a difference from one test set to the next, for all seeds and for each."""

_SAMPLES = 200  # A batch: each takes a score for every draw of the items and seed.


@dataclass(frozen=True)
class Method:
    """One interval, what it is of, and what it should find."""

    name: str
    limits: Callable[[Sample], Limits]
    """Of each sample; infinite or undefined where it is not offered."""
    truth: Callable[[Arms], float]
    """What the interval should hold."""
    against: str = "paired"
    """What its power is printed against, a key of `AGAINST`."""
    test: str = ""
    """The verdict that rests on it, empty where none does."""
    of_scores: bool = True
    """Whether scores are compared, not counts, whose tests may reject more seldom than 5%."""
    correlated: bool = False
    """Whether it depends on how scores of one seed correlate; differences and counts do not."""


AGAINST: dict[str, tuple[str, Callable[[Arms], Arms]]] = {
    "paired": (
        "a shift by one sd of the paired differences",
        lambda arms: replace(arms, shift=arms.difference_sd),
    ),
    "alone": ("a shift by one sd of the scores", lambda arms: replace(arms, shift=1.0)),
    "spread": ("half the sd", lambda arms: replace(arms, scale=0.5)),
    "collapse": (
        "no collapsed run, where half of the baseline's collapse",
        lambda arms: replace(arms, collapse=0.0, baseline_collapse=0.5),
    ),
    "rate": ("half of the runs collapsed", lambda arms: replace(arms, collapse=0.5)),
}
"""What may be true instead, in words and as arms."""


def _difference(sample: Sample) -> Limits:
    return cautious(sample.differences, ERROR)


def _new_items(sample: Sample) -> Limits:
    """Return limits of the difference on items like those the arms were tested on."""
    generator = np.random.default_rng(len(sample.scores))
    shape = *sample.scores.shape, ITEMS
    items = ITEM_SD * ITEMS**0.5 * generator.standard_normal((shape[0], 1, ITEMS))
    noise = NOISE_SD * ITEMS**0.5 * generator.standard_normal(shape)
    table = sample.differences[..., None] + items + noise
    differences = table.mean(axis=2)
    halves = [
        _half_width(table[start : start + _SAMPLES]) for start in range(0, shape[0], _SAMPLES)
    ]
    limits = cautious(differences, ERROR)
    return widened(limits, differences.mean(axis=1), np.concatenate(halves))


def _half_width(tables: np.ndarray) -> np.ndarray:
    """Return what items add to the error of each sample, from its ``[seeds, items]`` scores."""
    resampled = draws(ITEMS) @ tables.transpose(0, 2, 1) / ITEMS
    nothing = np.zeros(resampled.shape[1:])
    return np.array([item_error(each, nothing, ITEMS).half_width(ERROR) for each in resampled])


def _ratio(sample: Sample) -> Limits:
    return ratio_limits(sample.scores, sample.baseline, ERROR)


def _collapses(sample: Sample) -> Limits:
    only = (sample.collapsed & ~sample.baseline_collapsed).sum(axis=1)
    other = (~sample.collapsed & sample.baseline_collapsed).sum(axis=1)
    pairs = sample.collapsed.shape[1]
    return _joined(_rate_difference(*counts, pairs) for counts in zip(only, other, strict=True))


@lru_cache(maxsize=1024)
def _rate_difference(only: int, other: int, pairs: int) -> Interval:
    agreeing = [False] * (pairs - only - other)
    arm, baseline = [True] * only + [False] * other, [False] * only + [True] * other
    found = rate_difference(arm + agreeing, baseline + agreeing, ERROR)
    return Interval(found.low, found.high)


def _mean(sample: Sample) -> Limits:
    return student(sample.scores, ERROR)


def _learned(sample: Sample) -> Limits:
    rows = np.where(sample.collapsed, np.nan, sample.scores)
    return _joined(spread.interval(row, 1 - ERROR) for row in rows)


def _sd(sample: Sample) -> Limits:
    return _joined(spread.sd_interval(row, 1 - ERROR) for row in sample.scores)


def _rate(sample: Sample) -> Limits:
    pairs = sample.collapsed.shape[1]
    counts = sample.collapsed.sum(axis=1).tolist()
    return _joined(clopper_pearson(count, pairs, 1 - ERROR) for count in counts)


def _improvement(sample: Sample) -> Limits:
    found = (improvement(row, 1 - ERROR) for row in sample.differences)
    return _joined(Interval(each.low, each.high) if each else None for each in found)


def _joined(intervals: Iterable[Interval | None]) -> Limits:
    """Return the limits of single intervals, undefined where there is none."""
    rows = [each or Interval(np.nan, np.nan) for each in intervals]
    return Limits(*np.array(rows).T)


METHODS = (
    Method("difference", _difference, lambda arms: arms.difference, test="better"),
    Method(
        "difference on new items",
        _new_items,
        lambda arms: arms.difference,
        test="better on new items",
    ),
    Method(
        "ratio of sds",
        _ratio,
        lambda arms: arms.ratio,
        against="spread",
        test="steadier",
        correlated=True,
    ),
    Method(
        "difference of collapse rates",
        _collapses,
        lambda arms: arms.collapses[0] - arms.collapses[1],
        against="collapse",
        test="collapses less often",
        of_scores=False,
    ),
    Method("mean", _mean, lambda arms: arms.mean, against="alone"),
    Method("mean given not collapsed", _learned, lambda arms: arms.shift, against="alone"),
    Method("sd", _sd, lambda arms: arms.sd, against="spread"),
    Method("collapse rate", _rate, lambda arms: arms.collapse, against="rate"),
    Method("probability of improvement", _improvement, lambda arms: 0.5),
)
"""In the order of the table; truths are those of exchangeable arms."""
