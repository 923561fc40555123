"""Turns what was measured into tables; every number here is computed from `results.json` alone.

Seconds of a step are medians over rounds, ratios medians of the rounds' ratios.
"""

import math
import statistics
from collections.abc import Sequence
from typing import Any

import pandas as pd

from workbench.analysis import spread
from workbench.analysis.summary import aligned, markdown, metric_title
from workbench.benchmark.job import CACHED, CONTESTANTS, ENGINE, PUBLISHED, TUNED

WIDTH = 150
"""Characters of a line in the terminal."""

_EMPTY = ""


def median_of(values: Sequence[float | None]) -> float | None:
    """Return the median of what is there, None of nothing."""
    found = [value for value in values if value is not None]
    return statistics.median(found) if found else None


def median_ratio(
    over: Sequence[float | None], under: Sequence[float | None], factor: float = 1.0
) -> float | None:
    """Return the median, over the rounds that have both, of ``factor * over / under``.

    Examples
    --------
    >>> median_ratio([4.0, 9.0, None], [2.0, 3.0, 1.0])
    2.5
    """
    pairs = zip(over, under, strict=True)
    return median_of([None if a is None or b is None else factor * a / b for a, b in pairs])


def find(comparison: dict[str, Any], contestant: str, runs: int = 1) -> dict[str, Any] | None:
    """Return what was measured of one process of a contestant, None where nothing was."""
    for measured in comparison["contestants"]:
        if (measured["contestant"], measured["runs"], measured["workers"]) == (contestant, runs, 1):
            return measured
    return None


def engine_for(comparison: dict[str, Any], seeds: int) -> tuple[dict[str, Any], int, str] | None:
    """Return how the engine trains a number of seeds.

    Returns
    -------
    tuple
        What was measured, how many of its turns train one step of every seed, and the way in words;
        None where nothing fits. Cohorts and workers side by side are measured whole for one turn,
        and the seeds take as many turns as are needed: of the ways that were measured, the one that
        takes the least time; where all failed, the first of them.
    """
    ways = [
        (measured, *_turns(measured, seeds))
        for measured in comparison["contestants"]
        if measured["contestant"] == ENGINE
        and (measured["runs"] * measured["workers"] <= seeds or measured["workers"] > 1 < seeds)
    ]
    return min(ways, key=_time, default=None)


def _turns(measured: dict[str, Any], seeds: int) -> tuple[int, str]:
    """Return how many turns train all seeds, and the way in words."""
    runs, workers = measured["runs"], measured["workers"]
    turns = math.ceil(seeds / (runs * workers))
    if workers > 1:
        return turns, f"{workers} workers side by side, {turns} turns"
    if runs > 1:
        return turns, f"{'one cohort' if turns == 1 else f'{turns} cohorts'} of {runs}"
    return turns, "alone" if seeds == 1 else "one after another"


def _time(way: tuple[dict[str, Any], int, str]) -> float:
    step = median_of(way[0]["seconds"])
    return math.inf if step is None else way[1] * step


def lone_table(results: dict[str, Any]) -> pd.DataFrame:
    """Return the table of one seed: a row for each comparison and contestant."""
    rows = [
        _lone_row(results, comparison, measured)
        for comparison in results["comparisons"]
        for measured in comparison["contestants"]
        if measured["runs"] == measured["workers"] == 1
    ]
    return pd.DataFrame(rows)


def _lone_row(
    results: dict[str, Any], comparison: dict[str, Any], measured: dict[str, Any]
) -> dict[str, str]:
    engine = find(comparison, ENGINE)
    step = median_of(measured["seconds"])
    head = key_of(comparison) | {"contestant": measured["contestant"]}
    if step is None:
        return head | dict.fromkeys(_LONE, _EMPTY) | {"note": measured["problem"]}
    ours = engine["seconds"] if engine else []
    ratio = median_ratio(measured["seconds"], ours) if ours else None
    values = (
        _seconds(step),
        _seconds(step * comparison["steps_per_epoch"]),
        _number(comparison["examples_per_step"] / step),
        _number(comparison["tokens_per_step"] / step),
        _percent(share(comparison, measured)),
        _gigabytes(measured["memory"]),
        _ratio(ratio),
    )
    note = measured["problem"] or _note(measured, step)
    return head | dict(zip(_LONE, values, strict=True)) | {"note": note}


_LONE = (
    "s/step",
    "s/epoch",
    "examples/s",
    "real tokens/s",
    "of matrix rate",
    "peak GB",
    "times the engine's time",
)


def _note(measured: dict[str, Any], step: float) -> str:
    return f"first turn {measured['first']:.1f} s" if measured["first"] else _EMPTY


def share(
    comparison: dict[str, Any], measured: dict[str, Any], seeds: int = 1, turns: int = 1
) -> float | None:
    """Return the part of the matrix-product rate that useful operations of real tokens reach.

    Parameters
    ----------
    comparison, measured
        Of the results.
    seeds
        Whose steps were trained.
    turns
        That it took.
    """
    cached = "cached_" if measured["contestant"] == CACHED else ""
    operations = comparison[f"{cached}operations_per_step"] * seeds / turns
    products = [
        None if seconds is None else seconds * rate
        for seconds, rate in zip(measured["seconds"], comparison["rates"], strict=True)
    ]
    return median_of([None if product is None else operations / product for product in products])


def seeds_table(results: dict[str, Any]) -> pd.DataFrame:
    """Return the table of several seeds: a row for each comparison and number of seeds."""
    rows = [
        _seeds_row(results, comparison, seeds)
        for comparison in results["comparisons"]
        for seeds in results["seeds"]
    ]
    return pd.DataFrame(rows)


def _seeds_row(results: dict[str, Any], comparison: dict[str, Any], seeds: int) -> dict[str, str]:
    head = key_of(comparison) | {"seeds": str(seeds)}
    found = engine_for(comparison, seeds)
    ours = [None] * len(comparison["rates"]) if found is None else found[0]["seconds"]
    measured, turns, way = found or ({}, 1, _EMPTY)
    step = median_of(ours)
    row = head | {
        "engine's way": measured.get("problem") or way,
        "s/epoch of all": _seconds(step and turns * step * comparison["steps_per_epoch"]),
        "examples/s": _number(step and comparison["examples_per_step"] * seeds / (turns * step)),
        "real tokens/s": _number(step and comparison["tokens_per_step"] * seeds / (turns * step)),
        "of matrix rate": _percent(share(comparison, measured, seeds, turns) if step else None),
        "peak GB": _gigabytes(measured.get("memory")),
    }
    for name in (PUBLISHED, TUNED):
        row[f"{name} / engine"] = _ratio(seeds_ratio(comparison, name, seeds))
    if len({each["precision"] for each in results["comparisons"]}) > 1:
        row["float32 published / engine"] = _ratio(_across(results, comparison, seeds))
    return row


def seeds_ratio(comparison: dict[str, Any], contestant: str, seeds: int) -> float | None:
    """Return how many times longer a peer takes for all seeds, one after another, than the engine.

    The peer's time is its measured time for one seed times the number of seeds.
    """
    peer, found = find(comparison, contestant), engine_for(comparison, seeds)
    if peer is None or found is None:
        return None
    measured, turns, _ = found
    return median_ratio(peer["seconds"], measured["seconds"], seeds / turns)


def _across(results: dict[str, Any], comparison: dict[str, Any], seeds: int) -> float | None:
    """Return the published commands' time in float32 over the engine's; medians, not paired."""
    for other in results["comparisons"]:
        same = all(other[name] == comparison[name] for name in ("task", "technique"))
        if same and other["precision"] == "float32":
            peer, found = find(other, PUBLISHED), engine_for(comparison, seeds)
            theirs = median_of(peer["seconds"]) if peer else None
            ours = median_of(found[0]["seconds"]) if found else None
            if found and theirs and ours:
                return seeds * theirs / (found[1] * ours)
    return None


def agreement_table(results: dict[str, Any]) -> pd.DataFrame:
    """Return the table of loss curves without dropout: a row for each comparison."""
    return pd.DataFrame([_agreement_row(each) for each in results["agreements"]])


def _agreement_row(agreement: dict[str, Any]) -> dict[str, str]:
    losses = agreement["losses"].get(ENGINE, [])
    row = key_of(agreement) | {"engine's losses": " ".join(f"{loss:.5f}" for loss in losses)}
    for name in (PUBLISHED, TUNED):
        value = agreement["difference"].get(name)
        row[f"{name} differs by"] = _EMPTY if value is None else f"{value:.1e}"
    verdict = {True: "yes", False: "NO", None: "not compared"}[agreement["agree"]]
    problems = "; ".join(f"{name}: {text}" for name, text in agreement["problems"].items())
    return row | {"agree": f"{verdict} (within {agreement['tolerance']:g})", "note": problems}


def cohort_table(results: dict[str, Any]) -> pd.DataFrame:
    """Return the table of time per run against the size of the cohort."""
    return pd.DataFrame(
        [
            {
                "runs in the cohort": str(each["runs"]),
                "s/step": _seconds(each["seconds_per_step"]),
                "s/step and run": _seconds(each["seconds_per_run"]),
                "peak GB": _gigabytes(each["memory"]),
                "note": each["problem"],
            }
            for each in results["scaling"]["cohorts"]
        ]
    )


def examples_table(results: dict[str, Any]) -> pd.DataFrame:
    """Return the table of time per run against the size of the training set."""
    return pd.DataFrame(
        [
            {
                "training examples": str(each["examples"]),
                "s to prepare": _seconds(each["prepare_seconds"]),
                "s/step": _seconds(each["seconds_per_step"]),
                "s/epoch": _seconds(each["seconds_per_epoch"]),
                "exponent of growth": _EMPTY if each["growth"] is None else f"{each['growth']:.2f}",
                "peak GB": _gigabytes(each["memory"]),
                "note": each["problem"],
            }
            for each in results["scaling"]["examples"]
        ]
    )


def precision_text(results: dict[str, Any]) -> str:
    """Say what was trained in every precision."""
    found = results["precision"]
    weights = (
        " The model's weights are random: its scores say little, and how they differ says no more."
        if results["random_weights"]
        else ""
    )
    return (
        f"{found['title']} ({found['text']}), {found['steps']} steps, the same {found['seeds']} "
        "seeds in each precision, scores on the test split. The loss is the mean over a run's last "
        "epoch. The differences to float32 are paired by seed; intervals are Student's, 95%, not "
        f"adjusted for several comparisons.{weights}"
    )


def precision_table(results: dict[str, Any]) -> pd.DataFrame:
    """Return the table of precisions: a row for each, compared with float32."""
    found = results["precision"]
    full, title = found["precisions"][0], metric_title(found["metric"])
    return pd.DataFrame([_precision_row(each, full, title) for each in found["precisions"]])


def _precision_row(each: dict[str, Any], full: dict[str, Any], title: str) -> dict[str, str]:
    scores, losses = difference(each, full, "scores"), difference(each, full, "losses")
    compared = each is not full
    repeated = each["repeated"]
    return {
        "precision": each["precision"],
        "runs": str(len(each["scores"])),
        title: _hundredfold(spread.mean(each["scores"])),
        "sd": _hundredfold(spread.sd(each["scores"])),
        "difference [95%]": _with_interval(scores, 100) if compared else _EMPTY,
        "zero inside": _zero_inside(scores) if compared else _EMPTY,
        "final loss": _significant(spread.mean(each["losses"])),
        "its sd": _significant(spread.sd(each["losses"])),
        "its difference [95%]": _with_interval(losses, 1) if compared else _EMPTY,
        "zero inside it": _zero_inside(losses) if compared else _EMPTY,
        "steps repeated a run": f"{statistics.mean(repeated):.1f}" if repeated else _EMPTY,
        "cohorts of": str(each["cohort"]),
        "s": _seconds(each["seconds"]),
    }


def difference(each: dict[str, Any], full: dict[str, Any], kind: str) -> spread.Difference:
    """Return the paired difference of a precision's ``scores`` or ``losses`` to float32's."""
    return spread.paired(dict(enumerate(each[kind])), dict(enumerate(full[kind])))


def _hundredfold(value: float | None) -> str:
    return _EMPTY if value is None else f"{100 * value:.2f}"


def _significant(value: float | None) -> str:
    return _EMPTY if value is None else f"{value:.3g}"


def _with_interval(found: spread.Difference, factor: float) -> str:
    interval = found.interval()
    if found.mean is None or interval is None:
        return _EMPTY
    mean, low, high = (f"{factor * value:+.2g}" for value in (found.mean, *interval))
    return f"{mean} [{low}, {high}]"


def _zero_inside(found: spread.Difference) -> str:
    interval = found.interval()
    if interval is None:
        return "unknown"
    return "yes" if interval.low <= 0 <= interval.high else "NO"


def sections(results: dict[str, Any]) -> list[tuple[str, str, pd.DataFrame]]:
    """Return title, explanation and table of every part of the report that has something."""
    contestants = "; ".join(f"{name} is {what}" for name, what in CONTESTANTS.items())
    found = []
    if results["comparisons"]:
        lone = (
            f"{contestants}. Seconds of a step are medians over {results['rounds']} paired rounds; "
            "an epoch is its steps times that. The matrix rate is what "
            f"torch.nn.functional.linear reached in the same rounds: {_rates(results)}."
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
    return _EMPTY if average is None else f"load average {average:.1f} at the start"


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


def key_of(content: dict[str, Any]) -> dict[str, str]:
    """Return what tells a comparison from the others."""
    return {name: content[name] for name in ("task", "technique", "precision")}


def _seconds(value: float | None) -> str:
    return _EMPTY if value is None else f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _number(value: float | None) -> str:
    return _EMPTY if value is None else f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _percent(value: float | None) -> str:
    return _EMPTY if value is None else f"{value:.0%}"


def _gigabytes(value: float | None) -> str:
    return _EMPTY if value is None else f"{value / 1e9:.2f}"


def _ratio(value: float | None) -> str:
    return _EMPTY if value is None else f"{value:.2f}"
