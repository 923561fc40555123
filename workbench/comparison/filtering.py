"""Which of the finished runs a comparison's settings ask for."""

import pandas as pd

from workbench.comparison.settings import CompareSettings
from workbench.errors import WorkbenchError, unknown


def filtered(runs: pd.DataFrame, settings: CompareSettings) -> pd.DataFrame:
    """Return the runs that pass every filter.

    Parameters
    ----------
    runs
        One row a run: ``task model technique precision finished``. What a run does not say of its
        precision or date, as imported ones do not, is nothing that it is left out for.
    settings
        A technique without settings stands for all of its name, and the baseline passes with
        whichever techniques are named: without it there is nothing to compare with.

    Raises
    ------
    WorkbenchError
        When a name is that of no run, with the nearest that is one.
    """
    if runs.empty:
        return runs
    keep = _named(runs["task"], [task_of_runs(name, runs["task"]) for name in settings.task_names])
    keep &= _named(runs["model"], settings.model_names)
    keep &= _techniques(runs["technique"], settings)
    precision = runs.get("precision", pd.Series(None, index=runs.index, dtype=object))
    keep &= _named(precision, [settings.precision] if settings.precision else [])
    return runs[keep & _in_period(runs["finished"], settings)].reset_index(drop=True)


def _named(values: pd.Series, names: list[str]) -> pd.Series:
    """Tell which values are missing or among some names; without names all are."""
    valid = set(values.dropna())
    for name in names:
        if name not in valid:
            raise unknown(f"finished run of the {values.name or 'precision'}", name, valid)
    return values.isin(names) | values.isna() if names else pd.Series(True, index=values.index)


def task_of_runs(name: str, tasks: pd.Series) -> str:
    """Return the name that runs have for a task, such as ``hoc`` for ``hoc:sentences``.

    Parameters
    ----------
    name
        As users type it; one that nothing is known of is returned as it is.
    tasks
        Of the runs.
    """
    if name in set(tasks):
        return name
    # Only then, because it takes a second.
    from workbench.tasks.catalogue import canonical, find

    try:
        return canonical(*find(name))
    except WorkbenchError:  # It may be the task of an imported run, which is looked for next.
        return name


def _techniques(labels: pd.Series, settings: CompareSettings) -> pd.Series:
    if settings.baseline not in set(labels) and settings.baseline != CompareSettings.baseline:
        raise unknown("finished run of the baseline", settings.baseline, set(labels))
    if not settings.technique_names:
        return pd.Series(True, index=labels.index)
    wanted = {settings.baseline}
    for name in settings.technique_names:
        matching = techniques_of_runs(name, labels)
        if not matching:
            raise unknown("finished run of the technique", name, set(labels))
        wanted |= matching
    return labels.isin(wanted)


def techniques_of_runs(name: str, labels: pd.Series) -> set[str]:
    """Return the techniques of runs that a name stands for: itself, or all with any settings.

    Parameters
    ----------
    name
        As users type it, such as ``freeze:6+reinit`` or ``freeze+reinit``.
    labels
        The techniques of the runs.
    """
    return {label for label in set(labels) if name in (label, _bare(label))}


def _bare(label: str) -> str:
    """Return a technique without its settings: of ``freeze:6+reinit:2`` ``freeze+reinit``."""
    return "+".join(part.partition(":")[0] for part in label.split("+"))


def _in_period(finished: pd.Series, settings: CompareSettings) -> pd.Series:
    first, last = settings.period
    keep = pd.Series(True, index=finished.index)
    if first:
        keep &= finished.ge(first) | finished.isna()
    if last:
        keep &= finished.le(last) | finished.isna()
    return keep
