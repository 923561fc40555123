"""Advice from the runs of a store, as text."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from workbench.analysis.summary import aligned
from workbench.comparison.advice import Advice, recommend
from workbench.comparison.advice_words import explained, main_reason, share, task_in_words
from workbench.comparison.gathering import gather
from workbench.comparison.settings import CompareSettings
from workbench.comparison.table import compare
from workbench.models.checkpoint import local_folder
from workbench.store.folder import RunStore
from workbench.tasks.catalogue import canonical, find
from workbench.techniques import BASELINE


def advise(store: RunStore, model: str, task: str, train_size: int = 0) -> Advice:
    """Advise on a technique for a model and a task, from every finished run of a store.

    Parameters
    ----------
    store
        The runs.
    model, task
        As users type them; not ``auto``.
    train_size
        Training units that will be drawn; 0 is all.

    Raises
    ------
    WorkbenchError
        For an unknown model or task, with the nearest.
    """
    gathered = gather(store, CompareSettings())
    name, runs = canonical(*find(task)), gathered.runs
    model = _as_runs_name_it(model, runs)
    here = runs["task"] == name
    # What test items add is worked out for the task in question alone: that takes longest.
    tables = [compare(runs[here], items=gathered.items), compare(runs[~here])]
    rows = [row for table in tables for row in table.to_dict("records")]
    return recommend(model, name, pd.DataFrame(rows), train_size)


def _as_runs_name_it(model: str, runs: pd.DataFrame) -> str:
    """Return a model's name in results; a folder has its whole path.

    Raises
    ------
    WorkbenchError
        For a name that no run has and nothing else can be.
    """
    if model in set(runs["model"]):
        return model
    local_folder(model)
    folder = Path(model).expanduser()
    return str(folder.resolve()) if folder.is_dir() else model


def text(advice: Advice) -> str:
    """Write advice for a terminal: its sentences, and the numbers behind them."""
    said = "\n".join(sentence.text for sentence in explained(advice))
    return f"{said}\n\n{aligned(readable(advice)).rstrip()}" if advice.considered else said


def readable_each(found: Iterable[Advice]) -> pd.DataFrame:
    """Format several advices for reading, a row each: strings only."""
    return pd.DataFrame([_readable_row(advice) for advice in found])


def _readable_row(advice: Advice) -> dict[str, str]:
    return {
        "task": task_in_words(advice.situation),
        "model": advice.situation.model,
        "use": advice.technique,
        "how sure": advice.sure,
        "why": main_reason(advice).text,
    }


def readable(advice: Advice) -> pd.DataFrame:
    """Format the numbers behind advice for reading: strings only, differences in points."""
    rows = [
        {
            "technique": row["technique"],
            "claim": row["claim"] or "none",
            "own comparisons": str(row["own"]),
            "similar ones": str(row["similar"]),
            f"believed difference to {BASELINE} [95%]": (
                f"{row['believed']:+.1f} [{row['low']:+.1f}, {row['high']:+.1f}]"
            ),
            "chance of a gain": share(row["chance"]),
        }
        for row in advice.numbers.to_dict("records")
    ]
    return pd.DataFrame(rows)
