"""An own task as the catalogue holds tasks: its facts, and the shape of its data."""

from collections.abc import Sequence
from pathlib import Path

from workbench.tasks.classification import Classification
from workbench.tasks.document import Document
from workbench.tasks.mention import Mention
from workbench.tasks.own.description import (
    CLASSIFICATION,
    METRICS,
    MULTI_LABEL,
    REGRESSION,
    TOKENS,
    Description,
    Start,
)
from workbench.tasks.own.records import texts_of
from workbench.tasks.own.scoring import find_metric, scored
from workbench.tasks.own.task_file import read_description
from workbench.tasks.regression import Regression
from workbench.tasks.task import Recipe, Shape, Task

STARTS = {
    "small": Recipe(16, 2e-4, 10),
    "base": Recipe(16, 3e-5, 20),
    "large": Recipe(16, 3e-5, 20),
}
"""Where a task starts whose file does not say.

Rate and batch size of base and large models are of the grid of Gu et al. 2020 (arXiv:2007.15779:
rates 1e-5, 3e-5 and 5e-5, batches 16 and 32, 2 to 60 epochs); a small model takes the rate that was
chosen for it on BIOSSES (`workbench.tasks.catalogue`) and half the epochs.
"""

_UNITS = {
    CLASSIFICATION: "texts",
    MULTI_LABEL: "documents",
    REGRESSION: "texts",
    TOKENS: "mentions",
}


def own_task(path: Path, registered: str = "") -> Task:
    """Return the facts of a task file; its data is not touched, so labels may be unknown.

    Parameters
    ----------
    path
        Of the task file.
    registered
        The name under which an installed package offers it; empty where its path is typed.

    Raises
    ------
    WorkbenchError
        When the task file, or the metric it names, cannot be used.
    """
    description = read_description(path)
    return Task(
        name=registered or description.name,
        title=description.title or description.name,
        folder="",
        shape=description.kind,
        type=f"own {description.kind}",
        metric=find_metric(description.metric, description.kind).name,
        unit=_UNITS[description.kind],
        counts=(0, 0, 0),
        max_length=description.max_length,
        recipes={
            size: _recipe(getattr(description.recipes, size), start)
            for size, start in STARTS.items()
        },
        labels=() if description.kind == TOKENS else description.labels,
        negative=description.negative,
        own=path,
        typed="" if registered else str(path),
    )


def shape_of(description: Description, labels: Sequence[str]) -> Shape:
    """Return what encodes and scores the records of an own task.

    Parameters
    ----------
    description
        From the task file.
    labels
        Of its data: `reading.OwnData.labels`.
    """
    metric = find_metric(description.metric, description.kind)
    # Beside a function, the shape's own scores stand second.
    name = METRICS[description.kind][0] if metric.function else metric.name
    texts = texts_of(description)
    if description.kind == TOKENS:
        return scored(Mention(labels), metric)
    if description.kind == REGRESSION:
        return scored(Regression(texts, metric=name), metric)
    if description.kind == MULTI_LABEL:
        return scored(Document(labels, texts, name), metric)
    return scored(Classification(labels, texts, description.negative, name), metric)


def _recipe(chosen: Start, start: Recipe) -> Recipe:
    return Recipe(
        chosen.batch_size or start.batch_size,
        chosen.learning_rate or start.learning_rate,
        chosen.epochs or start.epochs,
    )
