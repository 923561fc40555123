"""The contrasts of a table that tell something of a technique for a given model and task."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from workbench.analysis.intervals import ROUNDING
from workbench.comparison.belief import UNKNOWN, Belief, Prior, joined
from workbench.comparison.sentence import Answer, Row, known
from workbench.comparison.verdicts import contrast_rows, helps, nothing_learned
from workbench.errors import WorkbenchError
from workbench.models.catalogue import MODELS, Model
from workbench.tasks.catalogue import canonical, find
from workbench.tasks.task import Task
from workbench.techniques import BASELINE, parse

FEWEST_PAIRS = 4
"""Pairs below which the variance of a mean difference is not known well enough to weigh it."""

SAME_TYPE, OTHER_TYPE = 0.75, 0.25
SAME_FAMILY_AND_SIZE, SAME_FAMILY, OTHER_FAMILY = 0.75, 0.5, 0.25
TWICE_THE_DATA, TEN_TIMES_THE_DATA, OTHER_DATA = 1.0, 0.75, 0.5
"""How alike two situations are, by task, model and size of the training set. The three multiply."""


@dataclass(frozen=True)
class Situation:
    """A model on a task, with a number of training examples."""

    model: str
    """As its runs name it."""
    task: str
    """Canonical."""
    train_size: int = 0
    """Training units drawn; 0 is all."""

    @property
    def facts(self) -> Model | None:
        """The model's entry in the catalogue."""
        return MODELS.get(self.model)

    @property
    def about(self) -> Task | None:
        """The task's facts; None for one that is not known here, as an imported one."""
        try:
            return find(self.task)[0]
        except WorkbenchError:
            return None

    @property
    def examples(self) -> int:
        """Training units, in the units that the benchmark's table counts; 0 where not known."""
        return self.train_size or (self.about.counts[0] if self.about else 0)

    @classmethod
    def of(cls, model: str, task: str, train_size: int = 0) -> "Situation":
        """Return a situation from what users type.

        Raises
        ------
        WorkbenchError
            For an unknown task.
        """
        return cls(model, canonical(*find(task)), train_size)

    @classmethod
    def of_row(cls, row: Row) -> "Situation":
        """Return the situation of a row of the table of comparisons."""
        settings = row["settings"] if isinstance(row["settings"], str) else ""
        drawn = re.search(r"\btrain_size (\d+)\b", settings)
        return cls(row["model"], row["task"], int(drawn[1]) if drawn else 0)


@dataclass(frozen=True)
class Evidence:
    """A contrast that was measured, seen from the situation that advice is wanted for."""

    row: Row
    technique: str
    """As users type it for the model that advice is wanted for."""
    similarity: float
    """1 for the same model, task and training set, 0 where nothing can be learned from it."""

    @property
    def own(self) -> bool:
        """Whether it was measured in the very situation."""
        return self.similarity == 1

    @property
    def measured(self) -> Belief:
        """What its runs show of the difference where it was measured.

        The variance of the mean over seeds, larger by ``(n - 1) / (n - 3)`` because the spread is
        estimated from n pairs itself (the variance of Student's t), and that of the test items
        where it is known. Unknown with fewer than `FEWEST_PAIRS`; where the differences are all
        equal, but not 0; where every run of both sides collapsed; and, unless it speaks against the
        technique, where more of its runs than of the baseline's have no score, since those that
        are left do not speak for them.
        """
        row, pairs = self.row, self.row["pairs"]
        if nothing_learned(row) or not known(pairs) or pairs < FEWEST_PAIRS:
            return UNKNOWN
        constant = row["difference_sd"] < ROUNDING
        lost = row["undefined"] > row["baseline_undefined"]
        if (constant and abs(row["difference"]) > ROUNDING) or (lost and row["difference"] > 0):
            return UNKNOWN
        seeds = row["difference_sd"] ** 2 / pairs * (pairs - 1) / (pairs - 3)
        items = row["item_sd"] ** 2 if known(row["item_sd"]) else 0.0
        return Belief(row["difference"], max(seeds + items, ROUNDING))

    @property
    def tells(self) -> bool:
        """Whether its runs show anything of the difference, however unsurely."""
        return self.measured is not UNKNOWN

    def transferred(self, prior: Prior) -> Belief:
        """Return what it tells of the difference in the situation that advice is wanted for."""
        mean, variance = self.measured
        return Belief(mean, variance + (1 - self.similarity) * prior.between**2)


def evidence_for(situation: Situation, table: pd.DataFrame | None) -> list[Evidence]:
    """Return the contrasts of a table that tell something of a situation, its own first.

    Parameters
    ----------
    situation
        What advice is wanted for.
    table
        From `workbench.comparison.table.compare`; None or empty where no run has finished.
    """
    if table is None or table.empty:
        return []
    rows = (row for row in contrast_rows(table) if row["baseline_technique"] == BASELINE)
    found = [_seen_from(situation, row) for row in rows]
    return sorted((each for each in found if each.similarity), key=lambda each: -each.similarity)


def _seen_from(situation: Situation, row: Row) -> Evidence:
    there = Situation.of_row(row)
    technique = carried(row["technique"], there.facts, situation.facts)
    return Evidence(row, technique, similarity(situation, there))


def similarity(wanted: Situation, there: Situation) -> float:
    """Return how alike two situations are, from 0 to 1, as the constants above say.

    Generated text tells nothing of a task with real text, nor real text of a generated task.
    """
    tasks = wanted.about, there.about
    synthetic = [bool(task and task.synthetic) for task in tasks]
    if synthetic[0] != synthetic[1]:
        return 0.0
    return _task(wanted, there) * _model(wanted, there) * _training(wanted, there)


def _task(wanted: Situation, there: Situation) -> float:
    if wanted.task == there.task:
        return 1.0
    types = {situation.about.type if situation.about else "" for situation in (wanted, there)}
    return SAME_TYPE if len(types) == 1 and types != {""} else OTHER_TYPE


def _model(wanted: Situation, there: Situation) -> float:
    if wanted.model == there.model:
        return 1.0
    mine, other = wanted.facts, there.facts
    if mine is None or other is None or mine.family != other.family:
        return OTHER_FAMILY
    return SAME_FAMILY_AND_SIZE if mine.size == other.size else SAME_FAMILY


def _training(wanted: Situation, there: Situation) -> float:
    if (wanted.task, wanted.train_size) == (there.task, there.train_size):
        return 1.0
    sizes = sorted((wanted.examples, there.examples))
    ratio = sizes[1] / sizes[0] if sizes[0] else float("inf")
    # Other training data of the same task are never the very situation, however many they are.
    if ratio <= 2 and wanted.task != there.task:
        return TWICE_THE_DATA
    return TEN_TIMES_THE_DATA if ratio <= 10 else OTHER_DATA


def carried(technique: str, there: Model | None, here: Model | None) -> str:
    """Return a technique of one model as users type it for another.

    Half of the blocks stay half of them: a part that is what its name alone stands for in one model
    is what its name alone stands for in the other.

    Examples
    --------
    >>> carried("freeze:6+reinit:2", MODELS["bert"], MODELS["bert-large"])
    'freeze:12+reinit:2'
    """
    if there is None or here is None or there.layers == here.layers:
        return technique
    try:
        return parse(without_depths(technique, there), here.layers).label
    except WorkbenchError:  # It is not of this workbench, or needs more blocks than there are.
        return technique


def without_depths(technique: str, model: Model | None) -> str:
    """Return a technique with the settings left out that a model's number of blocks decides.

    Examples
    --------
    >>> without_depths("freeze:6+reinit:2", MODELS["bert"])
    'freeze+reinit:2'
    """
    if model is None:
        return technique
    try:
        return "+".join(_without_depth(part, model.layers) for part in technique.split("+"))
    except WorkbenchError:  # It is not of this workbench.
        return technique


def _without_depth(part: str, layers: int) -> str:
    name = part.partition(":")[0]
    return name if parse(name, layers).label == part else part


def pooled(evidence: Iterable[Evidence], prior: Prior) -> Belief:
    """Return what contrasts tell together of one technique in the situation.

    Notes
    -----
    Those that were measured elsewhere may differ from here in one direction, which their number
    does not mend: together they are never taken to be surer than the most similar of them would be
    with seeds without end.
    """
    listed = list(evidence)
    own = joined(each.transferred(prior) for each in listed if each.own)
    others = [each for each in listed if not each.own]
    told = [each for each in others if each.tells]
    similar = joined(each.transferred(prior) for each in told)
    floor = min(((1 - each.similarity) * prior.between**2 for each in told), default=0.0)
    return joined([own, Belief(similar.mean, max(similar.variance, floor))])


def decided(evidence: Iterable[Evidence], answer: Answer) -> list[Evidence]:
    """Return the contrasts of the very situation that are decided so."""
    return [each for each in evidence if each.own and helps(each.row) is answer]


def fails_more(row: Row) -> bool:
    """Tell whether more runs fail than with the baseline, decided or all of them.

    A run fails that collapses or has no score.
    """
    failed = row["undefined"] if known(row["undefined"]) else 0
    every = row["n"] in (failed, row["collapsed"]) and not nothing_learned(row)
    return every or (row["collapses"] == "more often" and row["collapse_difference_low"] > 0)
