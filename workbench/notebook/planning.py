"""What a sweep is going to do, in a few lines, before it does anything."""

from collections.abc import Mapping
from typing import Any

from workbench.execution.estimate import estimate
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.store.study import Study, plan_study
from workbench.training.native import notice


def dry_run(values: Mapping[str, Any]) -> str:
    """Return the plan of a sweep; nothing is trained and no study is stored.

    Parameters
    ----------
    values
        Parameters as typed.

    Raises
    ------
    WorkbenchError
        For anything that would stop the sweep before it trains.
    """
    settings = SweepSettings.from_values(values)
    store = RunStore(outputs_folder(settings))
    return planned(store, plan_study(settings, store, keep=False))


def planned(store: RunStore, study: Study) -> str:
    """Return what a study runs, and what that will take.

    Raises
    ------
    WorkbenchError
        When data or weights that are needed cannot be loaded.
    """
    missing = len(store.missing(study.run_ids))
    lines = [describe(study, missing), estimate(store, study).text()]
    if missing and study.device == "cpu":
        lines.append(notice())
    return "\n".join(filter(None, lines))


def describe(study: Study, missing: int) -> str:
    """Return the first lines of a sweep: what it runs, on what."""
    models = ", ".join(dict.fromkeys(spec.model for spec in study.specs))
    lines = [
        f"Study {study.name}: {len(study.specs)} runs, {missing} of them to train",
        f"{study.specs[0].task} with {models}, on {study.device} in {study.specs[0].precision}",
    ]
    return "\n".join([*lines, *study.notes])
