"""From a sweep that somebody tried to a study that decides: the same arms, declared beforehand."""

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from workbench.analysis.looks import LOOKS
from workbench.errors import WorkbenchError
from workbench.protocol.declaration import AUTO, Declaration
from workbench.protocol.sections import Arm, Data, Seeds, Training
from workbench.protocol.stages import REPORTING, Machine, Trial, parts, places
from workbench.store.folder import RunStore
from workbench.store.settings import TOGETHER, SweepSettings
from workbench.tasks.own.path import is_task_file

BASELINE = "baseline"
"""The technique that others are compared with where it is among them; else it is the first."""

_LONGEST_NAME = 60

_EXPECTED = {"higher": "higher than", "lower": "lower than", "either": "differently from"}


def declared(settings: SweepSettings, path: Path, question: str, **said: Any) -> Declaration:
    """Declare what a sweep compares.

    Every technique of every model is an arm, and is compared with that model's `BASELINE`, or its
    first technique; of several models with one technique the first is the baseline. Where a study
    trains is not its own, so ``device``, ``workers``, ``outputs`` and the sweep's name are left.

    Parameters
    ----------
    settings
        Of the sweep.
    path
        Where the study file is to be; its stem is the study's name.
    question
        What the study is to answer.
    said
        Other settings of a `Declaration`, such as ``seeds``, which are else the sweep's.

    Raises
    ------
    WorkbenchError
        For what a study cannot hold, and as `Declaration` does.
    """
    if settings.save != "none":
        raise WorkbenchError(
            f"save is {settings.save}, but a study keeps no models: set save to none, and type "
            "python -m workbench save when the study has finished"
        )
    if settings.vary != TOGETHER:
        raise WorkbenchError(
            f"vary is {settings.vary}, but a declared study draws all seeds anew in every run: "
            f"set vary to {TOGETHER}"
        )
    training = {item.name: getattr(settings, item.name) for item in fields(Training)}
    values: dict[str, Any] = {
        **_compared(settings),
        "tasks": {settings.task: _data(settings)},
        "seeds": _seeds(settings),
        "training": Training(**training),
    }
    return Declaration(path, question, **values | said)


def _compared(settings: SweepSettings) -> Mapping[str, Any]:
    """Return models, arms and their baselines, as a `Declaration` takes them."""
    models, techniques = settings.model_names, settings.technique_names
    if len(models) == len(techniques) == 1:
        raise WorkbenchError(
            f"there is nothing to compare {techniques[0]} with: choose another technique or model"
        )
    if len(models) == 1:
        arms = {name: Arm(technique=(name,)) for name in techniques}
        return {"model": models[0], "arms": arms, "baseline": baseline_of(techniques)}
    if len(techniques) == 1:
        arms = {name: Arm(technique=(techniques[0],), model=name) for name in models}
        return {"arms": arms, "baseline": models[0]}
    return {"arms": dict(_arm(*pair) for pair in _pairs(models, techniques))}


def baseline_of(techniques: list[str]) -> str:
    """Return what the others are compared with.

    Examples
    --------
    >>> baseline_of(["freeze", "baseline"]), baseline_of(["freeze:2", "freeze:4"])
    ('baseline', 'freeze:2')
    """
    return BASELINE if BASELINE in techniques else techniques[0]


def _pairs(models: list[str], techniques: list[str]) -> list[tuple[str, str, str]]:
    first = baseline_of(techniques)
    return [
        (model, each, "" if each == first else first) for model in models for each in techniques
    ]


def _arm(model: str, technique: str, baseline: str) -> tuple[str, Arm]:
    against = f"{model} {baseline}" if baseline else ""
    return f"{model} {technique}", Arm((technique,), (), model, against)


def _data(settings: SweepSettings) -> Data:
    # All of the data can be drawn in one way only.
    drawn = (settings.subset_seed if settings.train_size else 0,)
    return Data((settings.train_size,), drawn)


def _seeds(settings: SweepSettings) -> Seeds:
    seeds = settings.seed_list
    return len(seeds) if seeds == list(range(len(seeds))) else tuple(seeds)


def proposed_question(settings: SweepSettings, direction: str) -> str:
    """Return a question that a study of these settings answers.

    Parameters
    ----------
    settings
        Of a sweep.
    direction
        One of `workbench.protocol.sections.DIRECTIONS`.

    Examples
    --------
    >>> proposed_question(SweepSettings(task="hoc", techniques="baseline,freeze"), "higher")
    'Does freeze score higher than baseline on hoc?'
    """
    names = settings.technique_names
    if len(names) == 1:
        names = settings.model_names
    first = baseline_of(names)
    others = [name for name in names if name != first] or ["nothing"]
    verb = "Does" if len(others) == 1 else "Do"
    listed = " or ".join(filter(None, [", ".join(others[:-1]), others[-1]]))
    return f"{verb} {listed} score {_EXPECTED[direction]} {first} on {_short(settings.task)}?"


def proposed_name(settings: SweepSettings) -> str:
    """Return what a study of these settings may be called.

    Examples
    --------
    >>> proposed_name(SweepSettings(task="hoc:abstracts"))
    'hoc-abstracts-study'
    """
    stem = re.sub(r"[^A-Za-z0-9]+", "-", _short(settings.task)).strip("-")
    return f"{stem[: _LONGEST_NAME - len('-study')]}-study".lstrip("-")


def _short(task: str) -> str:
    return Path(task).stem if is_task_file(task) else task


def finished_before(store: RunStore, declaration: Declaration, machine: Machine) -> int:
    """Return how many runs that a study may report have finished before it was declared.

    Their scores could be looked at, so they are no blind test of what was declared after them.

    Parameters
    ----------
    store
        Where runs are.
    declaration
        That nothing was run of yet.
    machine
        Where it is to be trained.

    Raises
    ------
    WorkbenchError
        As `workbench.store.planning.plan_study` does.
    """
    trials = [
        Trial(place, seed, candidate)
        for place in places(declaration)
        for size, seed in declaration.tasks[place.task].subsets
        if size == place.train_size
        for candidate in declaration.candidates(place.arm)
    ]
    seeds = range(LOOKS[-1]) if declaration.seeds == AUTO else declaration.reporting_seeds
    planned = parts(declaration, REPORTING, trials, store, machine, keep=False, seeds=seeds)
    runs = {run for part in planned for run in part.study.run_ids}
    return len(runs) - len(store.missing(runs))
