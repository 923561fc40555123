"""Predictions of anybody's scripts as CSV, scored by a task's own metric on its own test items.

A file has a line an item and run and the columns ``task``, ``model``, ``technique``, ``seed``,
``item`` and ``prediction``; further columns are as in a file of scores. Every run must answer every
test item of its task once. An item is a number from 0, in the order of the test file (of words, in
tasks that label words), or the document's id where a task's answers are of documents that have one.
A prediction is a number, a label, or for several labels those, with semicolons between, or nothing.
"""

from collections.abc import Callable, Hashable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.comparison.csv_file import Row, read_csv
from workbench.comparison.runs_file import NAMES, as_table, described, identity, settings_columns
from workbench.errors import WorkbenchError
from workbench.protocol.items import Predicted
from workbench.tasks import catalogue
from workbench.tasks.loading import LoadedTask, load
from workbench.tasks.units import DOCUMENT

REQUIRED = (*NAMES, "seed", "item", "prediction")


def read_predictions(path: Path | str) -> tuple[pd.DataFrame, dict[str, Predicted]]:
    """Read and score the predictions of other scripts' runs.

    Parameters
    ----------
    path
        Of the file.

    Returns
    -------
    tuple
        A table such as `workbench.comparison.scores_file.read_scores` returns, with identities of
        the runs; and by identity what they answered, for `workbench.protocol.items.TaskItems`.

    Raises
    ------
    WorkbenchError
        For a file, line or column that cannot be read, a task that is not one of this workbench,
        a label that the task does not have, and an item that is missing or occurs twice.
    """
    _, rows = read_csv(Path(path), REQUIRED)
    settings = settings_columns(rows[0], ("item", "prediction", "metric"))
    tasks: dict[str, LoadedTask] = {}
    runs, predicted = [], {}
    for run, mine in _by_run(rows, settings):
        name = run["task"]
        if name not in tasks:
            tasks[name] = _loaded(mine[0], name)
        found, key = _answers(mine, tasks[name]), f"{path}:{mine[0].number}"
        predicted[key] = found
        metric = tasks[name].task.metric
        score = tasks[name].shape.score(tasks[name].splits["test"], found.test)[metric]
        runs.append(run | {"task": found.task, "run": key, "metric": metric, "test": score})
    return as_table(runs, settings, str(path)), predicted


def _by_run(rows: list[Row], settings: list[str]) -> list[tuple[dict[str, Any], list[Row]]]:
    """Return what each run says of itself, and its lines."""
    found: dict[Hashable, tuple[dict[str, Any], list[Row]]] = {}
    for row in rows:
        run = described(row, settings)
        first, mine = found.setdefault(identity(run), (run, []))
        if run["collapsed"] != first["collapsed"]:
            raise row.wrong(f"it says otherwise in line {mine[0].number} of this run", "collapsed")
        mine.append(row)
    return list(found.values())


def _loaded(row: Row, name: str) -> LoadedTask:
    try:
        catalogue.find(name)
    except WorkbenchError:
        # What was meant for another column is no text to repeat.
        near = get_close_matches(name.lower(), catalogue.names(), n=1, cutoff=0.5)
        mend = f"did you mean {near[0]!r}" if near else f"it has {', '.join(catalogue.names())}"
        raise row.wrong(f"this is no task of the workbench: {mend}", "task") from None
    return load(name)


def _answers(rows: list[Row], task: LoadedTask) -> Predicted:
    """Return the predictions of one run, in the order of the test items."""
    read, places = _reader(task), _places(task)
    values: dict[int, Any] = {}
    lines: dict[int, int] = {}
    for row in rows:
        place = places.get(row.text("item"))
        if place is None:
            raise row.wrong(_no_item(task, places), "item")
        if place in lines:
            raise row.wrong(f"this item of the run is in line {lines[place]} too", "item")
        values[place], lines[place] = read(row), row.number
    if len(values) < len(places):
        missing = next(name for name, place in places.items() if place not in values)
        raise rows[0].wrong(
            f"the run that begins here has {len(values)} of the {len(places)} test items of "
            f"{task.name}: item {missing} is missing"
        )
    ordered = [values[place] for place in range(len(places))]
    like = task.shape.gold(task.splits["test"])
    return Predicted(task.name, task.data_hash, np.array(ordered).reshape(like.shape))


def _places(task: LoadedTask) -> dict[str, int]:
    """Return the place of each test item by what it is called."""
    records = task.splits["test"]
    if task.shape.objective == "multi-label" and DOCUMENT in records.column_names:
        names = list(dict.fromkeys(map(str, records[DOCUMENT][:])))
    else:
        names = [str(number) for number in range(len(task.shape.gold(records)))]
    return {name: place for place, name in enumerate(names)}


def _no_item(task: LoadedTask, places: Mapping[str, int]) -> str:
    if "0" in places:
        return f"this is no test item of {task.name}: they are numbers from 0 to {len(places) - 1}"
    example = next(iter(places))
    return f"this is no test item of {task.name}: they are ids of documents, such as {example}"


def _reader(task: LoadedTask) -> Callable[[Row], Any]:
    """Return what reads the prediction of a line."""
    if task.shape.objective == "regression":
        return _number
    labels: tuple[str, ...] = task.shape.labels  # type: ignore[attr-defined]
    places = {label: place for place, label in enumerate(labels)}
    if task.shape.objective != "multi-label":
        return lambda row: _label(row, row.text("prediction"), places)

    def several(row: Row) -> np.ndarray:
        chosen = [name.strip() for name in row.optional("prediction").split(";") if name.strip()]
        found = np.zeros(len(places), np.uint8)
        found[[_label(row, name, places) for name in chosen]] = 1
        return found

    return several


def _number(row: Row) -> float:
    value = row.number_at("prediction")
    if value is None:
        raise row.wrong("it is empty: write a number", "prediction")
    return value


def _label(row: Row, name: str, places: Mapping[str, int]) -> int:
    if name not in places:
        raise row.wrong(f"this is no label of the task: {', '.join(places)}", "prediction")
    return places[name]
