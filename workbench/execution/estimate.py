"""What a study will take before it runs: cohorts, time, memory and disk.

Time is operations over a rate: operations are counted for training, dev after each epoch, and test
(`Workload.operations`), the rate is this machine's (`workbench.execution.speed`).
"""

import heapq
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import torch

from workbench.execution.local import threads_per_worker, worker_count
from workbench.execution.progress import clock
from workbench.execution.speed import Computation, Rate, computations, measured_rate, rate_from
from workbench.saved.place import groups
from workbench.saved.size import model_bytes
from workbench.spec import RunSpec
from workbench.store.folder import RunStore
from workbench.store.study import Study
from workbench.training.memory import checkpoint_bytes, run_bytes
from workbench.training.plan import Execution
from workbench.training.workload import Workload, measure_all
from workbench.wording import counted

_STARTUP_SECONDS = 1.0
"""Until a worker is there, unless some have told: it loads while the study is planned."""

_PROCESS_BYTES = 650_000_000
"""Of main memory for Python, the libraries and a small task's text (0.6 GB on Linux), and for the
copy that the network is stacked from."""

_STEP_BYTES, _EPOCH_BYTES, _RUN_BYTES, _PREDICTION_BYTES = 90, 130, 2_000, 8
"""On disk: of a step's event, an epoch's event and history, what else a run leaves; of one output
on one item, at most."""


@dataclass(frozen=True)
class Estimate:
    """What a study will take from here on.

    Attributes
    ----------
    sizes
        Runs in each cohort that has to be trained.
    runs
        That have to be trained.
    workers
        Side by side.
    seconds
        From start to end.
    source
        How the rate is known.
    memory
        Peak bytes of one worker, of main memory or of its GPU.
    kept, passing
        Bytes on disk: for good, and at most for checkpoints on the way.
    models
        Bytes on disk of the models that are saved.
    """

    runs: int
    sizes: tuple[int, ...]
    workers: int
    seconds: float
    source: str
    memory: int
    kept: int
    passing: int
    models: int = 0

    def text(self) -> str:
        """Return it in a few lines.

        Examples
        --------
        >>> print(Estimate(20, (16, 4), 1, 95.0, "as 5 runs took", 3e9, 2e6, 4e8).text())
        To train: 1 cohort of 16 runs and 1 cohort of 4 runs, by 1 worker
        Time: about 1:35, as 5 runs took
        Memory: about 3.0 GB a worker at its peak
        Disk: about 2.0 MB, and up to 400.0 MB for checkpoints until it ends
        """
        if not self.runs:
            return "Nothing to train."
        cohorts = " and ".join(
            f"{counted(number, 'cohort')} of {counted(size, 'run')}"
            for size, number in sorted(Counter(self.sizes).items(), reverse=True)
        )
        return (
            f"To train: {cohorts}, by {counted(self.workers, 'worker')}\n"
            f"Time: about {clock(self.seconds)}, {self.source}\n"
            f"Memory: about {self.memory / 1e9:.1f} GB a worker at its peak\n"
            f"Disk: about {_megabytes(self.kept)} MB, and up to {_megabytes(self.passing)} MB for "
            f"checkpoints until it ends{self._saved()}"
        )

    def _saved(self) -> str:
        return f"; {_megabytes(self.models)} MB for saved models" if self.models else ""


def estimate(
    store: RunStore, study: Study, measured: Mapping[str, Workload] | None = None
) -> Estimate:
    """Estimate what the missing runs of a study will take.

    Parameters
    ----------
    store, study
        What to run.
    measured
        By run, of the missing ones at least; None loads and encodes what they need.

    Raises
    ------
    WorkbenchError
        When something they need cannot be loaded.
    """
    missing = set(store.missing(study.run_ids))
    cohorts = [
        [study.by_id[run] for run in cohort] for cohort in study.cohorts if missing & set(cohort)
    ]
    if measured is None:
        measured = measure_all(spec for cohort in cohorts for spec in cohort)
    workers = worker_count(study.device, len(cohorts), study.settings.workers)
    plan = _Plan(store, study, measured)
    sources = [plan.rate(cohort).source for cohort in cohorts]
    return Estimate(
        runs=len(missing),
        sizes=tuple(len(cohort) for cohort in cohorts),
        workers=workers,
        seconds=makespan([plan.seconds(cohort) for cohort in cohorts], workers, plan.startup),
        # Of several models, the one whose rate is known least tells how good the estimate is.
        source=max(sources, key=len, default=""),
        memory=max((plan.memory(cohort) for cohort in cohorts), default=0),
        kept=sum(plan.kept(study.by_id[run]) for run in missing),
        passing=workers * max((plan.passing(cohort) for cohort in cohorts), default=0),
        models=sum(model_bytes(spec, measured[spec.id].outputs) for spec in _saved(study, missing)),
    )


def _saved(study: Study, missing: Collection[str]) -> list[RunSpec]:
    """Return missing runs whose models are saved; of the best, which are not known, as many."""
    if study.settings.save == "none":
        return []
    trained = [[spec for spec in group if spec.id in missing] for group in groups(study)]
    most = 1 if study.settings.save == "best" else None
    return [spec for group in trained for spec in group[:most]]


def makespan(seconds: Sequence[float], workers: int, startup: float) -> float:
    """Return when the last cohort ends, if each free worker takes the next one.

    Examples
    --------
    >>> makespan([3.0, 1.0, 1.0, 2.0], workers=2, startup=0.5)
    4.5
    """
    free = [startup] * workers
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free) if seconds else 0.0


class _Plan:
    """Costs of the cohorts of one study on this machine."""

    def __init__(self, store: RunStore, study: Study, measured: Mapping[str, Workload]):
        self.measured = measured
        self.device, self.threads = torch.device(study.device), threads_per_worker()
        self.known = computations(store, self.device, self.threads)
        self.rates: dict[tuple[int, int, str, int], Rate] = {}

    def workload(self, spec: RunSpec) -> Workload:
        return self.measured[spec.id]

    def rate(self, cohort: Sequence[RunSpec]) -> Rate:
        spec, size = cohort[0], len(cohort)
        key = (id(self.workload(spec)), spec.batch_size, spec.precision, size)
        if key not in self.rates:
            self.rates[key] = rate_from(self.known, spec, size) or measured_rate(
                spec, self.workload(spec), self.device, self.threads
            )
        return self.rates[key]

    def seconds(self, cohort: Sequence[RunSpec]) -> float:
        operations = sum(self.workload(spec).operations(spec) for spec in cohort)
        return operations / self.rate(cohort).operations

    @property
    def startup(self) -> float:
        """Until a worker is there, then what it loads and encodes."""
        distinct = {id(each): each.seconds for each in self.measured.values()}
        return _startup(self.known) + sum(distinct.values())

    def memory(self, cohort: Sequence[RunSpec]) -> int:
        execution, stacked = Execution(self.device), len(cohort) > 1
        runs = sum(run_bytes(spec, self.workload(spec), execution, stacked) for spec in cohort)
        if self.device.type == "cuda":
            return runs
        # Beside the network in training stands the one that was loaded.
        return _PROCESS_BYTES + 4 * sum(self.workload(cohort[0]).parameters) + runs

    def kept(self, spec: RunSpec) -> int:
        shared = self.workload(spec)
        planned = shared.plan(spec)
        scored = [shared.lengths[split] for split in ("dev", "test")]
        items = sum(int(each.sum()) if shared.sizes.per_token else len(each) for each in scored)
        written = planned.steps * _STEP_BYTES + planned.epochs * _EPOCH_BYTES + _RUN_BYTES
        return written + items * shared.outputs * _PREDICTION_BYTES

    def passing(self, cohort: Sequence[RunSpec]) -> int:
        # A checkpoint stands beside the one that it replaces until it is whole.
        return 2 * sum(checkpoint_bytes(spec, self.workload(spec)) for spec in cohort)


def _startup(known: Sequence[Computation]) -> float:
    times = [item.startup for item in known]
    return median(times) if times else _STARTUP_SECONDS


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.1f}"
