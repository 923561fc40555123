"""What was declared when: a study file that is changed after results were seen says so.

One file a study, ``studies/<name>/declared.json``: every version of the declaration that was run,
with how many of its reported runs had finished by then.
"""

import json
import re
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.protocol.declaration import Declaration
from workbench.protocol.stages import REPORTING
from workbench.store.atomic import write_json
from workbench.store.folder import RunStore
from workbench.store.study import load_study, study_names, study_path

_NO_MATTER = ("path", "question", "caveats")
"""What may be worded in another way at any time."""


def record(store: RunStore, declaration: Declaration) -> None:
    """Add a declaration to what is on record, unless it is the newest there.

    Parameters
    ----------
    store
        Where studies are.
    declaration
        That is now run.

    Raises
    ------
    WorkbenchError
        When the record is damaged.
    """
    versions, content = _versions(store, declaration), _content(declaration)
    if versions and versions[-1]["declared"] == content:
        return
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    added = {"at": now, "finished": _finished(store, declaration), "declared": content}
    write_json(_path(store, declaration), {"versions": [*versions, added]})


def declared_at(store: RunStore, declaration: Declaration) -> str:
    """Return when a study was first run as it is now, such as ``2026-11-23T17:53:43Z``.

    It is empty for a study that was never run.
    """
    return next((version["at"] for version in reversed(_versions(store, declaration))), "")


def amendments(store: RunStore, declaration: Declaration) -> list[str]:
    """Say what was changed after reported runs had finished, a sentence for each change."""
    versions = _versions(store, declaration)
    return [
        _amendment(before["declared"], after)
        for before, after in pairwise(versions)
        if after["finished"]
    ]


def _amendment(before: dict[str, Any], after: dict[str, Any]) -> str:
    changed = [name for name, value in after["declared"].items() if value != before.get(name)]
    return (
        f"Changed on {after['at'][:10]}, when {after['finished']} reported runs had finished and "
        f"could be looked at: {', '.join(changed)}; the declared error does not cover that."
    )


def _finished(store: RunStore, declaration: Declaration) -> int:
    """Return how many runs have finished that any version of a study was to report."""
    found: set[str] = set()
    for name in study_names(store):
        if re.fullmatch(f"{declaration.name}-{REPORTING}-[0-9a-f]{{8}}", name):
            with suppress(WorkbenchError):  # Damaged, or of a version that cannot be compared.
                found.update(load_study(store, name).run_ids)
    return sum(store.result(run) is not None for run in found)


def _content(declaration: Declaration) -> dict[str, Any]:
    # As JSON has it, so that it can be compared with what was stored.
    content = json.loads(json.dumps(asdict(declaration), default=str))
    return {name: value for name, value in content.items() if name not in _NO_MATTER}


def _path(store: RunStore, declaration: Declaration) -> Path:
    return study_path(store, declaration.name).with_name("declared.json")


def _versions(store: RunStore, declaration: Declaration) -> list[dict[str, Any]]:
    path = _path(store, declaration)
    try:
        return json.loads(path.read_text(encoding="utf8"))["versions"]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError):
        raise WorkbenchError(
            f"the record {path} of what was declared is damaged: move it away, and say so in what "
            "you write about the study"
        ) from None
