"""What the adaptive rule does over many invented studies whose truth is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.analysis.adaptive import Outcome, Rule, outcomes
from workbench.analysis.intervals import Limits, cautious, student, widened
from workbench.analysis.items import ItemError

SHAPES = {
    "normal": lambda generator, shape: generator.standard_normal(shape),
    "heavy tails": lambda generator, shape: generator.standard_t(3, shape),
    "two values": lambda generator, shape: generator.choice([-1.0, 1.0], shape),
}
"""How scores spread around their mean; Student's t with 3 degrees of freedom has heavy tails."""


@dataclass(frozen=True)
class World:
    """How the scores of an invented study come about; scores are on a scale of 0 to 1."""

    effects: tuple[float, ...] = (0.0,)
    """Difference of each technique to the baseline where no run collapses; repeated for more."""
    sd: float = 0.02
    """Of the scores over seeds, runs that collapse apart."""
    correlation: float = 0.3
    """Of two techniques' scores at the same seed."""
    shape: str = "normal"
    collapse: float = 0.0
    """Probability that a run collapses, for the techniques."""
    baseline_collapse: float | None = None
    """The same for the baseline; None: as for the techniques."""
    depth: float = 0.5
    """How far a collapsed run falls."""
    item_sd: float = 0.0
    """How far each technique's difference on one test set lies from the next (standard deviation);
    0: the study is about these items."""
    clusters: int = 100
    """Test items that this is estimated from."""

    def truths(self, techniques: int) -> np.ndarray:
        """Return the true mean difference of each technique, ``float [techniques]``."""
        other = self.collapse if self.baseline_collapse is None else self.baseline_collapse
        return np.resize(self.effects, techniques) - self.depth * (self.collapse - other)


@dataclass(frozen=True)
class Result:
    """What became of the invented studies."""

    outcomes: np.ndarray
    """`Outcome` values, ``str [studies, techniques]``."""
    seeds: np.ndarray
    """Seeds of each technique when it stopped, ``int [studies, techniques]``."""

    @property
    def runs(self) -> np.ndarray:
        """Runs of each study, ``int [studies]``: the baseline runs as long as any technique."""
        return self.seeds.sum(axis=1) + self.seeds.max(axis=1)

    def share(self, outcome: Outcome) -> float:
        """Return how many of all contrasts end in an outcome."""
        return float((self.outcomes == outcome).mean())

    def wrong(self, world: World, margin: float) -> int:
        """Count the studies that make any claim which is not true of their world."""
        truths = world.truths(self.outcomes.shape[1])
        wrong = (
            ((self.outcomes == Outcome.BETTER) & (truths <= 0))
            | ((self.outcomes == Outcome.WORSE) & (truths >= 0))
            | ((self.outcomes == Outcome.EQUIVALENT) & (abs(truths) >= margin))
        )
        return int(wrong.any(axis=1).sum())


def differences(
    world: World, shape: tuple[int, int, int], generator: np.random.Generator
) -> np.ndarray:
    """Draw paired differences of all techniques to one shared baseline.

    Parameters
    ----------
    world
        What is true.
    shape
        Studies, techniques and seeds.
    generator
        What draws.

    Returns
    -------
    numpy.ndarray
        ``float [studies, techniques, seeds]``, without the error of the items.
    """
    draw, (studies, techniques, seeds) = SHAPES[world.shape], shape
    common = draw(generator, (studies, 1, seeds))
    own = draw(generator, (studies, techniques + 1, seeds))
    scores = world.sd * (world.correlation**0.5 * common + (1 - world.correlation) ** 0.5 * own)
    scores[:, 1:] += np.resize(world.effects, techniques)[:, None]
    rates = np.full((techniques + 1, 1), world.collapse)
    if world.baseline_collapse is not None:
        rates[0] = world.baseline_collapse
    scores -= world.depth * (generator.random(scores.shape) < rates)
    return scores[:, 1:] - scores[:, :1]


def simulate(world: World, rule: Rule, studies: int = 2000, seed: int = 0) -> Result:
    """Let the rule decide many invented studies.

    Parameters
    ----------
    world
        What is true.
    rule
        Every study may go to its last look.
    studies
        How many.
    seed
        Of everything drawn.
    """
    generator = np.random.default_rng(seed)
    drawn = differences(world, (studies, rule.contrasts, rule.looks[-1]), generator)
    offsets, estimated = _items(world, drawn.shape[:2], generator)
    drawn += offsets[..., None]
    ended = np.full(drawn.shape[:2], str(Outcome.OPEN), dtype=object)
    seeds = np.full(drawn.shape[:2], rule.looks[-1])
    for count, level in zip(rule.looks, rule.levels, strict=True):
        still_open = ended == Outcome.OPEN
        ended[still_open] = _look(
            drawn[still_open][:, :count], estimated[still_open], level, world, rule
        )
        seeds[still_open & (ended != Outcome.OPEN)] = count
    ended[ended == Outcome.OPEN] = str(Outcome.UNDECIDED)
    return Result(ended.astype(str), seeds)


def _items(world: World, shape: tuple[int, ...], generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw what the test items add to each difference, and the estimate of its spread."""
    offsets = world.item_sd * generator.standard_normal(shape)
    freedom = world.clusters - 1
    return offsets, world.item_sd * np.sqrt(generator.chisquare(freedom, shape) / freedom)


def _look(
    drawn: np.ndarray, item_sd: np.ndarray, level: float, world: World, rule: Rule
) -> np.ndarray:
    """Read the outcomes at one look; the dear sign flips only where Student's limits decide."""
    found = _read(student(drawn, level), drawn, item_sd, level, world, rule)
    maybe = found != Outcome.OPEN
    if maybe.any():
        limits = cautious(drawn[maybe], level)
        found[maybe] = _read(limits, drawn[maybe], item_sd[maybe], level, world, rule)
    return found


def _read(
    on_these: Limits,
    drawn: np.ndarray,
    item_sd: np.ndarray,
    level: float,
    world: World,
    rule: Rule,
) -> np.ndarray:
    unit = ItemError(1.0, world.clusters)
    if not world.item_sd or not level:
        return outcomes(on_these, on_these, 0.0, rule).astype(object)
    limits = widened(on_these, drawn.mean(axis=1), item_sd * unit.half_width(level))
    floor = item_sd * unit.half_width(rule.error_rate / rule.contrasts)
    return outcomes(limits, on_these, floor, rule).astype(object)


def fixed(
    world: World, rule: Rule, seeds: Sequence[int], studies: int = 2000, seed: int = 0
) -> list[np.ndarray]:
    """Decide the same studies once, after a fixed number of seeds, by Student's intervals.

    Returns
    -------
    list of numpy.ndarray
        For each number of seeds the `Outcome` values, ``str [studies, techniques]``; a fixed
        design needs no allowance for looks, and claims are about these items.
    """
    shape = studies, rule.contrasts, max(seeds)
    drawn = differences(world, shape, np.random.default_rng(seed))
    level = rule.error_rate / rule.contrasts
    every = [student(drawn[..., :count], level) for count in seeds]
    return [outcomes(limits, limits, 0.0, rule) for limits in every]


def equal_power(
    world: World, rule: Rule, outcome: Outcome, share: float, most: int, studies: int = 2000
) -> int | None:
    """Return the seeds with which a fixed design ends in an outcome as often as given.

    Parameters
    ----------
    world, rule
        As in `simulate`.
    outcome
        The right one.
    share
        Of the contrasts, what the adaptive rule reached.
    most
        Where the search ends.
    studies
        Invented for each number of seeds.

    Returns
    -------
    int or None
        None where ``most`` seeds do not suffice.
    """
    counts = range(2, most + 1)
    reached = fixed(world, rule, counts, studies)
    shares = ((found == outcome).mean() for found in reached)
    return next((n for n, found in zip(counts, shares, strict=True) if found >= share), None)
