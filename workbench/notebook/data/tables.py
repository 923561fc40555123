"""Tables of a task's data as people read them; no text of a record is in them."""

from collections.abc import Sequence

import pandas as pd

from workbench.analysis.summary import aligned, markdown
from workbench.tasks.check import Check
from workbench.tasks.task import SPLITS

WIDTH = 100
"""Characters of a line."""

COUNTS = "Counts"
LABELS = "Labels of"
REPEATS = "Records that repeat a training record (in train: an earlier one)"
LENGTHS = "Word pieces of a record, before it is cut"
FRAGMENTATION = "Fragmentation of words"


def text(found: Sequence[Check]) -> str:
    """Write checks as tables for a terminal, tables of the same kind together."""
    kinds = [tables(one) for one in found]
    shared = {
        title: pd.concat([each[title] for each in kinds])
        for title in (COUNTS, REPEATS, LENGTHS, FRAGMENTATION)
    }
    own = {
        f"{LABELS} {one.title}, by {one.labelled}": each[LABELS]
        for one, each in zip(found, kinds, strict=True)
    }
    parts = [
        f"{title}\n\n{aligned(table, WIDTH)}"
        for title, table in (shared | own).items()
        if len(table)
    ]
    return "\n".join([*parts, *(f"{one.title}: {note}\n" for one in found for note in one.notes)])


def bundle(found: Check) -> dict[str, str]:
    """Return the tables of one task for a notebook and for a terminal, by MIME type."""
    shown = [f"**{title}**\n\n{markdown(table)}" for title, table in alone(found).items()]
    heading = f"### The data of {found.title}"
    return {
        "text/markdown": "\n\n".join([heading, *shown, *found.notes]),
        "text/plain": text([found]),
    }


def alone(found: Check) -> dict[str, pd.DataFrame]:
    """Return the tables that are not empty by title, for a page on this task: none names it."""
    return {
        f"Labels, by {found.labelled}" if title == LABELS else title: table.drop(
            columns="task", errors="ignore"
        )
        for title, table in tables(found).items()
        if len(table)
    }


def tables(found: Check) -> dict[str, pd.DataFrame]:
    """Return every table of a check as people read it, by its title; some may be empty."""
    return {
        COUNTS: counts_table(found),
        REPEATS: repeats_table(found),
        LABELS: labels_table(found),
        LENGTHS: lengths_table(found),
        FRAGMENTATION: fragmentation_table(found),
    }


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
