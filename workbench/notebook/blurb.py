"""The BLURB score of the runs in a store, as text for a terminal."""

from collections.abc import Collection, Iterable
from textwrap import fill

import pandas as pd

from workbench.analysis.blurb import TYPES, Standing, standings
from workbench.analysis.published import TASK_TITLES
from workbench.analysis.summary import aligned, percent
from workbench.errors import WorkbenchError, unknown
from workbench.store.folder import RunStore
from workbench.store.study import load_study, study_names
from workbench.store.table import runs_table

WIDTH = 100
"""Characters of a line."""

_COUNTED = ("collapsed", "not_above_trivial", "undefined")


def blurb_text(
    store: RunStore, model: str = "", technique: str = "", studies: Collection[str] = ()
) -> str:
    """Say what the finished runs of a store give for each model and technique.

    The test scores of a study stay closed until all of its runs are finished.

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
    open_runs, closed = _open_runs(store, studies)
    runs = runs_table(store, open_runs)
    for column, name in (("model", model), ("technique", technique)):
        if name and name not in set(runs[column]):
            raise unknown(f"finished run of the {column}", name, set(runs[column]))
        runs = runs[runs[column] == name] if name else runs
    found = standings(runs)
    if not found:
        raise WorkbenchError(f"no run of a BLURB task is finished{_closed(closed)}: run a sweep")
    note = f"Left out{_closed(closed)}.\n" if closed else ""
    return "\n".join([*map(standing_text, found), *([note] if note else [])])


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
        return f"BLURB score: {100 * standing.score:.2f}."
    reasons: dict[str, list[str]] = {}
    for task, reason in standing.missing.items():
        reasons.setdefault(reason, []).append(task)
    listed = "; ".join(f"{', '.join(tasks)} ({reason})" for reason, tasks in reasons.items())
    return f"No BLURB score, because tasks are missing: {listed}."


def _open_runs(store: RunStore, studies: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the runs whose test scores may be seen, and the studies that are not complete."""
    held: dict[str, list[str]] = {}
    for name in studies or study_names(store):
        try:
            held[name] = load_study(store, name).run_ids
        except WorkbenchError:
            # Of another version, whose runs count for nothing here; one that was named must exist.
            if studies:
                raise
    closed = [name for name, runs in held.items() if store.missing(runs)]
    seen = {run for name, runs in held.items() if name not in closed for run in runs}
    hidden = {run for name in closed for run in held[name]} - seen
    allowed = seen if studies else set(store.run_ids()) - hidden
    return sorted(allowed), closed


def _closed(studies: list[str]) -> str:
    if not studies:
        return ""
    which = "study" if len(studies) == 1 else "studies"
    return f" (but for {which} {', '.join(studies)}, not complete yet)"


def _folded(text: str) -> str:
    return fill(text, WIDTH, break_on_hyphens=False)
