import numpy as np
import pytest
import torch

from workbench.benchmark.comparison import effort
from workbench.benchmark.job import CACHED, ENGINE, PUBLISHED, TUNED
from workbench.training.operations import Dimensions, training_operations

SIZES = Dimensions(layers=2, hidden=32, intermediate=48, per_token=False)


@pytest.mark.parametrize("size", [16, 64, 2000])
def test_a_turn_is_whole_passes_over_the_sample(make_comparison, size):
    work = make_comparison(f"miniature-document:size={size}").work
    for device in ("cpu", "cuda"):
        found = effort(work, torch.device(device))
        assert 1 <= found.batches <= len(work.train) // work.batch_size
        assert found.steps % found.batches == 0 and found.published_steps >= 1


@pytest.mark.parametrize(
    ("technique", "frozen"),
    [("baseline", -1), ("freeze", 1)],
)
def test_the_facts_of_a_step(make_comparison, technique, frozen):
    comparison = make_comparison(technique=technique)
    lengths = comparison.work.train.lengths[comparison.batches]
    assert comparison.facts == {
        "examples_per_step": 8.0,
        "tokens_per_step": lengths.sum() / len(lengths),
        "operations_per_step": training_operations(SIZES, lengths.ravel(), frozen) / len(lengths),
        "cached_operations_per_step": training_operations(SIZES, lengths.ravel(), frozen, True)
        / len(lengths),
        "steps_per_epoch": 8.0,
    }


def test_every_contestant_gets_the_same_examples(make_comparison):
    comparison = make_comparison()
    lengths = [
        np.sort(comparison.job(name).train.lengths).tolist() for name in (PUBLISHED, TUNED, ENGINE)
    ]
    assert lengths[0] == lengths[1] == lengths[2]


def test_a_run_is_as_long_as_a_real_one_or_as_the_turns(make_comparison):
    short, long = make_comparison(rounds=1), make_comparison(rounds=100)
    real = short.work.epochs * short.work.steps_per_epoch
    assert real <= short.spec().epochs * short.effort.batches < real + short.effort.batches
    assert long.spec().epochs * long.effort.batches >= 100 * long.effort.steps


def test_seeds_are_workers_on_a_processor_and_cohorts_on_a_gpu(make_comparison, monkeypatch):
    monkeypatch.setattr("workbench.execution.local.cores", lambda: 2)
    monkeypatch.setattr("workbench.benchmark.comparison.free_memory", lambda device: 80e9)
    ways = make_comparison(seeds=(1, 5)).engines()
    assert [(len(jobs), len(jobs[0].specs), jobs[0].threads) for jobs in ways] == [
        (1, 1, 0),
        (2, 1, 1),
    ]
    ways = make_comparison(seeds=(1, 5, 20), device=torch.device("cuda")).engines()
    # A cohort has at most 16 runs: twenty seeds are two of ten.
    assert [[len(job.specs) for job in jobs] for jobs in ways] == [[1], [5], [10]]
    assert len({spec.order_seed for spec in ways[1][0].specs}) == 5


@pytest.mark.parametrize(
    ("free", "rests", "lasts"), [(80e9, False, True), (2.6e9, True, True), (1e9, True, False)]
)
def test_memory_decides_who_stays_in_it(make_comparison, monkeypatch, free, rests, lasts):
    monkeypatch.setattr("workbench.benchmark.comparison.free_memory", lambda device: free)
    monkeypatch.setattr("workbench.execution.local.cores", lambda: 2)
    entrants = make_comparison().entrants()
    assert {(entrant.rests, entrant.lasts) for entrant in entrants} == {(rests, lasts)}


def test_what_is_foretold_grows_with_the_work(make_comparison, monkeypatch):
    monkeypatch.setattr("workbench.execution.local.cores", lambda: 2)
    comparison = make_comparison()
    slow, fast = comparison.foretell(1e7), comparison.foretell(1e12)
    assert set(slow) == {"agreement", "start", "round"}
    assert all(slow[name] > fast[name] > 0 for name in slow)
    monkeypatch.setattr("workbench.benchmark.comparison.free_memory", lambda device: 0)
    # Four contestants start anew in every round.
    assert make_comparison().foretell(1e12)["round"] > fast["round"] + 4 * 4


def test_everything_is_measured_in_every_round(make_comparison, monkeypatch):
    monkeypatch.setattr("workbench.benchmark.machine.MatrixProducts.rate", lambda _: 1e9)
    monkeypatch.setattr("workbench.execution.local.cores", lambda: 2)
    told = []
    found = make_comparison(rounds=2).measure(told.append)
    assert told == [0, 1, 2] and found["rates"] == [1e9, 1e9]
    kinds = [(each["contestant"], each["workers"]) for each in found["contestants"]]
    assert kinds == [(PUBLISHED, 1), (TUNED, 1), (ENGINE, 1), (ENGINE, 2)]
    for each in found["contestants"]:
        assert each["problem"] == "" and len(each["seconds"]) == 2
        assert min(each["seconds"]) > 0 and each["memory"] > 0


def test_cached_activations_compete_where_half_is_frozen(make_comparison):
    for technique, expected in (("baseline", []), ("freeze", [CACHED])):
        jobs = [jobs[0] for jobs in make_comparison(technique=technique).engines()]
        cached = [job for job in jobs if job.contestant == CACHED]
        assert [job.contestant for job in cached] == expected
        for job in cached:
            assert dict(job.specs[0].techniques)["freeze"][0] == ("activations", "cached")
