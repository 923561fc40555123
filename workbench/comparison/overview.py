"""What a whole table of comparisons shows, and what a reader of it must know."""

import pandas as pd

from workbench.analysis.decision import ERROR, Verdict
from workbench.analysis.published import TASK_TITLES
from workbench.comparison.across_models import across_models
from workbench.comparison.best import best, blocks
from workbench.comparison.claims import outside
from workbench.comparison.sentence import Answer, Row, Sentence, ask, either, known, listed
from workbench.comparison.verdicts import contrast_rows, helps, nothing_learned, place
from workbench.errors import WorkbenchError
from workbench.models.catalogue import MODELS
from workbench.tasks.catalogue import find, shown
from workbench.wording import counted

HELPS = ask("helps over tasks", "Does a technique help, over the tasks it was tried on?")
BEST = ask("best", "Is one technique better than all others?")
SETTINGS = ask("same settings", "Were all groups trained with the same settings?", Answer.YES)
CLAIMS = ask("published claims", "Do the published claims speak of these models?", Answer.YES)
BENCHMARK = ask("benchmark", "Are these tasks BLURB's?", Answer.YES)
TRAINED_HERE = ask("trained here", "Were all runs trained by this workbench?", Answer.YES)

TABLE_QUESTIONS = (HELPS, BEST, SETTINGS, CLAIMS, BENCHMARK, TRAINED_HERE)

STORE = "store"
"""Where a group's runs are that were trained here."""


def overview(table: pd.DataFrame, pairs: pd.DataFrame, error: float = ERROR) -> list[Sentence]:
    """Answer every question about a table as a whole.

    Parameters
    ----------
    table
        From `workbench.comparison.table.compare`.
    pairs
        From `workbench.comparison.pairs.pairs`.
    error
        Probability of a wrong mark in a block, as for `best`.
    """
    if table.empty:
        return []
    return [
        *_over_tasks(table),
        *across_models(table, error),
        *_bests(table, pairs, error),
        _settings(table),
        _claims(table),
        _benchmark(table),
        _trained_here(table),
    ]


def _over_tasks(table: pd.DataFrame) -> list[Sentence]:
    """Count what is decided of each technique and model that was tried on several tasks."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in contrast_rows(table):
        found.setdefault((row["technique"], row["model"]), []).append(row)
    return [
        _over(technique, model, rows)
        for (technique, model), rows in found.items()
        if len({row["task"] for row in rows}) > 1
    ]


def _over(technique: str, model: str, rows: list[Row]) -> Sentence:
    told = {answer: [row for row in rows if helps(row) is answer] for answer in Answer}
    open_ones = told[Answer.UNDECIDED]
    silent = [row for row in open_ones if nothing_learned(row)]
    learned = [row for row in open_ones if not nothing_learned(row)]
    same = [row for row in learned if row["verdict"] == Verdict.IDENTICAL]
    answer = either(bool(told[Answer.YES]), bool(told[Answer.NO]))
    parts = [
        f"{technique} with {model} is better in {_named(told[Answer.YES])}",
        f"worse in {_named(told[Answer.NO])}",
        *([f"identical in {_named(same)}"] if same else []),
        *([f"nothing learned in {_named(silent)}"] if silent else []),
        f"undecided in {len(learned) - len(same)} of {counted(len(rows), 'comparison')}",
    ]
    return Sentence(HELPS, answer, f"{', '.join(parts)}.{_across(rows)}")


def _named(rows: list[Row]) -> str:
    return f"{len(rows)} ({listed(_short(row) for row in rows)})" if rows else "none"


def _short(row: Row) -> str:
    return place(row).replace(f" with {row['model']}", "", 1)


def _across(rows: list[Row]) -> str:
    """Say so where the comparisons of one technique were not decided together."""
    together = [row["comparisons"] for row in rows if known(row["comparisons"])]
    if together and min(together) >= len(rows):
        return ""
    return (
        " The tasks were decided one by one: of tasks where it does nothing, one in twenty would "
        "be called better or worse; family=technique decides them together."
    )


def _bests(table: pd.DataFrame, pairs: pd.DataFrame, error: float) -> list[Sentence]:
    marked = best(table, pairs, error)
    return [_best(block, marked) for block in blocks(table) if len(block) > 1]


def _best(block: pd.DataFrame, marked: set[str]) -> Sentence:
    rows = block.to_dict("records")
    where = place(rows[0])
    chosen = [row for row in rows if row["group"] in marked]
    if chosen:
        name, group = chosen[0]["technique"], chosen[0]["group"]
        text = f"On {where}, {name} is decided against every other technique compared there."
        return Sentence(BEST, Answer.YES, text, group)
    contrasts = [row for row in rows if isinstance(row["verdict"], str)]
    if contrasts and all(nothing_learned(row) for row in contrast_rows(block)):
        text = f"On {where}, nothing tells which technique is best: no run of any learned."
        return Sentence(BEST, Answer.UNDECIDED, text)
    if contrasts and all(row["verdict"] == Verdict.IDENTICAL for row in contrasts):
        text = f"On {where}, no technique is best: all have the same scores."
        return Sentence(BEST, Answer.NO, text)
    text = f"On {where}, it is not decided which technique is best, so none is marked."
    return Sentence(BEST, Answer.UNDECIDED, text)


def _settings(table: pd.DataFrame) -> Sentence:
    imported = table[table["source"] != STORE]
    settings = table["settings"].fillna("").groupby(table["settings"].fillna("")).size()
    if len(settings) > 1:
        kinds = [f"{name or 'the defaults'} ({count})" for name, count in settings.items()]
        text = f"Groups differ in their settings: {listed(kinds)}; none is compared across them."
        return Sentence(SETTINGS, Answer.NO, text)
    if len(imported):
        text = (
            "The settings of imported runs are not known, and may differ from those trained here."
        )
        return Sentence(SETTINGS, Answer.UNDECIDED, text)
    return Sentence(SETTINGS, Answer.YES, "All groups were trained with the same settings.")


def _claims(table: pd.DataFrame) -> Sentence:
    models = list(dict.fromkeys(table["model"]))
    beyond = [model for model in models if outside(model)]
    unknown = [model for model in models if model not in MODELS]
    if beyond:
        text = f"{'; '.join(f'{model} is {outside(model)}' for model in beyond)}."
        return Sentence(CLAIMS, Answer.NO, text)
    if unknown:
        text = f"Whether the published claims speak of {listed(unknown)} is not known here."
        return Sentence(CLAIMS, Answer.UNDECIDED, text)
    return Sentence(CLAIMS, Answer.YES, "The published claims speak of all these models.")


def _benchmark(table: pd.DataFrame) -> Sentence:
    tasks = list(dict.fromkeys(table["task"]))
    generated = [shown(task) for task in tasks if _is_synthetic(task)]
    others = [shown(task) for task in tasks if _base(task) not in TASK_TITLES]
    if generated:
        text = f"The text of {listed(generated)} is generated, so nothing there speaks of BLURB."
        return Sentence(BENCHMARK, Answer.NO, text)
    if others:
        text = f"Whether {listed(others)} resembles a task of BLURB is not known here."
        return Sentence(BENCHMARK, Answer.UNDECIDED, text)
    return Sentence(BENCHMARK, Answer.YES, "All tasks are BLURB's.")


def _is_synthetic(task: str) -> bool:
    try:
        return find(task)[0].synthetic
    except WorkbenchError:  # Imported under a name of its own, or its file was moved.
        return False


def _base(task: str) -> str:
    return task.partition(":")[0]


def _trained_here(table: pd.DataFrame) -> Sentence:
    imported = table[table["source"].notna() & (table["source"] != STORE)]
    if len(imported):
        names = listed(dict.fromkeys(imported["source"]))
        text = (
            f"{counted(len(imported), 'group')} of this table from {names}: those runs were not "
            "trained here, and nothing about their data or settings was checked."
        )
        return Sentence(TRAINED_HERE, Answer.NO, text)
    if table["source"].isna().any():
        text = "Where some runs were trained is not recorded."
        return Sentence(TRAINED_HERE, Answer.UNDECIDED, text)
    return Sentence(TRAINED_HERE, Answer.YES, "All runs were trained by this workbench.")
