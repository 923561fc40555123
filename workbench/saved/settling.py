"""What a study keeps of its models once all its runs are finished."""

import shutil
import time
from collections.abc import Collection
from pathlib import Path

from workbench.saved.card import card
from workbench.saved.place import (
    beaten,
    dev_score,
    groups,
    member_folders,
    settling,
    waiting,
    waiting_folder,
    waiting_room,
    wanted,
)
from workbench.store.atomic import explained, write_text
from workbench.store.folder import RunStore
from workbench.store.study import Study

CARD = "README.md"

_LOOK_SECONDS = 0.05


def settle(store: RunStore, study: Study) -> list[Path]:
    """Give the models that a complete study keeps their cards and their places, and drop the rest.

    While runs are missing, only weights go that can no longer be the best. To be called again
    changes nothing more.

    Parameters
    ----------
    store, study
        The study's own settings say which models are kept.

    Returns
    -------
    list of Path
        The folders that came to their places now.

    Raises
    ------
    WorkbenchError
        When a file cannot be written.
    """
    if not waiting(store, study):
        return []
    held = settling(store, study)
    if held is None:
        # Another worker does it.
        return []
    with held:
        if store.missing(study.run_ids):
            _drop(store, study, _beaten(store, study))
            return []
        placed = place(store, study, to_place(store, study))
        empty(store, study)
        return placed


def to_place(store: RunStore, study: Study) -> list[str]:
    """Return the runs of a complete study whose weights wait and are to be kept."""
    keep = wanted(store, study, study.settings.save)
    return [run for run in waiting(store, study) if run in keep]


def finish(store: RunStore, study: Study) -> None:
    """Settle a complete study, or wait until the worker that does it has ended."""
    while waiting(store, study):
        settle(store, study)
        time.sleep(_LOOK_SECONDS)


def place(store: RunStore, study: Study, runs: Collection[str]) -> list[Path]:
    """Move models that wait to where they belong, each with its card; the caller has the claim."""
    folders = member_folders(store, study)
    for run in runs:
        source = waiting_folder(store, study.name, run)
        write_text(source / CARD, card(store, study, run, source))
        _remove(folders[run])
        with explained(folders[run]):
            source.rename(folders[run])
    return [folders[run] for run in runs]


def empty(store: RunStore, study: Study) -> None:
    """Remove what still waits, whole or not, of a complete study; the caller has the claim."""
    _remove(waiting_room(store, study.name))


def _beaten(store: RunStore, study: Study) -> list[str]:
    """Return the runs that wait and are finished, but cannot be the best any more."""
    if study.settings.save != "best":
        return []
    found = []
    for group in groups(study):
        for spec in group:
            result = store.result(spec.id)
            if result and beaten(store, group, spec, dev_score(result)):
                found.append(spec.id)
    return [run for run in found if waiting_folder(store, study.name, run).is_dir()]


def _drop(store: RunStore, study: Study, runs: Collection[str]) -> None:
    for run in runs:
        _remove(waiting_folder(store, study.name, run))


def _remove(folder: Path) -> None:
    with explained(folder):
        if folder.exists():
            shutil.rmtree(folder)
