"""The data of tasks, from their names to tables for a terminal, a CSV file and a figure."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from workbench.analysis.summary import csv
from workbench.errors import WorkbenchError
from workbench.models.catalogue import BUNDLED
from workbench.models.checkpoint import Checkpoint, find_checkpoint
from workbench.models.tokenizer import load_tokenizer, longest
from workbench.notebook.batch import file_stem
from workbench.notebook.choosing.choices import task_option
from workbench.notebook.data.figure import data_figure
from workbench.notebook.data.tables import text
from workbench.notebook.figures import static
from workbench.store.atomic import write_bytes, write_text
from workbench.tasks.catalogue import TASKS
from workbench.tasks.check import Check, check
from workbench.tasks.loading import load
from workbench.tasks.own.registered import installed
from workbench.tasks.pieces import Advance

DELAY = 2.0
"""Seconds after which progress is shown."""

_FIGURES = (".png", ".html")

Tokenizers = dict[str, tuple[Any, int]]
"""A fast tokenizer and the longest input of its model, by the model's name."""


def check_data(
    names: Sequence[str] = (),
    models: str = BUNDLED,
    counts: bool = False,
    table: Path | None = None,
    figure: Path | None = None,
) -> Iterator[str]:
    """Look at the data of tasks, and yield what is to be printed.

    Parameters
    ----------
    names
        As users type them; without any, all tasks whose files are on this machine.
    models
        Whose tokenizers cut the text, commas between.
    counts
        Whether nothing is cut, so that no model is needed.
    table
        A CSV file to write every number to.
    figure
        A PNG or HTML file to draw the figure in; of several tasks each has its own.

    Raises
    ------
    WorkbenchError
        For an unknown task or model, missing or damaged files, or a file that cannot be written.
    """
    if figure is not None and (counts or figure.suffix not in _FIGURES):
        raise WorkbenchError(
            f"cannot draw {figure}: name a file that ends in .png or .html, without --counts"
        )
    tokenizers = {} if counts else tokenizers_of(models)
    chosen = list(names) or at_hand()
    if not chosen:
        raise WorkbenchError("the files of no task are on this machine: name a task to download")
    found = [
        check_one(name, tokenizers, f"{name}, {place} of {len(chosen)}")
        for place, name in enumerate(chosen, start=1)
    ]
    yield text(found)
    if table is not None:
        write_text(table, csv(pd.concat([one.tidy() for one in found])))
        yield f"Table: {table}\n"
    for one in found if figure is not None else []:
        path = _path_of(figure, one, len(found))
        draw(one, path)
        yield f"Figure: {path}\n"


def check_one(name: str, tokenizers: Tokenizers, title: str) -> Check:
    """Look at one task, with a line of progress where that takes long.

    Parameters
    ----------
    name
        As users type it.
    tokenizers
        From `tokenizers_of`.
    title
        What the line begins with.
    """
    loaded = load(name)
    with ExitStack() as stack:

        def begin(total: int) -> Advance:
            line = tqdm(
                total=total, desc=title, unit=" texts", delay=DELAY, mininterval=0.5, leave=False
            )
            return stack.enter_context(line).update

        return check(loaded, tokenizers, begin)


def at_hand() -> list[str]:
    """Return the tasks, of the benchmark and of packages, whose files are on this machine."""
    named = [name for name, task in TASKS.items() if not task.synthetic]
    return [name for name in (*named, *installed()) if task_option(name, network=False).here]


def tokenizers_of(models: str) -> Tokenizers:
    """Return tokenizer and longest input of each model by its name.

    Raises
    ------
    WorkbenchError
        When a model is unknown or cannot be had, or none is named.
    """
    checkpoints = [find_checkpoint(name.strip()) for name in models.split(",") if name.strip()]
    if not checkpoints:
        raise WorkbenchError("models is empty: name at least one, or leave it out")
    return tokenizers_for(checkpoints)


def tokenizers_for(checkpoints: Sequence[Checkpoint]) -> Tokenizers:
    """Return tokenizer and longest input of each checkpoint by its name.

    Raises
    ------
    WorkbenchError
        When the files of one are missing or damaged.
    """
    return {one.name: (load_tokenizer(one), longest(one)) for one in checkpoints}


def draw(found: Check, path: Path) -> None:
    """Draw the figure of a check in a PNG or HTML file.

    Raises
    ------
    WorkbenchError
        When it cannot be written.
    """
    drawn = data_figure(found)
    if path.suffix == ".html":
        write_text(path, static.page(drawn))
    else:
        write_bytes(path, static.png(drawn))


def _path_of(figure: Path | None, found: Check, several: int) -> Path:
    assert figure is not None
    return figure.with_stem(f"{figure.stem}-{file_stem(found.name)}") if several > 1 else figure
