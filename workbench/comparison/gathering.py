"""The finished runs that are compared: those of a store, filtered, and those of other scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from workbench.analysis.naming import STAGE
from workbench.comparison.filtering import filtered
from workbench.comparison.ordering import in_order
from workbench.comparison.scores_file import read_scores
from workbench.comparison.settings import CompareSettings
from workbench.store.folder import RunStore
from workbench.store.index import Digest, digests
from workbench.store.seal import STAGES, sealed, stage
from workbench.store.study import runs_of_studies
from workbench.store.table import comparable, table_of
from workbench.wording import counted

if TYPE_CHECKING:
    from workbench.protocol.items import Predicted, TaskItems

TUNING, _ = STAGES

STORE = "store"
"""The source of runs that were trained here."""


@dataclass(frozen=True)
class Gathered:
    """Finished runs to compare.

    Attributes
    ----------
    runs
        One row a run: the columns of `workbench.store.table.runs_table`, ``finished`` (date and
        time, UTC; missing where unknown), ``source`` (`STORE`, or the file they were imported
        from) and ``stage`` (``tuning`` for runs that a declared study chose settings by, which are
        groups of their own; else empty), sorted by task, model, technique and seeds. What imported
        runs do not say is missing.
    notes
        What was left out and why, in sentences.
    items
        What test items add to the error of a difference, from stored and imported predictions.
    """

    runs: pd.DataFrame
    notes: tuple[str, ...]
    store: RunStore = field(repr=False)
    imported: Mapping[str, Predicted] = field(default_factory=dict, repr=False)

    @property
    def items(self) -> TaskItems:
        """Return what test items add to the error, nothing worked out yet."""
        # Here, because what reads data takes a second to load.
        from workbench.protocol.items import TaskItems

        return TaskItems(self.store, self.imported)


def gather(store: RunStore, settings: CompareSettings) -> Gathered:
    """Gather the runs that settings ask for.

    Test scores of a study stay closed until all of its runs are finished, and all of the declared
    study that it belongs to: runs that only such studies hold are left out.

    Parameters
    ----------
    store
        The runs.
    settings
        What to gather: a technique without settings stands for all of its name, and the baseline
        is gathered with whichever techniques are named. Imported runs are filtered by what they
        say of themselves.

    Raises
    ------
    WorkbenchError
        When a name matches no run, with the nearest that does; for an imported file that cannot be
        read, or a damaged study.
    """
    found = digests(store)
    ours = {run: digest for run, digest in found.items() if comparable(digest.spec)}
    notes = _of_other_versions(len(found) - len(ours))
    studies = runs_of_studies(store)
    closed = _closed(store, studies, found)
    shown = {run: digest for run, digest in ours.items() if run not in closed.runs}
    notes += closed.notes(len(ours) - len(shown))
    theirs, predicted = _imported(settings)
    ours_first = [_table(shown, _tuning(studies))] if shown or not theirs else []
    every = pd.concat([*ours_first, *theirs], ignore_index=True)
    runs = filtered(in_order(every), settings)
    if runs.empty:
        notes.append(_nothing(not every.empty))
    return Gathered(runs, tuple(notes), store, predicted)


def _imported(settings: CompareSettings) -> tuple[list[pd.DataFrame], dict[str, Predicted]]:
    """Read the files of other scripts."""
    tables = [read_scores(path) for path in settings.paths["scores"]]
    predicted: dict[str, Predicted] = {}
    for path in settings.paths["predictions"]:
        # Only then, because what loads tasks takes a second.
        from workbench.comparison.predictions_file import read_predictions

        table, found = read_predictions(path)
        tables.append(table)
        predicted |= found
    return [_dated(table) for table in tables], predicted


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a column of dates, of which nothing is known."""
    return table.assign(finished=pd.Series(pd.NaT, table.index, dtype="datetime64[ns, UTC]"))


def _of_other_versions(runs: int) -> list[str]:
    if not runs:
        return []
    verb = "is" if runs == 1 else "are"
    return [
        f"{counted(runs, 'finished run')} {verb} left out, of a version of this engine whose "
        "results are not comparable: start the study again."
    ]


def _nothing(some: bool) -> str:
    if some:
        return "No finished run passes all filters together: leave some out."
    return "No run is finished that may be shown: run a sweep."


@dataclass(frozen=True)
class _Closed:
    """The studies whose test scores may not be seen yet."""

    studies: list[str]
    runs: set[str]
    """Those that no open study holds."""

    def notes(self, left_out: int) -> list[str]:
        if not left_out:
            return []
        which = ", ".join(self.studies)
        return [
            f"{counted(left_out, 'finished run')} left out, whose test scores are sealed until all "
            f"runs are finished: let {'study' if len(self.studies) == 1 else 'studies'} {which} "
            "go on."
        ]


def _closed(
    store: RunStore, studies: Mapping[str, list[str]], finished: Mapping[str, Digest]
) -> _Closed:
    closed = [
        name
        for name, runs in studies.items()
        if sealed(store, name) or not all(run in finished for run in runs)
    ]
    seen = {run for name, runs in studies.items() if name not in closed for run in runs}
    return _Closed(closed, {run for name in closed for run in studies[name]} - seen)


def _tuning(studies: Mapping[str, list[str]]) -> set[str]:
    """Return the runs that settings were chosen by, and that no other study holds."""
    chosen_by = [name for name in studies if stage(name) == TUNING]
    others = {run for name, runs in studies.items() if name not in chosen_by for run in runs}
    return {run for name in chosen_by for run in studies[name]} - others


def _table(found: Mapping[str, Digest], tuning: set[str]) -> pd.DataFrame:
    table = table_of(found)
    finished = [found[run].finished for run in table["run"]]
    return table.assign(
        finished=pd.to_datetime(pd.Series(finished, dtype=object), utc=True, errors="coerce"),
        source=STORE,
        **{STAGE: [TUNING if run in tuning else "" for run in table["run"]]},
    )
