"""The labels of an own task: those listed or found in train, and what is refused about them."""

from collections.abc import Sequence

from workbench.tasks.own.description import (
    CLASSIFICATION,
    MULTI_LABEL,
    REGRESSION,
    TOKENS,
    Description,
)
from workbench.tasks.own.examples import Example, mention_type
from workbench.tasks.own.schemes import OUTSIDE

MOST_LABELS, LONGEST_LABEL = 200, 100
"""More labels than these, or longer ones, are taken for text where the task file lists none.

So are more labels than rows, and classes of which most have one row: the names of labels are shown
and stored, and texts must not be.
"""


def labels_of(description: Description, train: Sequence[Example]) -> tuple[str, ...]:
    """Return the task's labels: those the task file lists, else those of train, sorted.

    For tokens labels are types of mentions.

    Raises
    ------
    WorkbenchError
        When those of train look like texts.
    """
    if description.kind == REGRESSION or description.labels:
        return description.labels
    if isinstance(description.columns.label, tuple):
        return description.columns.label
    labels = tuple(sorted({label for example in train for label in named(description, example)}))
    rows = len(train) // 2 if description.kind == CLASSIFICATION else len(train)
    most = min(MOST_LABELS, max(2, rows))
    if len(labels) > most or any(len(label) > LONGEST_LABEL for label in labels):
        raise description.wrong(
            f"the labels of train, {len(labels)} different ones, look like texts: name the column "
            "of the labels under columns, or list all labels under labels"
        )
    if not set(description.negative) <= set(labels):
        raise description.wrong("negative names a label that train does not have: correct it")
    if description.negative and set(description.negative) == set(labels):
        raise description.wrong("negative names every label of train, which leaves none to score")
    return labels


def named(description: Description, example: Example) -> tuple[str, ...]:
    """Return the labels that an example names, or the types of its mentions."""
    if description.kind == REGRESSION:
        return ()
    if description.kind == CLASSIFICATION:
        return (example.label,)
    if description.kind == MULTI_LABEL:
        return example.label
    return tuple(mention_type(tag) for tag in example.label if tag != OUTSIDE)


def check_labels(
    description: Description, labels: Sequence[str], split: str, found: Sequence[Example]
) -> None:
    """Refuse labels that are unknown, and a split in which all rows have the same.

    Parameters
    ----------
    description
        Of the task.
    labels
        From `labels_of`.
    split, found
        Its name, and its examples.

    Raises
    ------
    WorkbenchError
        For these.
    """
    known = set(labels)
    for example in found:
        if not known.issuperset(named(description, example)):
            raise example.place.damaged(
                "the label is listed nowhere under labels in the task file"
                if description.labels
                else "the label occurs in no row of train",
                "correct it, or list every label under labels in the task file",
            )
    if description.kind in (CLASSIFICATION, REGRESSION) and len({one.label for one in found}) == 1:
        what = "score" if description.kind == REGRESSION else "label"
        raise description.wrong(
            f"every row of {split} has the same {what}: add rows with another, or change split"
        )
    if description.kind in (MULTI_LABEL, TOKENS) and not any(
        named(description, example) for example in found
    ):
        raise description.wrong(f"no row of {split} has a label: add rows that have one")
