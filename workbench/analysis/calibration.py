"""How often every test that a verdict rests on errs, and every interval covers, as a table.

A test must reject seldom where nothing but chance tells two arms apart, an interval must hold what
is true. What does not is named, never left out.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from workbench.analysis.arms import SHAPES, Arms, Sample, draw
from workbench.analysis.calibrated import AGAINST, ITEM_SD, ITEMS, METHODS, Method
from workbench.analysis.summary import aligned, percent
from workbench.errors import WorkbenchError

SIMULATIONS = 2000

SEEDS = (5, 10, 20)

COLLAPSE = 0.1
"""Probability that a run collapses, in the cells with collapsed runs."""

CORRELATION = 0.5
"""Of the scores of one seed, in the cells where they go together."""

MOST_REJECTED, LEAST_REJECTED = 0.065, 0.035
"""Share in which a verdict's test may reject exchangeable arms, and should for normal scores of 10
and more seeds: one that rejects less gives power away."""

LEAST_COVERED = 0.93
"""Share in which a verdict's interval must hold the truth where it is offered."""

MARKED = 0.9
"""Intervals that cover less are marked, whatever they are for."""

NOT_OFFERED = "\N{EN DASH}"

Progress = Callable[[str], None]


def cells() -> list[Arms]:
    """Return the exchangeable arms of the table, in its order."""
    chances = itertools.product(SHAPES, (0.0, COLLAPSE), (0.0, CORRELATION), SEEDS)
    return [Arms(seeds, shape, *rates) for shape, *rates, seeds in chances]


def outside() -> list[Arms]:
    """Return arms that are not exchangeable: one collapses now and then, its baseline never."""
    return [Arms(seeds, collapse=COLLAPSE, baseline_collapse=0.0) for seeds in SEEDS]


def calibrate(
    simulations: int = SIMULATIONS,
    arms: Sequence[Arms] | None = None,
    methods: Sequence[Method] = METHODS,
    progress: Progress = lambda text: None,
) -> pd.DataFrame:
    """Try every method on exchangeable arms, and on arms that differ.

    Parameters
    ----------
    simulations
        Samples of each cell.
    arms
        By default `cells` and `outside`.
    methods
        What is tried.
    progress
        Told what is being done.

    Returns
    -------
    pandas.DataFrame
        One row a method and cell: ``interval test seeds scores collapse baseline_collapse
        correlation simulations offered covers rejects power against mark``. ``covers`` is the share
        that holds the truth, of the samples to which an interval is ``offered`` (is finite);
        ``rejects`` that which excludes it, of all; ``power`` the share that excludes it where
        ``against`` is true instead. ``mark`` says which bar is missed.

    Raises
    ------
    WorkbenchError
        When there are no simulations.
    """
    if simulations < 1:
        raise WorkbenchError(f"{simulations} simulations show nothing: choose 1 or more")
    chosen, rows = arms or [*cells(), *outside()], []
    for place, cell in enumerate(chosen, 1):
        progress(f"Simulating: {_words(cell)} ({place} of {len(chosen)})")
        rows += list(_rows(cell, place, simulations, methods))
    order = [method.name for method in methods]
    return pd.DataFrame(rows).sort_values(
        "interval", key=lambda names: names.map(order.index), kind="stable", ignore_index=True
    )


def _words(cell: Arms) -> str:
    fallen = " and ".join(f"{rate:.0%}" for rate in dict.fromkeys(cell.collapses)) + " collapsed"
    return f"{cell.seeds} seeds, {cell.shape}, {fallen}, correlation {cell.correlation:g}"


def _rows(
    cell: Arms, place: int, simulations: int, methods: Sequence[Method]
) -> Iterator[dict[str, Any]]:
    equal = draw(cell, simulations, seed=2 * place)
    others: dict[str, Sample] = {}
    for method in methods:
        if cell.correlation and not method.correlated:
            continue
        words, changed = AGAINST[method.against]
        if method.against not in others:
            others[method.against] = draw(changed(cell), simulations, seed=2 * place + 1)
        found = _rates(method, cell, equal, others[method.against])
        row = {
            "interval": method.name,
            "test": method.test,
            "seeds": cell.seeds,
            "scores": cell.shape,
            "collapse": cell.collapse,
            "baseline_collapse": cell.collapses[1],
            "correlation": cell.correlation,
            "simulations": simulations,
            **found,
            "against": words,
        }
        yield row | {"mark": _mark(method, cell, found)}


def _rates(method: Method, cell: Arms, equal: Sample, other: Sample) -> dict[str, float]:
    truth = method.truth(cell)
    offered, missed = _judged(method, equal, truth)
    return {
        "offered": float(offered.mean()),
        "covers": 1 - float(missed.sum() / offered.sum()) if offered.any() else np.nan,
        "rejects": float(missed.mean()),
        "power": float(_judged(method, other, truth)[1].mean()),
    }


def _judged(method: Method, sample: Sample, value: float) -> tuple[np.ndarray, np.ndarray]:
    """Tell where an interval is offered, and where it excludes a value."""
    low, high = method.limits(sample)
    offered = np.isfinite(low) & np.isfinite(high)
    return offered, offered & ((low > value + _CLOSE) | (high < value - _CLOSE))


_CLOSE = 1e-9  # Limits closer to the truth than this are it.


def _mark(method: Method, cell: Arms, found: dict[str, float]) -> str:
    """Name the bar that a row misses, empty where it misses none."""
    due = method.of_scores and cell.seeds >= 10 and cell.shape == "normal" and not cell.collapse
    missed = {
        f"rejects more than {MOST_REJECTED:.1%}": found["rejects"] > MOST_REJECTED,
        f"rejects less than {LEAST_REJECTED:.1%}": due and found["rejects"] < LEAST_REJECTED,
        f"covers less than {LEAST_COVERED:.0%}": found["covers"] < LEAST_COVERED,
    }
    if method.test and cell.collapses[0] == cell.collapses[1]:
        return "; ".join(words for words, is_missed in missed.items() if is_missed)
    return f"covers less than {MARKED:.0%}" if found["covers"] < MARKED else ""


def report(table: pd.DataFrame) -> str:
    """Write what `calibrate` returned for a terminal, and say which bars are missed."""
    equal = table["collapse"].eq(table["baseline_collapse"])
    tests, shown = table[table["test"].ne("") & equal], table[table["test"].eq("") & equal]
    parts = [
        _ABOUT.format(
            simulations=table["simulations"].max(),
            collapse=COLLAPSE,
            items=ITEMS,
            item_sd=ITEM_SD,
        ),
        "Tests of verdicts: % that reject exchangeable arms (5 may), and % that find a difference:",
        aligned(_printed(tests, "test", "rejects")),
        "Intervals of verdicts: % that hold the truth, where they are offered (95 should):",
        aligned(_printed(tests, "interval", "covers")),
        "Intervals that are shown, of which no verdict is read off; * covers less than 90%:",
        aligned(_printed(shown, "interval", "covers")),
        _OUTSIDE.format(collapse=COLLAPSE),
        aligned(_printed(table[~equal & table["test"].ne("")], "interval", "covers")),
        _differences(table),
        _missed(tests),
    ]
    return "\n".join(parts)


_ABOUT = """\
{simulations} simulations a cell of exchangeable arms; in some, {collapse:.0%} of all runs collapse.
The numbers before the colons are seeds; a dash is where so few seeds offer no interval.
Heavy tails are Student's t with 3 degrees of freedom; correlation is that of the scores of a seed.
Items: {items} in a test set; from one to the next a difference moves by {item_sd} sd of the scores.
"""


_OUTSIDE = """\
Outside of what the tests assume: {collapse:.0%} of the runs of one arm collapse, none of the other.
Few seeds need not show that, so look at the collapsed runs too. % that hold the truth:"""


def _printed(table: pd.DataFrame, name: str, rate: str) -> pd.DataFrame:
    """Put the cells of one method beside each other, by their numbers of seeds."""
    keys = [name, "scores", "collapse", "correlation"]
    rows = []
    for values, group in table.groupby(keys, sort=False):
        row = dict(zip(keys, map(_cell, values), strict=True))
        for line in group.sort_values("seeds").to_dict("records"):
            row[f"{line['seeds']}: {rate}"] = _share(line, rate)
            if rate == "rejects" or not line["test"]:
                row[f"{line['seeds']}: power"] = (
                    percent(line["power"]) if line["offered"] else "0.0"
                )
        rows.append(row)
    return pd.DataFrame(rows)


def _cell(value: object) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _share(line: dict, rate: str) -> str:
    if rate == "covers" and not line["offered"]:
        return NOT_OFFERED
    mark = "*" if line["covers"] < MARKED and rate == "covers" else ""
    return f"{percent(line[rate])}{mark}"


def _differences(table: pd.DataFrame) -> str:
    """Say what each power is against."""
    found = table.groupby("against", sort=False)["interval"].unique()
    lines = [f"  {words}:\n    {', '.join(names)}" for words, names in found.items()]
    return "\n".join(["Power is against", *lines, ""])


def _missed(table: pd.DataFrame) -> str:
    """Say which rows of verdicts miss a bar."""
    marked = table[table["mark"].ne("")]
    bars = (
        f"at most {MOST_REJECTED:.1%} rejected,\nat least {LEAST_REJECTED:.1%} for normal scores "
        "(not counts of collapsed runs) of 10 and more seeds,\n"
        f"at least {LEAST_COVERED:.0%} covered where offered"
    )
    if marked.empty:
        return f"Every test and interval of a verdict keeps to its bars: {bars}."
    lines = [
        f"  {row['test']}: {_words(_arms(row))}:\n    {row['mark']}"
        for row in marked.to_dict("records")
    ]
    return "\n".join([f"Bars that are missed, which are {bars}:", *lines])


def _arms(row: dict) -> Arms:
    return Arms(row["seeds"], row["scores"], row["collapse"], row["correlation"])
