"""Tables of a task's data as people read them; no text of a record is in them."""

from collections.abc import Sequence

import pandas as pd

from workbench.analysis.summary import aligned
from workbench.tasks.check import Check
from workbench.tasks.task import SPLITS

WIDTH = 100
"""Characters of a line."""


def text(found: Sequence[Check]) -> str:
    """Write checks as tables for a terminal, tables of the same kind together."""
    tables = {
        "Counts": [counts_table(one) for one in found],
        "Records that repeat a training record (in train: an earlier one)": [
            repeats_table(one) for one in found
        ],
        "Word pieces of a record, before it is cut": [lengths_table(one) for one in found],
        "Fragmentation of words": [fragmentation_table(one) for one in found],
    }
    parts = [
        f"{title}\n\n{aligned(pd.concat(rows), WIDTH)}"
        for title, rows in tables.items()
        if any(map(len, rows))
    ]
    parts += [
        f"Labels of {one.title}, by {one.labelled}\n\n{aligned(labels_table(one), WIDTH)}"
        for one in found
    ]
    parts += [f"{one.title}: {note}\n" for one in found for note in one.notes]
    return "\n".join(parts)


def counts_table(found: Check) -> pd.DataFrame:
    """Return the counts as people read them."""
    return pd.DataFrame(
        [
            {
                "task": found.title,
                "split": row["split"],
                "records": f"{row['records']:,}",
                "units": f"{row['units']:,}",
                "counted": f"{row['counted']:,} {found.unit}",
                "published": _published(row["published"], row["differs"]),
            }
            for row in found.counts.to_dict("records")
        ]
    )


def repeats_table(found: Check) -> pd.DataFrame:
    """Return the repeats as people read them."""
    return pd.DataFrame(
        [
            {
                "task": found.title,
                "split": row["split"],
                "records": f"{row['repeated']:,}",
                "distinct": f"{row['distinct']:,}",
                "share": _percent(row["share"]),
            }
            for row in found.repeats.to_dict("records")
        ]
    )


def lengths_table(found: Check) -> pd.DataFrame:
    """Return the lengths as people read them."""
    rows = found.lengths.to_dict("records")
    return pd.DataFrame(
        [
            {"task": found.title}
            | {name: str(row[name]) for name in ("model", "split", "median", "90%", "99%")}
            | {"longest": str(row["longest"]), "limit": str(row["limit"])}
            | {"cut": f"{row['cut']:,} ({_percent(row['share'])})"}
            for row in rows
        ]
    )


def fragmentation_table(found: Check) -> pd.DataFrame:
    """Return the fragmentation as people read it."""
    return pd.DataFrame(
        [
            {
                "task": found.title,
                "model": row["model"],
                "words": f"{row['words']:,}",
                "distinct": f"{row['distinct']:,}",
                "pieces per word": f"{row['pieces per word']:.2f}",
                "split": _percent(row["split"]),
                "unknown": _percent(row["unknown"]),
            }
            for row in found.fragmentation.to_dict("records")
        ]
    )


def labels_table(found: Check) -> pd.DataFrame:
    """Return the label balance as people read it: a row a label, a column a split."""
    cells = {
        (row["label"], row["split"]): f"{row['count']:,} ({_percent(row['share'])})"
        for row in found.labels.to_dict("records")
    }
    names = dict.fromkeys(label for label, _ in cells)
    return pd.DataFrame(
        [{"label": name} | {split: cells[name, split] for split in SPLITS} for name in names]
    )


def _published(count: int, differs: bool) -> str:
    if pd.isna(count):
        return ""
    return f"{count:,} (differs)" if differs else f"{count:,}"


def _percent(share: float) -> str:
    """Write a share; one that is not zero never reads as zero."""
    return "0%" if share == 0 else "<0.1%" if share < 0.0005 else f"{share:.1%}"
