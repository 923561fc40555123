"""The pieces of a benchmark: what each takes, and where its results go."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from workbench.benchmark.comparison import Comparison, dimensions_of
from workbench.benchmark.machine import MatrixProducts
from workbench.benchmark.precision import FULL, Precisions
from workbench.benchmark.scaling import Scaling
from workbench.benchmark.settings import COMPARE, PRECISION, SCALING, Settings
from workbench.benchmark.workload import Work, load_work
from workbench.models.checkpoint import Checkpoint

Results = dict[str, Any]
"""The content of ``results.json``."""

Tell = Callable[[float, str], None]
"""Told how many of the foretold seconds are done, and in words what."""


@dataclass(frozen=True)
class Piece:
    """A piece of work that is done whole or not at all.

    Attributes
    ----------
    label
        In words.
    seconds
        Foretold.
    run
        Measures, and adds what it finds to the results.
    """

    label: str
    seconds: float
    run: Callable[[Tell], None]


def pieces(settings: Settings, checkpoint: Checkpoint, results: Results) -> Iterator[Piece]:
    """Yield the pieces of a benchmark in the order of `settings.PARTS`.

    Parameters
    ----------
    settings, checkpoint
        What and with which model.
    results
        To which the pieces add.
    """
    sizes = dimensions_of(checkpoint)
    rates = {
        precision: MatrixProducts(sizes, precision, settings.device).rate()
        for precision in dict.fromkeys((FULL, *settings.precisions))
    }
    if COMPARE in settings.parts:
        for name in settings.tasks:
            work = load_work(name, checkpoint)
            results["tasks"].append(described(work))
            for each in comparisons(settings, checkpoint, work):
                yield comparison_piece(each, rates[each.precision], results)
    if PRECISION in settings.parts:
        yield precision_piece(settings, checkpoint, rates[FULL], results)
    if SCALING in settings.parts:
        yield scaling_piece(settings, checkpoint, rates[settings.precisions[0]], results)


def comparisons(settings: Settings, checkpoint: Checkpoint, work: Work) -> Iterator[Comparison]:
    """Yield what is compared on one task."""
    for technique, precision in product(settings.techniques, settings.precisions):
        yield Comparison(
            work,
            checkpoint,
            technique,
            precision,
            settings.device,
            settings.seeds,
            settings.rounds,
            settings.compiled,
        )


def comparison_piece(comparison: Comparison, rate: float, results: Results) -> Piece:
    """Return the piece that compares losses and measures times."""
    label, foretold = ", ".join(comparison.key.values()), comparison.foretell(rate)

    def run(tell: Tell) -> None:
        results["agreements"].append(comparison.agreement())
        tell(foretold["agreement"], f"{label}: losses compared")

        def done(rounds: int) -> None:
            what = f"round {rounds}" if rounds else "all have started"
            tell(foretold["round" if rounds else "start"], f"{label}: {what}")

        results["comparisons"].append(comparison.measure(done))

    seconds = foretold["agreement"] + foretold["start"] + comparison.rounds * foretold["round"]
    return Piece(label, seconds, run)


def precision_piece(
    settings: Settings, checkpoint: Checkpoint, rate: float, results: Results
) -> Piece:
    """Return the piece that trains equal runs in several precisions."""
    precisions = Precisions(
        checkpoint,
        settings.precisions,
        settings.device,
        settings.pairs,
        settings.max_steps,
        settings.compiled,
    )
    seconds = precisions.foretell(rate)

    def run(tell: Tell) -> None:
        each = seconds / (len(precisions.order) * precisions.seeds)
        results["precision"] = precisions.measure(
            lambda text, runs: tell(runs * each, f"precision: {text}")
        )

    return Piece("precision", seconds, run)


def scaling_piece(
    settings: Settings, checkpoint: Checkpoint, rate: float, results: Results
) -> Piece:
    """Return the piece that measures how the time of a run grows."""
    scaling = Scaling(
        checkpoint,
        settings.precisions[0],
        settings.device,
        settings.rounds,
        settings.compiled,
    )
    foretold = scaling.foretell(settings.cohorts, settings.examples, rate)

    def run(tell: Tell) -> None:
        left = iter(foretold)

        def done(text: str) -> None:
            tell(next(left), f"scaling: {text}")

        results["scaling"] = {
            "precision": scaling.precision,
            "cohorts": scaling.cohorts(settings.cohorts, done),
            "examples": scaling.examples(settings.examples, done),
        }

    return Piece("scaling", sum(foretold), run)


def described(work: Work) -> dict[str, Any]:
    """Return what a reader must know of a task, as plain JSON types."""
    return {
        "name": work.name,
        "title": work.title,
        "text": work.text,
        "examples": len(work.train),
        "mean_length": float(work.train.lengths.mean()),
        "batch_size": work.batch_size,
        "max_length": work.max_length,
    }
