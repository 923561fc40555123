from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.training.cohort import Cohort
from workbench.training.memory import (
    batch_tokens,
    checkpoint_bytes,
    cohort_size,
    kept_bytes,
    run_bytes,
    state_bytes,
)
from workbench.training.plan import Execution
from workbench.training.workload import workload


@pytest.fixture(scope="module")
def prepared(make_prepared):
    return make_prepared()


def saved_bytes(cohort):
    """Return the bytes of all storages that autograd keeps in one step, weights left out."""
    own = {value.untyped_storage().data_ptr() for value in cohort.network.parameters()}
    kept = {}

    def keep(value):
        storage = value.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        cohort.step()
    return sum(storage.nbytes() for storage in kept.values())


@pytest.mark.parametrize("family", ["distilbert", "modernbert", "deberta-v2"])
@pytest.mark.parametrize(
    ("runs", "values"),
    [(1, {}), (1, {"precision": "bfloat16"}), (3, {}), (3, {"precision": "bfloat16"})],
)
def test_the_count_knows_each_family(family, runs, values, make_prepared, make_spec):
    prepared = make_prepared(family)
    specs = [make_spec(seed, batch_size=24, **values) for seed in range(runs)]
    assert 0.83 < counted_share(specs, prepared) < 1.2


def counted_share(specs, prepared):
    """Return what is counted for runs, by what autograd saves of them."""
    train = prepared.encoded["train"]
    execution = Execution(torch.device("cpu"))
    cohort = Cohort(specs, prepared.model, train, prepared.task.shape.objective, execution)
    tokens = int(train.lengths.sum())
    each = kept_bytes(specs[0], workload(prepared), tokens, len(specs) > 1)
    return len(specs) * each / saved_bytes(cohort)


@pytest.mark.parametrize(
    ("runs", "values"),
    [
        (1, {}),
        (1, {"techniques": "freeze:1"}),
        (1, {"precision": "bfloat16"}),
        (1, {"techniques": "r-drop"}),
        (3, {}),
        (3, {"precision": "bfloat16"}),
    ],
)
def test_the_count_is_near_what_autograd_saves(runs, values, prepared, make_spec):
    """A plan may be too careful by a fifth and too bold by a sixth: the free share covers that."""
    specs = [make_spec(seed, batch_size=24, **values) for seed in range(runs)]
    assert 0.83 < counted_share(specs, prepared) < 1.2


def held_bytes(cohort):
    """Return the most bytes of storages that autograd keeps at once in a step, weights left out."""
    own = {value.untyped_storage().data_ptr() for value in cohort.network.parameters()}
    kept, most = Counter(), [0, 0]

    class Piece:
        def __init__(self, value):
            self.value, storage = value, value.untyped_storage()
            self.key, self.size = storage.data_ptr(), storage.nbytes()
            self._count(1)

        def __del__(self):
            self._count(-1)

        def _count(self, change):
            if self.key not in own:
                before, kept[self.key] = bool(kept[self.key]), kept[self.key] + change
                most[0] += self.size * (bool(kept[self.key]) - before)
                most[1] = max(most)

    with torch.autograd.graph.saved_tensors_hooks(Piece, lambda piece: piece.value):
        cohort.step()
    return most[1]


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize(
    "techniques", ["smooth", "freeze:1+smooth", "freeze:2+smooth", "freeze:2+r-drop+smooth"]
)
def test_a_search_through_frozen_blocks_is_counted(runs, techniques, prepared, make_spec):
    specs = [make_spec(seed, techniques, batch_size=24) for seed in range(runs)]
    train = prepared.encoded["train"]
    execution = Execution(torch.device("cpu"))
    cohort = Cohort(specs, prepared.model, train, prepared.task.shape.objective, execution)
    tokens = int(train.lengths.sum())
    each = kept_bytes(specs[0], workload(prepared), tokens, runs > 1)
    assert 0.83 < runs * each / held_bytes(cohort) < 1.2


def test_the_state_by_hand(prepared, make_spec):
    shared = replace(workload(prepared), parameters=(1000, 10, 10, 10, 1))
    assert state_bytes(make_spec(), shared) == 16 * 1031
    assert checkpoint_bytes(make_spec(), shared) == 12 * 1031
    assert state_bytes(make_spec(techniques="freeze:1"), shared) == 4 * 1010 + 16 * 21
    assert state_bytes(make_spec(reporting="best-dev"), shared) == 20 * 1031
    copies = {"mixout": (8, 0), "pretrained-decay": (4, 0), "average": (4, 4), "r-drop": (0, 0)}
    for technique, (held, saved) in copies.items():
        spec = make_spec(techniques=technique)
        assert state_bytes(spec, shared) == (16 + held) * 1031
        assert checkpoint_bytes(spec, shared) == (12 + saved) * 1031
    # Each of two passes has weights in use for itself; what is frozen is mixed like all others.
    for technique in ("r-drop+mixout", "smooth+mixout"):
        assert state_bytes(make_spec(techniques=technique), shared) == (16 + 12) * 1031
    frozen = make_spec(techniques="freeze:1+mixout")
    assert state_bytes(frozen, shared) == 4 * 1000 + (4 + 8) * 10 + (16 + 8) * 21
    # Most trains at the end, after two epochs: the head, then the highest block too.
    spec = make_spec(techniques="unfreeze")
    assert state_bytes(spec, shared) == 4 * 1020 + 16 * 11


def test_smaller_passes_need_less(prepared, make_spec):
    shared = workload(prepared)

    def needed(micro_batch, evaluation_tokens):
        execution = Execution(torch.device("cpu"), micro_batch, evaluation_tokens)
        return run_bytes(make_spec(batch_size=16), shared, execution)

    assert needed(1, 64) < needed(4, 64) < needed(0, 64)
    assert needed(1, 64) < needed(1, 512) < needed(1, 1024)


def test_tokens_of_a_batch():
    assert batch_tokens(np.array([5, 5, 5, 5]), 2) == 10
    # 4 * 2.5 + 3 * sqrt(1.25) * 2 = 16.7, but no four examples hold more than 10.
    assert batch_tokens(np.array([1, 2, 3, 4]), 4) == 10
    assert batch_tokens(np.repeat([1, 3], 50), 16) == 16 * 2 + 3 * 4


@pytest.mark.parametrize(
    ("run", "free", "expected"),
    [(85, 100, 1), (86, 100, 1), (42, 100, 2), (1, 10_000, 16), (5, 0, 1), (17, 100, 5)],
)
def test_how_many_runs_fit(run, free, expected):
    assert cohort_size(run, free) == expected
