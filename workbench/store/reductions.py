"""What was made smaller when memory ran out: cohorts divided, forward passes shortened.

One file a cohort, ``studies/<study>/reductions/<cohort>.json``, written under the cohort's claim.
Whoever works on the study afterwards, a resumed worker too, trains the same parts in the same
passes, so that an interruption moves no digit.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.store.atomic import write_json
from workbench.store.folder import RunStore
from workbench.store.study import study_path
from workbench.training.division import halves


@dataclass(frozen=True)
class Reduction:
    """How a cohort is trained where it did not fit as planned."""

    divided: bool = False
    """Whether its halves train in its place; the rest then says nothing."""
    micro_batch: int = 0
    """Examples of each run in one forward pass; 0 leaves what the worker was started with."""
    evaluation_tokens: int = 0
    """Tokens of each run in one forward pass of an evaluation; 0 leaves it."""


def cohort_id(run_ids: Sequence[str]) -> str:
    """Return the name of a cohort: a hash of its members in their order."""
    return hashlib.sha256("/".join(run_ids).encode()).hexdigest()[:16]


def reduction_path(store: RunStore, study: str, run_ids: Sequence[str]) -> Path:
    """Return the path of a cohort's reduction, which need not exist."""
    folder = study_path(store, study).parent / "reductions"
    return folder / f"{cohort_id(run_ids)}.json"


def reduction(store: RunStore, study: str, run_ids: Sequence[str]) -> Reduction:
    """Return what was made smaller for a cohort.

    Raises
    ------
    WorkbenchError
        When its file is damaged.
    """
    path = reduction_path(store, study, run_ids)
    try:
        return Reduction(**json.loads(path.read_text(encoding="utf8")))
    except FileNotFoundError:
        return Reduction()
    except (ValueError, TypeError):
        raise WorkbenchError(
            f"the file {path} is damaged: delete it, and the cohort is tried whole again"
        ) from None


def save_reduction(store: RunStore, study: str, run_ids: Sequence[str], content: Reduction) -> None:
    """Record what was made smaller for a cohort, atomically; the caller holds its claim."""
    write_json(reduction_path(store, study, run_ids), asdict(content))


def parts(store: RunStore, study: str, run_ids: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the cohorts that train in the place of a planned one: itself unless divided.

    Raises
    ------
    WorkbenchError
        When a file is damaged.
    """
    if not reduction(store, study, run_ids).divided:
        return [run_ids]
    return [
        part
        for members in halves(len(run_ids))
        for part in parts(store, study, run_ids[members.start : members.stop])
    ]
