"""Adaptive seeds: rounds of seeds until each technique is decided against the baseline.

At every look a contrast has one interval, and its outcome is read off that interval alone. All
intervals of a study, over techniques and looks, hold together with probability one minus the error
rate; so every "better", "worse" and "equivalent" is covered by that one rate, whichever techniques
have stopped, and stopping early costs nothing beyond it.

What the rate assumes is that the paired differences are symmetric about one centre, as they are
where technique and baseline are exchangeable, collapsed runs included. Where one of the two
collapses rarely and the other never, few seeds may hold no collapsed run, and no rule for unbounded
means can notice (Bahadur and Savage 1956, Annals of Mathematical Statistics 27, 1115-1122): the
rate of collapse is a question of its own, to be shown beside the outcome.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

from workbench.analysis import spread
from workbench.analysis.intervals import ROUNDING, Limits, cautious, widened
from workbench.analysis.items import ItemError
from workbench.analysis.looks import LOOKS, levels
from workbench.analysis.spread import Difference, Interval, Score
from workbench.errors import WorkbenchError
from workbench.wording import counted

Seed = Hashable
Scores = Mapping[str, Mapping[Seed, Score]]
ErrorOfItems = Callable[[str, Sequence[Seed]], ItemError | None]


class Outcome(StrEnum):
    """What a study says of one contrast."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"
    """At the budget's end."""
    ITEMS = "more seeds cannot decide"
    """Because the error of the test items is too large for the margin."""
    OPEN = "open"
    """The next look may decide."""


@dataclass(frozen=True)
class Rule:
    """How a study decides, declared before its runs.

    Raises
    ------
    WorkbenchError
        When a value makes no sense, or no look could ever decide.
    """

    contrasts: int
    """Differences the study decides, over arms, tasks and sizes; all stay in, stopped or not."""
    margin: float = 0.0
    """The largest difference that does not matter, on the raw scale; 0 claims no equivalence."""
    error_rate: float = 0.05
    """Probability of any wrong claim in the study."""
    looks: tuple[int, ...] = LOOKS
    """Seeds of each technique and of the baseline at each look, rising."""

    def __post_init__(self) -> None:
        if self.contrasts < 1:
            raise WorkbenchError("a rule needs at least one technique beside the baseline")
        if not (self.margin >= 0 and np.isfinite(self.margin)):
            raise WorkbenchError(f"a margin of {self.margin} makes no sense: choose 0 or more")
        if not 0 < self.error_rate < 1:
            raise WorkbenchError(
                f"an error rate of {self.error_rate} is no share: choose one between 0 and 1"
            )
        if not self.looks or list(self.looks) != sorted({*self.looks} - {0}):
            raise WorkbenchError(f"the looks {self.looks} must be rising numbers of seeds")
        if not any(self.levels):
            raise WorkbenchError(
                f"{counted(self.looks[-1], 'seed')} cannot decide "
                f"{counted(self.contrasts, 'contrast')} at an error rate "
                f"of {self.error_rate}: allow more seeds or compare less"
            )

    @cached_property
    def levels(self) -> tuple[float, ...]:
        """The level of a contrast's interval at each look (`looks.levels`)."""
        return levels(self.looks, self.error_rate / self.contrasts)

    @property
    def first_decision(self) -> int:
        """Seeds at the first look that can decide."""
        return next(n for n, level in zip(self.looks, self.levels, strict=True) if level)


@dataclass(frozen=True)
class Contrast:
    """One technique against the baseline, as last looked at."""

    technique: str
    outcome: Outcome
    seeds: int
    """Seeds trained at that look."""
    difference: Difference
    """Technique minus baseline on the metric's own scale, over the seeds where both are defined."""
    interval: Interval
    """What the outcome was read off: for new items where their error is known, else for these."""
    level: float
    """Two-sided, of this look alone."""
    items: ItemError | None
    """The error that seeds do not shrink, None where no predictions are stored."""


@dataclass(frozen=True)
class Standing:
    """Where a study stands, worked out from its finished runs alone."""

    contrasts: Mapping[str, Contrast]
    """By technique; a technique that has not been looked at is absent."""
    missing: Mapping[str, tuple[Seed, ...]]
    """Seeds that the next look needs, by technique and the baseline; empty when all is decided."""


def outcomes(limits: Limits, on_these: Limits, floor: np.ndarray | float, rule: Rule) -> np.ndarray:
    """Read outcomes off intervals; what is not decided is open.

    An interval that excludes 0 is better or worse even where it lies within the margin: the sign
    is known, and the interval says that it does not matter.

    Parameters
    ----------
    limits
        Of the difference, ``float [...]``; larger is better, as in every metric here.
    on_these
        Limits of the difference on these items alone.
    floor
        Half-width that an interval for new items keeps with infinitely many seeds; 0 where the
        study is about these items.
    rule
        For its margin.

    Returns
    -------
    numpy.ndarray
        `Outcome` values, ``str [...]``.

    Notes
    -----
    Equivalence is the two one-sided tests of Schuirmann (1987), Journal of Pharmacokinetics and
    Biopharmaceutics 15, 657-680, as an interval within the margin. With more seeds an interval for
    new items shrinks to ``d -+ floor``, where ``d`` is the difference on these items. More seeds
    cannot decide if for every ``d`` within ``on_these`` that one is undecided: it never excludes 0
    (``|d| <= floor``), and it never fits within the margin (``|d| + floor >= margin``).
    """
    nearest = np.maximum(0.0, np.maximum(on_these.low, -on_these.high))
    farthest = np.maximum(-on_these.low, on_these.high)
    hopeless = (floor > 0) & (farthest <= floor) & (nearest + floor >= rule.margin)
    return np.select(
        [
            limits.low > ROUNDING,
            limits.high < -ROUNDING,
            (limits.low > -rule.margin) & (limits.high < rule.margin),
            hopeless,
        ],
        [Outcome.BETTER, Outcome.WORSE, Outcome.EQUIVALENT, Outcome.ITEMS],
        Outcome.OPEN,
    )


def look(
    technique: str,
    scores: Mapping[Seed, Score],
    baseline: Mapping[Seed, Score],
    *,
    rule: Rule,
    index: int,
    items: ItemError | None = None,
) -> Contrast:
    """Look at one contrast with the seeds it has.

    Parameters
    ----------
    technique
        Its name.
    scores, baseline
        By seed, in an order of the seeds that does not depend on the scores.
    rule
        The study's.
    index
        Which look this is, from 0.
    items
        The items' error of this difference, None for a claim about these items only.
    """
    level = rule.levels[index]
    paired = spread.paired(scores, baseline)
    differences = np.array(spread.differences(scores, baseline))
    on_these = cautious(differences, level)
    limits, floor = on_these, 0.0
    if items is not None and len(differences):
        limits = widened(on_these, differences.mean(), items.half_width(level))
        floor = items.half_width(rule.error_rate / rule.contrasts)
    outcome = Outcome(str(outcomes(limits, on_these, floor, rule)))
    ends = Interval(float(limits.low), float(limits.high))
    return Contrast(technique, outcome, len(scores), paired, ends, level, items)


def follow(
    scores: Scores,
    rule: Rule,
    seeds: Sequence[Seed],
    *,
    baseline: str = "baseline",
    runs: int | None = None,
    items: ErrorOfItems | None = None,
) -> Standing:
    """Apply the rule from its first look on to the runs that have finished.

    A technique that has stopped keeps the outcome of the look that stopped it, whatever seeds it
    was given later. The same runs give the same standing, so a study that was killed goes on.

    Parameters
    ----------
    scores
        By technique and seed, the baseline among them; None for a finished run whose score is
        undefined, which then takes no part.
    rule
        The study's; it counts at least the techniques that are here beside the baseline.
    seeds
        In the order in which they are to be used, at least as many as the last look takes.
    baseline
        Its name among the techniques.
    runs
        The budget, baseline included; None pays for every look. A round that it does not pay for
        is not begun.
    items
        Returns the items' error of a technique over some seeds; None for claims about these items.

    Raises
    ------
    WorkbenchError
        When the techniques or seeds do not fit the rule, or the budget decides nothing.
    """
    _check(scores, rule, seeds, baseline)
    _check_budget(len(scores), rule, runs)
    contrasts: dict[str, Contrast] = {}
    still_open, paid, before = [name for name in scores if name != baseline], 0, 0
    for index, count in enumerate(rule.looks):
        paid += (len(still_open) + 1) * (count - before)
        if not still_open or (runs is not None and paid > runs):
            break
        missing = _missing(scores, [*still_open, baseline], seeds[:count])
        if missing:
            return Standing(contrasts, missing)
        chosen = seeds[:count]
        for name in still_open:
            error = items(name, chosen) if items else None
            sides = _only(scores[name], chosen), _only(scores[baseline], chosen)
            contrasts[name] = look(name, *sides, rule=rule, index=index, items=error)
        still_open = [name for name in still_open if contrasts[name].outcome == Outcome.OPEN]
        before = count
    return Standing({name: _ended(contrast) for name, contrast in contrasts.items()}, {})


def _check(scores: Scores, rule: Rule, seeds: Sequence[Seed], baseline: str) -> None:
    if baseline not in scores:
        raise WorkbenchError(f"the arms have no {baseline!r}, which every other is compared with")
    if not 1 < len(scores) <= rule.contrasts + 1:
        raise WorkbenchError(
            f"the rule was declared for {counted(rule.contrasts, 'contrast')}, and there are "
            f"{len(scores) - 1}: declare as many before the runs"
        )
    if len(set(seeds)) < rule.looks[-1] or len(set(seeds)) < len(seeds):
        raise WorkbenchError(f"the last look takes {rule.looks[-1]} different seeds: name as many")


def _check_budget(arms: int, rule: Rule, runs: int | None) -> None:
    fewest = arms * rule.first_decision
    if runs is not None and runs < fewest:
        raise WorkbenchError(
            f"a budget of {runs} runs decides nothing: the first look that can decide has "
            f"{rule.first_decision} seeds and takes {fewest}"
        )


def _missing(
    scores: Scores, names: Sequence[str], seeds: Sequence[Seed]
) -> dict[str, tuple[Seed, ...]]:
    wanted = {name: tuple(seed for seed in seeds if seed not in scores[name]) for name in names}
    return {name: absent for name, absent in wanted.items() if absent}


def _only(scores: Mapping[Seed, Score], seeds: Sequence[Seed]) -> dict[Seed, Score]:
    return {seed: scores[seed] for seed in seeds}


def _ended(contrast: Contrast) -> Contrast:
    if contrast.outcome != Outcome.OPEN:
        return contrast
    return replace(contrast, outcome=Outcome.UNDECIDED)
