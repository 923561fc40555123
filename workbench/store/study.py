"""A study: the runs a sweep asks for, how they group into cohorts, and where that is stored."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from workbench.errors import WorkbenchError, unknown
from workbench.spec import RunSpec
from workbench.store.atomic import write_json
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings

_Built = TypeVar("_Built")


@dataclass(frozen=True)
class Study:
    """What a sweep runs, as it is stored.

    Attributes
    ----------
    name
        Of its folder under ``studies/``.
    settings
        What was asked for.
    specs
        Every run, in the order of models, techniques and seeds.
    cohorts
        The runs that train together, by identity; every run is in one.
    steps
        The optimizer steps of each run, by identity.
    notes
        What a reader of the results must know, in sentences.
    new_weights
        Which weights the checkpoints do not bring, a sentence for each checkpoint.
    device
        Where it trains.
    free_memory
        Bytes that one worker found free on its GPU when the cohorts were planned; 0 on a CPU.
    """

    name: str
    settings: SweepSettings
    specs: tuple[RunSpec, ...]
    cohorts: tuple[tuple[str, ...], ...]
    steps: dict[str, int]
    notes: tuple[str, ...]
    device: str
    free_memory: int = 0
    new_weights: tuple[str, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, RunSpec]:
        """The runs by identity."""
        return {spec.id: spec for spec in self.specs}

    @property
    def run_ids(self) -> list[str]:
        """The identities of the runs, in order."""
        return list(self.by_id)

    def save(self, store: RunStore) -> None:
        """Write the study's file, atomically."""
        content = {
            "name": self.name,
            "settings": self.settings.to_json(),
            "specs": [spec.to_json() for spec in self.specs],
            "cohorts": self.cohorts,
            "steps": self.steps,
            "notes": self.notes,
            "device": self.device,
            "free_memory": self.free_memory,
            "new_weights": self.new_weights,
        }
        write_json(study_path(store, self.name), content)


def study_path(store: RunStore, name: str) -> Path:
    """Return the path of a study's file."""
    return store.root / "studies" / name / "study.json"


def study_names(store: RunStore) -> list[str]:
    """Return the names of the stored studies, sorted."""
    return sorted(path.parent.name for path in (store.root / "studies").glob("*/study.json"))


def load_study(store: RunStore, name: str) -> Study:
    """Read a stored study.

    Raises
    ------
    WorkbenchError
        When there is none of that name, or its file is damaged.
    """
    return _read(store, name, _from_json)


def held_runs(store: RunStore) -> set[str]:
    """Return the identities of all runs that some stored study holds, of whatever version.

    Raises
    ------
    WorkbenchError
        When the file of a study is damaged.
    """
    return {run for runs in runs_of_studies(store).values() for run in runs}


def runs_of_studies(store: RunStore) -> dict[str, list[str]]:
    """Return the identities of the runs of every stored study, of whatever version, by its name.

    Raises
    ------
    WorkbenchError
        When the file of a study is damaged.
    """
    return {name: _read(store, name, _members) for name in study_names(store)}


def _members(content: dict[str, Any]) -> list[str]:
    return [run for cohort in content["cohorts"] for run in cohort]


def _read(store: RunStore, name: str, build: Callable[[dict[str, Any]], _Built]) -> _Built:
    """Build something from the file of a study."""
    path = study_path(store, name)
    if not path.is_file():
        if names := study_names(store):
            raise unknown("study", name, names)
        raise WorkbenchError(f"there is no study {name!r}, nor any other: run a sweep first")
    try:
        return build(json.loads(path.read_text(encoding="utf8")))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise WorkbenchError(
            f"the study file {path} is damaged: delete it and run the sweep again"
        ) from None


def _from_json(content: dict[str, Any]) -> Study:
    study = Study(
        name=content["name"],
        settings=SweepSettings.from_values(content["settings"]),
        specs=tuple(RunSpec.from_json(spec) for spec in content["specs"]),
        cohorts=tuple(tuple(cohort) for cohort in content["cohorts"]),
        steps=content["steps"],
        notes=tuple(content["notes"]),
        device=content["device"],
        free_memory=content.get("free_memory", 0),
        new_weights=tuple(content.get("new_weights", ())),
    )
    members = sorted(run for cohort in study.cohorts for run in cohort)
    if not members == sorted(study.by_id) == sorted(study.steps):
        raise ValueError("runs, cohorts and steps do not belong together")
    return study
