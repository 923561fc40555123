"""What the runs of a complete study predicted for the test set, by model and technique."""

from dataclasses import dataclass

import numpy as np

from workbench.errors import WorkbenchError
from workbench.store.folder import RunStore
from workbench.store.seal import check_open
from workbench.store.study import Study
from workbench.store.table import label
from workbench.tasks.loading import LoadedTask


@dataclass(frozen=True)
class Votes:
    """The predictions of runs that differ in their seed alone.

    Attributes
    ----------
    seeds
        What each run is called by its seeds.
    predictions
        For the test set, ``[runs, ...]`` as the task's shape predicts.
    left_out
        Seeds whose predictions are no numbers.
    """

    seeds: tuple[str, ...]
    predictions: np.ndarray
    left_out: tuple[str, ...] = ()


def groups(study: Study) -> dict[str, list[str]]:
    """Return the runs of each technique (and model, where a study has several), by identity."""
    several = len({spec.model for spec in study.specs}) > 1
    found: dict[str, list[str]] = {}
    for run, spec in study.by_id.items():
        technique = label(spec.to_json())
        found.setdefault(f"{technique}, {spec.model}" if several else technique, []).append(run)
    return found


def votes(store: RunStore, study: Study, group: str, loaded: LoadedTask) -> Votes:
    """Return what the runs of one group predicted for the test set.

    Parameters
    ----------
    store, study
        Where the runs are.
    group
        One of `groups`.
    loaded
        The study's task.

    Raises
    ------
    WorkbenchError
        While the test set is sealed (`check_open`); when the task's data is not what the runs were
        trained on; when there are fewer than two runs.
    """
    check_open(store, study)
    runs = groups(study)[group]
    if any(study.by_id[run].data != loaded.data_hash for run in runs):
        raise WorkbenchError(
            f"the data of task {loaded.name!r} is not what study {study.name} was trained on: "
            "put the former files in place, or run the study again"
        )
    return _finite(
        [study.by_id[run].seed_name for run in runs],
        np.stack([store.predictions(run)["test"] for run in runs]),
    )


def _finite(seeds: list[str], predictions: np.ndarray) -> Votes:
    good = np.isfinite(predictions).reshape(len(seeds), -1).all(axis=1)
    if good.sum() < 2:
        raise WorkbenchError(
            "fewer than two seeds have predictions, so none can disagree: run more seeds"
        )
    kept, left_out = (
        tuple(seed for seed, fine in zip(seeds, good, strict=True) if fine == wanted)
        for wanted in (True, False)
    )
    return Votes(kept, predictions[good], left_out)
