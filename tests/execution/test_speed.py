from types import SimpleNamespace

import pytest
import torch

from workbench.execution import speed
from workbench.execution.speed import Computation, computations, measured_rate, rate_from
from workbench.execution.timings import place
from workbench.training.workload import measure

CPU = torch.device("cpu")


def computed(task="t", model="m", precision="float32", batch_size=8, size=1, **values):
    numbers = {"operations": 100.0, "seconds": 1.0, "startup": 0.0}
    return Computation(task, model, precision, batch_size, size, **numbers | values)


def wanted(**values):
    return SimpleNamespace(task="t", model="m", precision="float32", batch_size=8, **values)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([computed(seconds=2.0), computed(seconds=4.0), computed(seconds=5.0)], 25.0),
        ([computed(), computed(task="u", seconds=9.0)], 100.0),
        ([computed(), computed(batch_size=16, seconds=9.0)], 100.0),
        ([computed(size=4, seconds=4.0), computed(size=16, seconds=9.0)], 25.0),
        ([computed(task="u", seconds=2.0), computed(model="n")], 50.0),
    ],
)
def test_the_most_like_computations_give_the_rate(others, expected):
    assert rate_from(others, wanted(), 2).operations == expected


@pytest.mark.parametrize("other", [{"model": "n"}, {"precision": "bfloat16"}])
def test_another_model_or_precision_says_nothing(other):
    assert rate_from([computed(**other)], wanted(), 1) is None


def test_where_the_rate_comes_from_is_said():
    runs = [computed(size=3), computed(size=3)]
    assert rate_from(runs, wanted(), 3).source == "as 6 finished runs of m on t took here"
    assert "on another task" in rate_from([computed(task="u")], wanted(), 3).source


@pytest.fixture
def finished(make_study):
    """Return a function that puts finished runs with timings into a store."""
    store, study = make_study()

    def make(*changes):
        for spec, change in zip(study.specs, changes, strict=False):
            store.begin(spec)
            known = {"cohort": [spec.id], "first_step": 0, "operations": 60.0, "threads": 1}
            known |= {"seconds": 5.0, "preparation": 2.0, "startup": 4.0} | place(CPU)
            store.finish(spec, {}, {}, known | change)
        return store

    return make


def test_computations_are_read_from_the_timings(finished):
    [found] = computations(finished({}), CPU, 1)
    assert (found.operations, found.seconds, found.startup, found.size) == (60.0, 3.0, 4.0, 1)


def test_a_cohort_counts_once(finished):
    assert len(computations(finished({"cohort": ["a", "b"]}, {"cohort": ["a", "b"]}), CPU, 1)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"threads": 2},
        {"host": "elsewhere"},
        {"device": "H100"},
        {"first_step": 3},
        {"operations": 0},
    ],
)
def test_what_tells_nothing_of_this_machine_is_left_out(other, finished):
    assert computations(finished(other), CPU, 1) == []


def test_the_measured_rate_is_that_of_a_worker(make_study, monkeypatch):
    _, study = make_study()
    monkeypatch.setattr(speed, "_product_rate", lambda *_: float(torch.get_num_threads()) * 10)
    before = torch.get_num_threads()
    found = measured_rate(study.specs[0], measure(study.specs[0]), CPU, threads=3)
    assert found.operations == pytest.approx(0.75 * 30)
    assert "a first guess" in found.source and torch.get_num_threads() == before


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_products_are_measured(precision, make_study, monkeypatch):
    monkeypatch.setattr(speed, "_MEASURE_SECONDS", 0.01)
    _, study = make_study(precision=precision)
    assert measured_rate(study.specs[0], measure(study.specs[0]), CPU, 1).operations > 0
