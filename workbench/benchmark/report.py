"""The report of a benchmark: what a reader must know first, and the tables with their words."""

import statistics
from typing import Any

import pandas as pd

from workbench.analysis.summary import aligned, markdown
from workbench.benchmark.job import CONTESTANTS
from workbench.benchmark.tables import (
    agreement_table,
    cohort_table,
    examples_table,
    lone_table,
    precision_table,
    precision_text,
    seeds_table,
)

WIDTH = 150
"""Characters of a line in the terminal."""


def sections(results: dict[str, Any]) -> list[tuple[str, str, pd.DataFrame]]:
    """Return title, explanation and table of every part of the report that has something."""
    contestants = "; ".join(f"{name} is {what}" for name, what in CONTESTANTS.items())
    found = []
    if results["comparisons"]:
        lone = (
            f"{contestants}. Seconds of a step are medians over {results['rounds']} paired rounds; "
            "an epoch is its steps times that. The matrix rate is what "
            "torch.nn.functional.linear reached in the same rounds, on all cores of a processor: "
            f"{_rates(results)}."
        )
        several = (
            "The peers' time is computed: one seed's, times the seeds. The engine's is measured: "
            "of a cohort, or of workers side by side, one turn is measured and counted as often as "
            "the seeds need it."
        )
        found += [("One seed", lone, lone_table(results))]
        found += [("Several seeds", several, seeds_table(results))]
    if results["agreements"]:
        text = (
            "Without dropout, from equal weights, on equal batches in equal order; the difference "
            "is the largest one relative to the engine's loss."
        )
        found += [("The same work", text, agreement_table(results))]
    if results["precision"]:
        found += [("Precision", precision_text(results), precision_table(results))]
    if results["scaling"]:
        where = f"Generated text, {results['scaling']['precision']}, the engine alone."
        found += [("Time against the size of the cohort", where, cohort_table(results))]
        text = f"{where} An exponent of 1 is linear growth of preparing and one epoch together."
        found += [("Time against the size of the training set", text, examples_table(results))]
    return found


def _rates(results: dict[str, Any]) -> str:
    by_precision: dict[str, list[float]] = {}
    for each in results["comparisons"]:
        by_precision.setdefault(each["precision"], []).extend(each["rates"])
    parts = [
        f"{statistics.median(rates) / 1e9:,.0f} GFLOP/s in {precision}"
        for precision, rates in by_precision.items()
    ]
    return ", ".join(parts)


def heading(results: dict[str, Any]) -> list[str]:
    """Return what a reader must know first: machine, model and text, a sentence or more each."""
    machine = results["machine"]
    parts = [
        machine["gpu"],
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads",
        f"{machine['memory_bytes'] / 1e9:.0f} GB of memory",
        " ".join(machine["instruction_sets"]),
        _load(machine["load_average"]),
        ", ".join(f"{name} {version}" for name, version in machine["versions"].items()),
    ]
    texts = [
        f"{task['title']}: {task['text']}, {task['examples']} training examples of "
        f"{task['mean_length']:.0f} word pieces in the mean, batches of {task['batch_size']}, "
        f"published padding {task['max_length']}."
        for task in results["tasks"]
    ]
    return [
        f"Machine: {'; '.join(part for part in parts if part)}.",
        f"Model: {results['model']}.",
        *texts,
        *results["notes"],
    ]


def _load(average: float | None) -> str:
    return "" if average is None else f"load average {average:.1f} at the start"


def as_markdown(results: dict[str, Any]) -> str:
    """Return the whole report as Markdown, its figure beside it as ``figure.png``."""
    parts = ["# Benchmark", f"`{results['command']}`, {results['date']}"]
    parts += ["\n".join(f"- {line}" for line in heading(results))]
    for title, text, table in sections(results):
        parts += [f"## {title}", text, markdown(table).rstrip()]
    if any(results[name] for name in ("comparisons", "precision", "scaling")):
        parts += ["![The same as a picture](figure.png)"]
    return "\n\n".join(parts) + "\n"


def as_text(results: dict[str, Any]) -> str:
    """Return the whole report for a terminal."""
    parts = ["\n".join(heading(results))]
    for title, text, table in sections(results):
        parts += [f"{title}\n{text}\n\n{aligned(table, WIDTH)}"]
    return "\n\n".join(parts)
