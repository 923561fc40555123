"""Memory that runs out: less at once from the last checkpoint on, the same results."""

import numpy as np
import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.execution import worker
from workbench.execution.shortage import out_of_memory, reduce, reduction_after
from workbench.execution.worker import Worker
from workbench.store import checkpoints
from workbench.store.events import read_events
from workbench.store.reductions import Reduction, cohort_id, parts
from workbench.training.cohort import Cohort
from workbench.training.plan import Execution

CPU = Execution(torch.device("cpu"))
KILLED = -9


def work(store, study, execution=CPU):
    # An interval below zero: a checkpoint after every step.
    return Worker(store, study, execution, interval=-1.0).work()


def test_what_counts_as_a_shortage():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50)
    assert out_of_memory(caught.value)
    assert out_of_memory(MemoryError()) and out_of_memory(torch.OutOfMemoryError())
    assert out_of_memory(RuntimeError("CUDA error: out of memory"))
    assert not out_of_memory(RuntimeError("shapes do not match"))
    assert not out_of_memory(ValueError("out of memory"))


@pytest.mark.parametrize(
    ("runs", "execution", "evaluating", "expected"),
    [
        (2, {}, False, Reduction(divided=True)),
        (2, {}, True, Reduction(divided=True)),
        (1, {}, False, Reduction(micro_batch=4, evaluation_tokens=8192)),
        (1, {"micro_batch": 3}, False, Reduction(micro_batch=2, evaluation_tokens=8192)),
        (1, {"micro_batch": 20}, False, Reduction(micro_batch=4, evaluation_tokens=8192)),
        (1, {"micro_batch": 2}, True, Reduction(micro_batch=2, evaluation_tokens=4096)),
    ],
)
def test_what_is_made_smaller(runs, execution, evaluating, expected, make_study):
    _, study = make_study()
    found = reduction_after(study.specs[:runs], Execution(CPU.device, **execution), evaluating)
    assert found == expected


@pytest.mark.parametrize(
    ("execution", "evaluating"),
    [({"micro_batch": 1}, False), ({"evaluation_tokens": 512}, True)],
)
def test_a_machine_that_is_too_small_is_said(execution, evaluating, make_study):
    _, study = make_study()
    with pytest.raises(WorkbenchError, match=r"too small for .* choose a smaller model") as caught:
        reduction_after(study.specs[:1], Execution(CPU.device, **execution), evaluating)
    assert "\n" not in str(caught.value)


class Memory:
    """Lets steps of cohorts above a size fail from a step on, and counts the steps done."""

    def __init__(self, monkeypatch, largest, step=0, method="step"):
        self.largest, self.at, self.failures, self.done = largest, step, 0, []
        original, plain_step = getattr(Cohort, method), Cohort.step

        def limited(cohort, *arguments):
            size = len(cohort.specs) * (cohort.execution.micro_batch or cohort.specs[0].batch_size)
            if size > self.largest and cohort.position >= self.at:
                self.failures += 1
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return original(cohort, *arguments)

        def counted(cohort):
            found = limited(cohort) if method == "step" else plain_step(cohort)
            self.done.append((len(cohort.specs), cohort.position))
            return found

        monkeypatch.setattr(Cohort, method, limited)
        monkeypatch.setattr(Cohort, "step", counted)


def losses(store, study):
    """Return the losses of all steps and runs, after a look that each step is there once."""
    found = []
    for run in study.run_ids:
        events = [event for event in read_events(store.events_path(run))[0] if "loss" in event]
        assert [event["step"] for event in events] == list(range(1, 10))
        found += [event["loss"] for event in events]
    return np.asarray(found)


def same(one, other):
    """Compare all losses and predictions."""
    np.testing.assert_allclose(losses(*one), losses(*other), rtol=1e-5)
    for run in one[1].run_ids:
        found, expected = (store.predictions(run)["test"] for store, _ in (one, other))
        np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.fixture
def undisturbed(make_study):
    found = make_study("undisturbed", cohort=4)
    work(*found)
    return found


def test_a_cohort_is_divided_and_goes_on_from_its_checkpoint(make_study, undisturbed, monkeypatch):
    store, study = make_study("short", cohort=4)
    memory = Memory(monkeypatch, largest=16, step=4)
    assert work(store, study) == 2
    # Four steps together; the rest once in each half: nothing saved was done again.
    first, rest = [(4, step) for step in range(1, 5)], [(2, step) for step in range(5, 10)]
    assert memory.done == [*first, *rest, *rest] and memory.failures == 1
    same((store, study), undisturbed)
    assert not list((store.root / "checkpoints").iterdir())
    for run in study.run_ids:
        timings = store.timings(run)
        assert run in timings["cohort"] and len(timings["cohort"]) == 2
        assert (timings["micro_batch"], timings["first_step"]) == (8, 4)


def test_without_a_checkpoint_the_halves_start_at_the_beginning(
    make_study, undisturbed, monkeypatch
):
    store, study = make_study("short", cohort=4)
    memory = Memory(monkeypatch, largest=16)
    work(store, study)
    assert memory.done == [(2, step) for step in range(1, 10)] * 2
    same((store, study), undisturbed)


def test_halves_are_divided_again_and_lone_runs_take_fewer_examples(
    make_study, undisturbed, monkeypatch
):
    store, study = make_study("short", cohort=4)
    memory = Memory(monkeypatch, largest=4, step=2)
    assert work(store, study) == 4
    # The whole, two halves, four lone runs.
    assert memory.failures == 7
    assert [size for size, _ in memory.done] == [4] * 2 + [1] * 7 * 4
    assert parts(store, study.name, study.cohorts[0]) == [(run,) for run in study.run_ids]
    assert {store.timings(run)["micro_batch"] for run in study.run_ids} == {4}
    same((store, study), undisturbed)


def test_an_evaluation_that_does_not_fit_takes_fewer_tokens(make_study, undisturbed, monkeypatch):
    store, study = make_study("short", cohort=1)
    original = Cohort.outputs

    def limited(cohort, split, stop):
        if cohort.execution.evaluation_tokens > 2048:
            cohort.network.eval()
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return original(cohort, split, stop)

    monkeypatch.setattr(Cohort, "outputs", limited)
    work(store, study)
    timings = store.timings(study.run_ids[0])
    assert (timings["micro_batch"], timings["evaluation_tokens"]) == (8, 2048)
    same((store, study), undisturbed)


def test_a_division_is_kept_by_whoever_goes_on(make_study, undisturbed, monkeypatch):
    store, study = make_study("short", cohort=4)
    with monkeypatch.context() as patch:
        Memory(patch, largest=16, step=4)
        stop = iter(range(100))
        with pytest.raises(worker.Stopped):
            Worker(store, study, CPU, stop=lambda: next(stop) > 6, interval=-1.0).work()
    # This worker has memory for all four, yet it trains the halves that the first one began.
    assert work(store, study) == 2
    assert {len(store.timings(run)["cohort"]) for run in study.run_ids} == {2}
    same((store, study), undisturbed)


def test_other_problems_pass_through(make_study, monkeypatch):
    def fail(cohort):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(Cohort, "step", fail)
    with pytest.raises(RuntimeError, match="shapes"):
        work(*make_study())


@pytest.mark.parametrize(("point", "number"), [("divide", 1), ("divide", 2), ("divided", 1)])
def test_killed_while_a_cohort_is_divided(point, number, make_study, driver, undisturbed):
    """Kill a worker before the first half, before the second, and once the record stands."""
    store, study = make_study("killed", cohort=4)
    assert driver.run(store, study, point, number, interval=-1.0)[0] == KILLED
    divided = point == "divided"
    assert (len(parts(store, study.name, study.cohorts[0])) == 2) == divided
    assert driver.run(store, study, interval=-1.0)[0] == 0
    same((store, study), undisturbed)
    trained = {tuple(store.timings(run)["cohort"]) for run in study.run_ids}
    assert len(trained) == (2 if divided else 1)


def test_nothing_is_left_of_an_older_half(make_study, monkeypatch):
    """A half that a killed worker left must not pass for the state of a cohort without one."""
    store, study = make_study(cohort=2)
    specs = [study.by_id[run] for run in study.cohorts[0]]
    path = store.root / "checkpoints"
    path.mkdir(parents=True, exist_ok=True)
    checkpoints.save(store, cohort_id([specs[0].id]), {}, {"runs": [specs[0].id]})
    reduce(store, study.name, specs, CPU, evaluating=False)
    assert not list(path.iterdir())
