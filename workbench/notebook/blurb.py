"""The BLURB score of the runs in a store, as text for a terminal."""

from collections.abc import Collection
from dataclasses import dataclass
from textwrap import fill

import pandas as pd

from workbench.analysis.blurb import TYPES, Standing, standings
from workbench.analysis.published import TASK_TITLES
from workbench.analysis.spread import Interval
from workbench.analysis.summary import aligned, percent
from workbench.errors import WorkbenchError, unknown
from workbench.store.folder import RunStore
from workbench.store.seal import is_open
from workbench.store.study import Study, load_study, study_names
from workbench.store.table import runs_table

WIDTH = 100
"""Characters of a line."""

_COUNTED = ("collapsed", "not_above_trivial", "undefined")


def blurb_text(
    store: RunStore, model: str = "", technique: str = "", studies: Collection[str] = ()
) -> str:
    """Say what the finished runs of a store give for each model and technique.

    The test scores of a study stay closed until all of its runs are finished, and all of the
    declared study that it belongs to.

    Parameters
    ----------
    store
        The runs.
    model, technique
        Only these; empty is all.
    studies
        Only the runs of these; empty is every run.

    Raises
    ------
    WorkbenchError
        For a name that no finished run has, or where no run of a BLURB task is finished.
    """
    shelf = _shelf(store, studies)
    runs = runs_table(store, shelf.open_runs).sort_values(["model", "technique", "seed"])
    for column, name in (("model", model), ("technique", technique)):
        if name and name not in set(runs[column]):
            raise unknown(f"finished run of the {column}", name, set(runs[column]))
        runs = runs[runs[column] == name] if name else runs
    found = standings(runs)
    if not found:
        besides = f" besides {shelf.left_out}" if shelf.closed else ""
        raise WorkbenchError(f"no run of a BLURB task is finished{besides}: run a sweep")
    notes = shelf.notes(set(runs["run"]))
    notes += [f"Left out: {shelf.left_out}."] if shelf.closed else []
    return "\n".join([*map(standing_text, found), *(f"{_folded(note)}\n" for note in notes)])


def standing_text(standing: Standing) -> str:
    """Write one model and technique: its tasks, the means of the types, and the score."""
    name = ", ".join(filter(None, [standing.model, standing.technique, standing.settings]))
    means = [
        f"{kind} {percent(mean) if mean is not None else '-'}"
        for kind, mean in standing.types.items()
    ]
    lines = [_folded(f"Means of the types: {', '.join(means)}."), _folded(_verdict(standing))]
    heading = f"{name}: test scores \N{MULTIPLICATION SIGN}100"
    return "\n".join([heading, "", aligned(task_table(standing), WIDTH), *lines, ""])


def task_table(standing: Standing) -> pd.DataFrame:
    """Return a row for each task with runs, as people read it, scores times 100.

    Columns of failures that did not happen are left out, but for collapsed runs.
    """
    kinds = {task: kind for kind, tasks in TYPES.items() for task in tasks}
    rows = [_row(row, kinds) for row in standing.tasks.to_dict("records")]
    table = pd.DataFrame(rows)
    idle = [name for name in ("not above trivial", "undefined") if table[name].eq("0").all()]
    idle += [name for name in ("chosen",) if table[name].eq("").all()]
    return table.drop(columns=idle)


def _row(row: dict, kinds: dict[str, str]) -> dict[str, str]:
    base, _, option = row["task"].partition(":")
    return {
        "type": kinds[base],
        "task": TASK_TITLES[base] + (f" ({option})" if option else ""),
        "mean": percent(row["mean"]),
        "sd": percent(row["sd"]) if row["n"] > 1 else "",
        "runs": str(row["n"]),
        **{name.replace("_", " "): str(row[name]) for name in _COUNTED},
        "chosen": row["chosen"],
    }


def _verdict(standing: Standing) -> str:
    if standing.score is not None:
        return f"BLURB score: {100 * standing.score:.2f}{_interval(standing.interval)}."
    reasons: dict[str, list[str]] = {}
    for task, reason in standing.missing.items():
        reasons.setdefault(reason, []).append(task)
    listed = "; ".join(f"{', '.join(tasks)} ({reason})" for reason, tasks in reasons.items())
    return f"No BLURB score, because tasks are missing: {listed}."


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return ", without an interval, since a task has one run or runs that share seeds"
    low, high = (100 * end for end in interval)
    return f" [{low:.2f}, {high:.2f}] (95% over seeds; tasks taken as independent)"


@dataclass(frozen=True)
class _Shelf:
    """The studies of a store, and which of its runs may be seen."""

    studies: list[Study]
    closed: list[str]
    """Names of those that are not complete."""
    open_runs: list[str]

    @property
    def left_out(self) -> str:
        """What is left out, as a part of a sentence."""
        if len(self.closed) == 1:
            return f"study {self.closed[0]}, which is not complete"
        return f"studies {', '.join(self.closed)}, which are not complete"

    def notes(self, runs: set[str]) -> list[str]:
        """Return what a reader of these runs must know, in sentences."""
        told = [study.notes for study in self.studies if runs & set(study.run_ids)]
        return list(dict.fromkeys(note for notes in told for note in notes))


def _shelf(store: RunStore, names: Collection[str]) -> _Shelf:
    studies = []
    for name in names or study_names(store):
        try:
            studies.append(load_study(store, name))
        except WorkbenchError:
            # Of another version, whose runs count for nothing here; one that was named must exist.
            if names:
                raise
    closed = [study for study in studies if not is_open(store, study)]
    seen = {run for study in studies if study not in closed for run in study.run_ids}
    hidden = {run for study in closed for run in study.run_ids} - seen
    allowed = seen if names else set(store.run_ids()) - hidden
    return _Shelf(studies, [study.name for study in closed], sorted(allowed))


def _folded(text: str) -> str:
    return fill(text, WIDTH, break_on_hyphens=False)
