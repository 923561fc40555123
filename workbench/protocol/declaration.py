"""What a study file declares before anything is trained, and what makes it unfair or impossible.

Protocol: candidates are chosen on dev with seeds that are not reported, at an equal budget for
each arm; else what is reported is the best of several tries, of more for one arm than for another
(the expected best of n: Dodge et al. 2020, arXiv:2002.06305). Seeds pair runs of one checkpoint.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path

from workbench.errors import WorkbenchError, unknown
from workbench.protocol.sections import (
    DIRECTIONS,
    ITEMS,
    TUNING_SEEDS,
    Arm,
    Budget,
    Candidate,
    Contrast,
    Data,
    Seeds,
    Training,
    Tuning,
    told,
)
from workbench.tasks.own.path import is_task_file

AUTO = "auto"
"""The number of reporting seeds that a rule chooses while the study runs."""

FIRST_ROUND = 5
"""Seeds with which `AUTO` starts: those that Gu et al. 2020 (arXiv:2007.15779) report."""

NOT_TESTABLE = "Not testable with these checkpoints"
"""What is said of a question that no public checkpoints can answer."""


@dataclass(frozen=True)
class Declaration:
    """A declared study, as its file says it.

    Raises
    ------
    WorkbenchError
        For a value that cannot work; the sentence names the study file.
    """

    path: Path
    """Of the study file; its stem is the study's name, and paths in it start from its folder."""
    question: str = field(metadata=told("what the study is to answer, in one sentence"))
    model: str = field(
        default="auto", metadata=told("of every arm that names none: name, hub id or folder")
    )
    arms: dict[str, Arm] = field(
        default_factory=dict, metadata=told("what is compared, each by a name of your own")
    )
    baseline: str = field(
        default="", metadata=told("the arm that those are compared with which name none")
    )
    tasks: dict[str, Data] = field(
        default_factory=dict,
        metadata=told("names of tasks or task files; a list, or settings below each"),
    )
    seeds: Seeds = field(
        default=5,
        metadata=told("of the reported runs: a count, a list, or auto (until it is decided)"),
    )
    tuning: Tuning = field(default=Tuning(), metadata=told("how candidates are chosen"))
    training: Training = field(default=Training(), metadata=told("how every arm trains"))
    contrast: Contrast = field(default=Contrast(), metadata=told("what counts as a difference"))
    budget: Budget = field(default=Budget(), metadata=told("the most it may take"))
    caveats: tuple[str, ...] = field(
        default=(), metadata=told("what a reader of the result must know, in sentences")
    )
    not_testable: str = field(
        default="", metadata=told("why no public checkpoints can answer it; then nothing is run")
    )

    def __post_init__(self) -> None:
        if self.contrast.direction not in DIRECTIONS:
            raise self.wrong(str(unknown("direction", self.contrast.direction, DIRECTIONS)))
        if self.contrast.items not in ITEMS:
            raise self.wrong(str(unknown("choice of items", self.contrast.items, ITEMS)))
        for problem in self._problems():
            raise self.wrong(problem)

    def wrong(self, problem: str) -> WorkbenchError:
        """Build the sentence for something in the study file."""
        return WorkbenchError(f"the study file {self.path}: {problem}")

    @property
    def name(self) -> str:
        """What the study is called: its file without the ending."""
        return self.path.stem

    @property
    def reporting_seeds(self) -> list[int]:
        """The seeds of the reported runs; of `AUTO` those of the first round."""
        return _listed(FIRST_ROUND if self.seeds == AUTO else self.seeds)

    @property
    def tuning_seeds(self) -> list[int]:
        """The seeds of the runs that candidates are chosen by."""
        return _listed(self.tuning.seeds, TUNING_SEEDS)

    @property
    def tuned(self) -> bool:
        """Whether there is anything to choose."""
        return any(len(self.candidates(arm)) > 1 for arm in self.arms)

    def candidates(self, arm: str) -> list[Candidate]:
        """Return what tuning chooses from for an arm, in the order of the file."""
        declared = self.arms[arm]
        shared = self.tuning.learning_rate or (self.training.learning_rate,)
        rates = declared.learning_rate or shared
        return [Candidate(*pair) for pair in product(declared.technique, rates)]

    def model_of(self, arm: str) -> str:
        """Return the model of an arm."""
        return self.arms[arm].model or self.model

    def task_name(self, task: str) -> str:
        """Return a task as a sweep takes it: of a task file the path from here."""
        return str(self.path.parent / Path(task).expanduser()) if is_task_file(task) else task

    @property
    def baselines(self) -> dict[str, str]:
        """The baseline of each arm that is compared with one."""
        named = {arm: each.baseline or self.baseline for arm, each in self.arms.items()}
        # The study's baseline is that of the others, and none of its own.
        return {arm: other for arm, other in named.items() if other not in ("", arm)}

    @property
    def runs(self) -> tuple[int, int]:
        """How many runs it declares: to tune, and to report."""
        sizes = sum(len(set(data.train_size)) for data in self.tasks.values())
        subsets = sum(len(data.subsets) for data in self.tasks.values())
        candidates = sum(len(self.candidates(arm)) for arm in self.arms)
        to_tune = sizes * candidates * len(self.tuning_seeds) if self.tuned else 0
        return to_tune, subsets * len(self.arms) * len(self.reporting_seeds)

    def _problems(self) -> Iterator[str]:
        """Yield what cannot work."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}", self.name):
            yield f"its name {self.name!r} must be of up to 60 letters, digits, - and _: rename it"
        if self.not_testable:
            if self.arms or self.tasks:
                yield "it is not_testable, and has arms or tasks: leave either out"
            return
        if not self.tasks:
            yield "it has no tasks: name at least one"
        if len(self.arms) < 2:
            yield "it has fewer than two arms: name what is to be compared under arms"
        yield from self._problems_of_arms()
        yield from self._problems_of_numbers()
        yield from self._problems_of_seeds()
        yield from self._problems_of_the_budget()

    def _problems_of_arms(self) -> Iterator[str]:
        named = [self.baseline, *(arm.baseline for arm in self.arms.values())]
        for other in filter(None, named):
            if other not in self.arms:
                yield f"as a baseline {unknown('arm', other, self.arms)}"
        for arm, each in self.arms.items():
            if not (each.baseline or self.baseline or arm in named):
                yield f"the arm {arm!r} has no baseline: name the arm it is compared with"
            if any("," in text for text in (*each.technique, self.model_of(arm))):
                yield f"the arm {arm!r} names several by commas: make a list, or join them with +"
            if not each.technique or len(set(self.candidates(arm))) < len(self.candidates(arm)):
                yield f"the arm {arm!r} must name at least one technique, and each candidate once"
        for one, other in combinations(self.arms, 2):
            if self._content(one) == self._content(other):
                yield f"the arms {one!r} and {other!r} are the same: leave one out"
        yield from self._problems_of_grids()

    def _content(self, arm: str) -> tuple[str, list[Candidate]]:
        return self.model_of(arm), self.candidates(arm)

    def _problems_of_grids(self) -> Iterator[str]:
        if self.tuning.learning_rate and self.training.learning_rate:
            yield "learning_rate stands under tuning and under training: keep one of them"
        sizes = {arm: len(self.candidates(arm)) for arm in self.arms}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{arm} {size}" for arm, size in sizes.items())
            yield f"the arms try unequal numbers of candidates ({told}): give each as many"

    def _problems_of_numbers(self) -> Iterator[str]:
        for arm in self.arms:
            rates = {candidate.learning_rate for candidate in self.candidates(arm)}
            # A rate of 0, the task's own, is one choice: in a grid nobody could tell what it is.
            if min(rates, default=0) < 0 or (len(rates) > 1 and 0 in rates):
                yield f"each learning_rate that the arm {arm!r} tries must be above 0"
        for task, data in self.tasks.items():
            if not data.subsets or min(map(min, data.subsets)) < 0:
                yield f"train_size and subset_seeds of {task} must be 0 or more, at least one each"
            if len(set(data.subsets)) < len(data.subsets):
                yield f"train_size or subset_seeds of {task} names one twice: name each once"
            if min(data.training.values(), default=0) < 0:
                yield f"batch_size, epochs and max_steps of {task} must be 0 or more"
        if self.contrast.margin <= 0 or not 0 < self.contrast.error < 0.5:
            yield "the margin of contrast must be above 0, and its error above 0 and below 0.5"

    def _problems_of_seeds(self) -> Iterator[str]:
        if isinstance(self.tuning.seeds, str):
            yield "the seeds of tuning must be a count or a list"
            return
        for name, seeds in (("seeds", self.reporting_seeds), ("tuning.seeds", self.tuning_seeds)):
            if not seeds or min(seeds) < 0 or len(set(seeds)) < len(seeds):
                yield f"{name} must name at least one, each 0 or more and once"
        both = sorted({*self.reporting_seeds} & {*self.tuning_seeds}) if self.tuned else []
        if both:
            yield (
                f"seed {both[0]} is to tune and to report, which would favour the best tuned arm: "
                "choose other tuning.seeds"
            )

    def _problems_of_the_budget(self) -> Iterator[str]:
        to_tune, to_report = self.runs
        if self.budget.runs < 0 or self.budget.hours < 0:
            yield "budget must be 0 or more"
        if 0 < self.budget.runs < to_tune + to_report:
            yield (
                f"budget.runs is {self.budget.runs}, but it takes {to_tune + to_report} runs "
                f"({to_tune} to tune, {to_report} to report): raise it, or declare fewer seeds, "
                "candidates or sizes"
            )
        if self.seeds == AUTO:
            yield from self._problems_of_rounds()

    def _problems_of_rounds(self) -> Iterator[str]:
        if not self.budget.runs:
            yield "seeds is auto, which may go on for long: add budget.runs"
        if any(len(data.subset_seeds) > 1 for data in self.tasks.values()):
            yield "seeds is auto, which goes with one of subset_seeds: name a count of seeds"
        for arm, baseline in self.baselines.items():
            if self.model_of(arm) != self.model_of(baseline):
                yield (
                    f"seeds is auto, which pairs runs by seed, but {arm!r} and {baseline!r} are of "
                    "two models: name a count of seeds"
                )


def _listed(seeds: Seeds, start: int = 0) -> list[int]:
    if isinstance(seeds, int):
        return list(range(start, start + seeds))
    assert not isinstance(seeds, str)
    return list(seeds)
