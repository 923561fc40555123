"""What a declared study will take: runs, time and disk of each stage, before it trains."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.analysis.power import POWER, smallest_detectable
from workbench.execution.estimate import Estimate, estimate
from workbench.execution.progress import clock
from workbench.protocol.deciding import (
    families,
    number_of_contrasts,
    paired_arms,
    undecidable,
    units,
)
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


def told(prices: Sequence[Price], declaration: Declaration, settled: bool) -> str:
    """Return what the stages will take, in a few lines.

    Parameters
    ----------
    prices
        Of the stages that there are, in their order.
    declaration
        Of the study.
    settled
        Whether tuning has chosen the candidates that are to be reported.
    """
    lines = [each.line() for each in prices if each.runs]
    sweeps = [sweep for each in prices for sweep in each.sweeps]
    if not any(sweep.runs for sweep in sweeps):
        return "\n".join([*lines, "Nothing to train."])
    if not settled:
        lines[-1] += ", planned with each arm's first candidate"
    if declaration.seeds == AUTO:
        lines[-1] += "; that is the first round, and others follow until all is decided"
    seconds = clock(sum(each.seconds for each in prices))
    # Of several models, the one whose rate is known least tells how good the estimate is.
    source = max((sweep.source for sweep in sweeps), key=len)
    return "\n".join(
        [
            *lines,
            f"Time: about {seconds} by {_workers(sweeps)}, {source}",
            f"Memory: about {max(sweep.memory for sweep in sweeps) / 1e9:.1f} GB a worker at its "
            "peak",
            f"Disk: about {sum(sweep.kept for sweep in sweeps) / 1e6:,.1f} MB, and up to "
            f"{max(sweep.passing for sweep in sweeps) / 1e6:,.1f} MB for checkpoints until it ends",
            *_allowed(declaration),
        ]
    )


def detectable(declaration: Declaration) -> str:
    """Say what differences the declared seeds can find, before anything is known of their spread.

    Each contrast is tested at its share of the declared error (Bonferroni), by a paired t-test.
    """
    compared = [each for each in families(declaration) if paired_arms(declaration, each)]
    if not compared:
        return ""
    if reason := undecidable(declaration):
        return f"Too little to decide: {reason}."
    number = number_of_contrasts(declaration)
    fewest = min((units(declaration, family) for family in compared), key=len)
    smallest = smallest_detectable(len(fewest), 1.0, declaration.contrast.error / number)
    most = "at most " if declaration.seeds == AUTO else ""
    return (
        f"Detectable: {smallest:.2g} standard deviations of the paired differences, in "
        f"{POWER:.0%} of such studies, with {most}{len(fewest)} pairs and an error of "
        f"{declaration.contrast.error:g} for all contrasts together ({number})"
    )


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
    """Refuse a study that is planned to take more hours from here on than it may.

    Raises
    ------
    WorkbenchError
        With what it would take. Runs are checked when its file is read.
    """
    hours, allowed = sum(each.hours for each in prices), declaration.budget.hours
    if 0 < allowed < hours:
        raise declaration.wrong(
            f"budget.hours is {allowed:g}, but it is planned to take {hours:.2g} hours: raise it, "
            "or declare fewer seeds, candidates or sizes"
        )
