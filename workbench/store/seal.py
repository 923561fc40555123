"""Seals: what keeps the test scores of a declared study closed until all of it is there.

Its sweeps finish one after another, and those that tune finish first. Who looked at their test
scores could still change what is declared, or stop where it suits.
"""

import re
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.store.atomic import write_json
from workbench.store.folder import RunStore
from workbench.store.study import Study, study_path

STAGES = ("tuning", "reporting")
"""What the sweeps of a declared study are for."""


_SWEEP = re.compile(f"(.+)-({'|'.join(STAGES)})-[0-9a-f]{{8}}")
"""The name of a declared study's sweep: the study's, what it is for, and a hash."""


def stage(name: str) -> str:
    """Return what a stored study is for in a declared one; empty where it belongs to none."""
    found = _SWEEP.fullmatch(name)
    return found[2] if found else ""


def seal(store: RunStore, declared: str) -> None:
    """Close the test scores of a declared study's sweeps, those that are still to come included."""
    write_json(_path(store, declared), {"study": declared})


def unseal(store: RunStore, declared: str) -> None:
    """Open the test scores of a declared study's sweeps."""
    _path(store, declared).unlink(missing_ok=True)


def sealed(store: RunStore, name: str) -> bool:
    """Tell whether a stored study is a sweep of a declared study that is not complete."""
    found = _SWEEP.fullmatch(name)
    return found is not None and _path(store, found[1]).exists()


def is_open(store: RunStore, study: Study) -> bool:
    """Tell whether test scores of a stored study may be shown."""
    return not (store.missing(study.run_ids) or sealed(store, study.name))


def check_open(store: RunStore, study: Study) -> None:
    """Refuse to show test scores before their time.

    Raises
    ------
    WorkbenchError
        While a run of the study is missing, or the declared study that it belongs to goes on.
    """
    if missing := len(store.missing(study.run_ids)):
        raise WorkbenchError(
            f"study {study.name} misses {missing} of its {len(study.specs)} runs: its test set is "
            "sealed until all are finished, so let it go on"
        )
    if sealed(store, study.name):
        raise WorkbenchError(
            f"study {study.name} belongs to a declared study that is not complete: its test set is "
            "sealed until that ends, so let python -m workbench study go on with it"
        )


def _path(store: RunStore, declared: str) -> Path:
    return study_path(store, declared).with_name("sealed.json")
