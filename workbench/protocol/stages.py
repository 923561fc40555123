"""From a declaration to ordinary sweeps: first those that tune, then those that are reported.

A stage is a row of stored studies like any other, so claims, workers, resuming, live views and
clearing up know nothing of declared studies, and no finished run is computed again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import pandas as pd

from workbench.protocol.declaration import Declaration
from workbench.protocol.sections import Candidate, Training
from workbench.spec import canonical_json
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.seal import STAGES
from workbench.store.settings import SweepSettings
from workbench.store.study import Study

TUNING, REPORTING = STAGES

COLUMNS = ("run", "arm", "task", "train_size", "subset_seed", "technique", "learning_rate", "seed")


class Place(NamedTuple):
    """Where a candidate is chosen: for each arm on each task at each size of the training set."""

    arm: str
    task: str
    train_size: int


@dataclass(frozen=True)
class Trial:
    """One candidate of one arm on one training set; it is trained with every seed of its stage."""

    place: Place
    subset_seed: int
    candidate: Candidate


@dataclass(frozen=True)
class Machine:
    """Where a study runs; nothing of it is the study's own."""

    device: str = "auto"
    workers: int = 0
    outputs: str = ""


@dataclass(frozen=True)
class Part:
    """One sweep of a stage, and the trials that its runs belong to.

    Attributes
    ----------
    study
        As it is stored.
    trials
        For each technique of the study, in its order, the trials that it stands for: two arms may
        try the same candidate.
    """

    study: Study
    trials: tuple[tuple[Trial, ...], ...]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield what each run is for: see `COLUMNS`."""
        seeds = self.study.settings.seed_list
        for number, spec in enumerate(self.study.specs):
            for trial in self.trials[number // len(seeds)]:
                place, chosen = trial.place._asdict(), vars(trial.candidate)
                subset = {"subset_seed": trial.subset_seed}
                seed = {"run": spec.id, "seed": spec.weights_seed}
                yield seed | place | subset | chosen


def assignment(parts: Iterable[Part]) -> pd.DataFrame:
    """Return one row for each run of a stage and each arm that it belongs to: `COLUMNS`."""
    rows = [row for part in parts for row in part.rows()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def tuning_trials(declaration: Declaration) -> list[Trial]:
    """Return what is tried to choose each arm's candidate; nothing where nothing is to choose.

    Only the first of several subsets of a size is tuned on.
    """
    if not declaration.tuned:
        return []
    return [
        Trial(place, declaration.tasks[place.task].subset_seeds[0], candidate)
        for place in places(declaration)
        for candidate in declaration.candidates(place.arm)
    ]


def reporting_trials(declaration: Declaration, chosen: Mapping[Place, Candidate]) -> list[Trial]:
    """Return what is reported: the chosen candidate of each arm, on every subset.

    Parameters
    ----------
    declaration
        Of the study.
    chosen
        By `places`.
    """
    return [
        Trial(place, seed, chosen[place])
        for place in places(declaration)
        for size, seed in declaration.tasks[place.task].subsets
        if size == place.train_size
    ]


def places(declaration: Declaration) -> list[Place]:
    """Return where candidates are chosen."""
    return [
        Place(arm, task, size)
        for task, data in declaration.tasks.items()
        for size in dict.fromkeys(data.train_size)
        for arm in declaration.arms
    ]


def first_candidates(declaration: Declaration) -> dict[Place, Candidate]:
    """Return the only candidates of a study that is not tuned, or the first ones to plan with."""
    return {place: declaration.candidates(place.arm)[0] for place in places(declaration)}


def parts(
    declaration: Declaration,
    stage: str,
    trials: Sequence[Trial],
    store: RunStore,
    machine: Machine,
    keep: bool = True,
    seeds: Sequence[int] = (),
) -> list[Part]:
    """Plan the sweeps of a stage.

    Parameters
    ----------
    declaration
        Of the study.
    stage
        One of `STAGES`, which says what seeds they are trained with.
    trials
        What is trained.
    store
        Where studies are.
    machine
        Where they are trained.
    keep
        Whether to store them.
    seeds
        What they are trained with; empty is all seeds of the stage.

    Raises
    ------
    WorkbenchError
        As `plan_study` does.
    """
    of_stage = declaration.tuning_seeds if stage == TUNING else declaration.reporting_seeds
    # A lone seed is written as a list, and no count.
    wanted = "".join(f"{seed}," for seed in seeds or of_stage)
    groups: dict[SweepSettings, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(_settings(declaration, trial, machine, wanted), []).append(trial)
    return [_part(declaration, stage, *group, store, keep) for group in groups.items()]


def _settings(
    declaration: Declaration, trial: Trial, machine: Machine, seeds: str
) -> SweepSettings:
    """Return the settings that all trials of one sweep share: all but the technique."""
    training = {item.name: getattr(declaration.training, item.name) for item in fields(Training)}
    return SweepSettings(
        **training
        | declaration.tasks[trial.place.task].training
        | vars(machine)
        | {
            "task": declaration.task_name(trial.place.task),
            "models": declaration.model_of(trial.place.arm),
            "learning_rate": trial.candidate.learning_rate,
            "train_size": trial.place.train_size,
            "subset_seed": trial.subset_seed,
            "seeds": seeds,
        }
    )


def _part(
    declaration: Declaration,
    stage: str,
    shared: SweepSettings,
    trials: Sequence[Trial],
    store: RunStore,
    keep: bool,
) -> Part:
    by_technique: dict[str, list[Trial]] = {}
    for trial in trials:
        by_technique.setdefault(trial.candidate.technique, []).append(trial)
    settings = replace(shared, techniques=",".join(by_technique))
    name = f"{declaration.name}-{stage}-{_digest(settings)}"
    study = plan_study(replace(settings, study=name), store, keep)
    return Part(study, tuple(map(tuple, by_technique.values())))


def _digest(settings: SweepSettings) -> str:
    """Return what tells the sweeps of a stage apart, and stays the same when it is resumed."""
    content = settings.to_json()
    moved = {"device", "workers", "outputs"}
    told = {name: value for name, value in content.items() if name not in moved}
    return hashlib.sha256(canonical_json(told).encode()).hexdigest()[:8]
