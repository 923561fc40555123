"""What a declared study will take: runs, time and disk of each stage, before it trains."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.execution.estimate import Estimate, estimate
from workbench.execution.progress import clock
from workbench.protocol.declaration import AUTO, Declaration
from workbench.protocol.stages import Part
from workbench.store.folder import RunStore
from workbench.training.workload import measure_all


@dataclass(frozen=True)
class Price:
    """What one stage will take from here on; its sweeps run one after another.

    Attributes
    ----------
    stage
        One of `workbench.protocol.stages.STAGES`.
    runs
        Of the stage, those that are there included.
    sweeps
        What each of its sweeps will take.
    gpus
        Whether it trains on GPUs.
    """

    stage: str
    runs: int
    sweeps: tuple[Estimate, ...]
    gpus: bool = False

    @property
    def missing(self) -> int:
        """The runs to train."""
        return sum(each.runs for each in self.sweeps)

    @property
    def seconds(self) -> float:
        """From start to end."""
        return sum(each.seconds for each in self.sweeps)

    @property
    def hours(self) -> float:
        """Hours of the machine, of each of its GPUs."""
        return sum(each.seconds * (each.workers if self.gpus else 1) for each in self.sweeps) / 3600

    def line(self) -> str:
        """Return it in one line."""
        return (
            f"{self.stage.capitalize()}: {self.runs} runs, {self.missing} of them to train, "
            f"about {clock(self.seconds)}"
        )


def price(store: RunStore, stage: str, parts: Sequence[Part]) -> Price:
    """Price a stage.

    Raises
    ------
    WorkbenchError
        When something that a run needs cannot be loaded.
    """
    studies = [part.study for part in parts]
    # Together, since sweeps of one task share what is measured.
    unfinished = [study for study in studies if store.missing(study.run_ids)]
    measured = measure_all(spec for study in unfinished for spec in study.specs)
    return Price(
        stage,
        sum(len(study.specs) for study in studies),
        tuple(estimate(store, study, measured) for study in studies),
        any(study.device.startswith("cuda") for study in studies),
    )


def told(
    least: Sequence[Price], most: Sequence[Price], declaration: Declaration, settled: bool
) -> str:
    """Return what the stages will take, in a few lines.

    Parameters
    ----------
    least, most
        Of the stages in their order; they differ where rounds of seeds go on until all is decided.
    declaration
        Of the study.
    settled
        Whether tuning has chosen the candidates that are to be reported.
    """
    rounds = declaration.seeds == AUTO
    lines = [each.line() for each in (least[:-1] if rounds else least) if each.runs]
    lines += [_line_of_rounds(least[-1], most[-1])] if rounds else []
    sweeps = [sweep for each in most for sweep in each.sweeps]
    if not any(sweep.runs for sweep in sweeps):
        return "\n".join([*lines, "Nothing to train."])
    if not settled:
        lines[-1] += ", planned with each arm's first candidate"
    # Of several models, the one whose rate is known least tells how good the estimate is.
    source = max((sweep.source for sweep in sweeps), key=len)
    return "\n".join(
        [
            *lines,
            f"Time: about {_span([least, most], _time)} by {_workers(sweeps)}, {source}",
            *([f"GPU-hours: about {_span([least, most], _hours)}"] if most[-1].gpus else []),
            f"Memory: about {max(sweep.memory for sweep in sweeps) / 1e9:.1f} GB a worker at its "
            "peak",
            f"Disk: about {sum(sweep.kept for sweep in sweeps) / 1e6:,.1f} MB, and up to "
            f"{max(sweep.passing for sweep in sweeps) / 1e6:,.1f} MB for checkpoints until it ends",
            *_allowed(declaration),
        ]
    )


def _line_of_rounds(least: Price, most: Price) -> str:
    stage = least.stage.capitalize()
    if not most.missing:
        return f"{stage}: no further round of seeds"
    return (
        f"{stage}: at least {least.missing} runs to train, about {clock(least.seconds)}, and at "
        f"most {most.missing}, about {clock(most.seconds)}, if the budget ends before all is "
        "decided"
    )


def _span(ends: Sequence[Sequence[Price]], form: Callable[[Sequence[Price]], str]) -> str:
    """Write the least and the most, once where they are the same."""
    return " to ".join(dict.fromkeys(map(form, ends)))


def _time(prices: Sequence[Price]) -> str:
    return clock(sum(each.seconds for each in prices))


def _hours(prices: Sequence[Price]) -> str:
    return f"{sum(each.hours for each in prices):.2g}"


def _workers(sweeps: Sequence[Estimate]) -> str:
    most = max(sweep.workers for sweep in sweeps)
    return "1 worker" if most == 1 else f"{most} workers"


def _allowed(declaration: Declaration) -> list[str]:
    budget = declaration.budget
    limits = [f"{budget.runs} runs"] * bool(budget.runs) + [f"{budget.hours:g} hours"] * bool(
        budget.hours
    )
    return [f"Budget: {' and '.join(limits)}"] if limits else []


def check_hours(prices: Sequence[Price], declaration: Declaration) -> None:
    """Refuse a study that may take more hours from here on than it is allowed.

    Parameters
    ----------
    prices
        Of the stages; of rounds of seeds the most that they can take.
    declaration
        Of the study.

    Raises
    ------
    WorkbenchError
        With what it would take. Runs are checked when its file is read.
    """
    hours, allowed = sum(each.hours for each in prices), declaration.budget.hours
    if 0 < allowed < hours:
        rounds = declaration.seeds == AUTO
        takes = "may come to" if rounds else "is planned to take"
        fewer = "lower budget.runs" if rounds else "declare fewer seeds, candidates or sizes"
        raise declaration.wrong(
            f"budget.hours is {allowed:g}, but it {takes} {hours:.2g} hours: raise it, or {fewer}"
        )
