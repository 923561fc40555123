"""The tables of a benchmark; every number here is computed from `results.json` alone."""

import statistics
from typing import Any

import pandas as pd

from workbench.analysis import spread
from workbench.analysis.summary import metric_title
from workbench.benchmark.job import ENGINE, PUBLISHED, TUNED
from workbench.benchmark.ratios import (
    across,
    difference,
    engine_for,
    find,
    median_of,
    median_ratio,
    seeds_ratio,
    share,
)

_EMPTY = ""


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
        row["float32 published / engine"] = _ratio(across(results, comparison, seeds))
    return row


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
