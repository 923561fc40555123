import pytest
import torch

from workbench.execution import estimate as module
from workbench.execution.estimate import estimate, makespan
from workbench.execution.speed import Rate
from workbench.execution.worker import Worker
from workbench.training.plan import Execution
from workbench.training.trainer import Stopped
from workbench.training.workload import measure_all


@pytest.fixture
def steady(monkeypatch):
    """Let this machine compute a million operations a second, and workers start in 2 seconds."""
    monkeypatch.setattr(module, "rate_from", lambda *_: Rate(1e6, "as was agreed"))
    monkeypatch.setattr(module, "_STARTUP_SECONDS", 2.0)
    monkeypatch.setattr(module, "worker_count", lambda device, missing, asked: min(missing, 2))


@pytest.mark.parametrize(
    ("seconds", "workers", "expected"),
    [([], 2, 0.0), ([5.0], 2, 6.0), ([1.0] * 4, 2, 3.0), ([1.0, 1.0, 5.0], 2, 7.0)],
)
def test_the_last_cohort_ends_when_its_worker_came_to_it(seconds, workers, expected):
    assert makespan(seconds, workers, startup=1.0) == expected


def test_operations_over_the_rate_is_the_time(make_study, steady):
    store, study = make_study(cohort=2)
    measured = measure_all(study.specs)
    shared = measured[study.run_ids[0]]
    found = estimate(store, study, measured)
    # Two cohorts, one for each worker; both techniques train everything.
    expected = 2.0 + shared.seconds + 2 * shared.operations(study.specs[0]) / 1e6
    assert found.seconds == pytest.approx(expected)
    assert (found.runs, found.sizes, found.workers) == (4, (2, 2), 2)
    assert found.text().splitlines()[0] == "To train: 2 cohorts of 2 runs, by 2 workers"


def test_what_is_finished_takes_no_time(make_study, steady):
    store, study = make_study(cohort=1)
    whole = estimate(store, study)
    first = Worker(store, study, Execution(torch.device("cpu")))
    first._attempt(study.cohorts[0])
    rest = estimate(store, study)
    assert (rest.runs, rest.sizes) == (3, (1, 1, 1))
    assert rest.kept == pytest.approx(whole.kept * 3 / 4)
    first.work()
    assert estimate(store, study).text() == "Nothing to train."


def test_what_is_kept_on_disk_is_about_what_was_said(make_study, steady):
    store, study = make_study(cohort=2)
    said = estimate(store, study).kept
    Worker(store, study, Execution(torch.device("cpu"))).work()
    files = [path for path in (store.root / "runs").rglob("*") if path.is_file()]
    assert said == pytest.approx(sum(path.stat().st_size for path in files), rel=0.5)


def test_a_checkpoint_takes_about_what_was_said(make_study, steady):
    store, study = make_study(cohort=2)
    said = estimate(store, study).passing
    steps = iter(range(9))
    with pytest.raises(Stopped):
        Worker(store, study, Execution(torch.device("cpu")), lambda: next(steps) > 2).work()
    [path] = (store.root / "checkpoints").iterdir()
    # Said are two workers, each with an old and a new one.
    assert path.stat().st_size == pytest.approx(said / 4, rel=0.1)


def test_a_gpu_needs_no_main_memory_in_the_plan(make_study):
    store, study = make_study(cohort=2)
    plan = module._Plan(store, study, measure_all(study.specs))
    cohort = study.specs[:2]
    on_cpu = plan.memory(cohort)
    plan.device = torch.device("cuda")
    assert 0 < plan.memory(cohort) < on_cpu - module._PROCESS_BYTES
