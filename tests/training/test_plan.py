import pytest
import torch

from workbench.training.memory import kept_bytes, run_bytes
from workbench.training.plan import Execution, Plan, is_small
from workbench.training.workload import workload


def test_where_an_epoch_ends():
    planned = Plan(steps=7, steps_per_epoch=3)
    assert [planned.ends_epoch(step) for step in range(7)] == [
        False, False, True, False, False, True, True,
    ]  # fmt: skip
    assert planned.epochs == 3


@pytest.mark.parametrize(("steps", "expected"), [(999, False), (1000, True)])
def test_long_training_is_worth_compiling(steps, expected):
    assert Plan(steps, 10).is_long is expected


@pytest.mark.parametrize(
    ("weights", "tokens", "expected"),
    [
        # BERT-base without its word pieces: ten runs on BIOSSES and on abstracts.
        (850_000_000, 1_245, True),
        (850_000_000, 11_300, False),
        (5_000_000_000, 999, True),
        (5_000_000_000, 1_000, False),
    ],
)
def test_small_steps_are_those_that_a_gpu_waits_for(weights, tokens, expected):
    assert is_small(weights, tokens) is expected


def test_a_recording_needs_its_own_memory(make_prepared, make_spec):
    shared, spec = workload(make_prepared()), make_spec()
    on_gpu, on_cpu = (
        run_bytes(spec, shared, Execution(torch.device(kind), evaluation_tokens=1))
        for kind in ("cuda", "cpu")
    )
    kept = [kept_bytes(spec, shared, 100, fused=fused) for fused in (True, False)]
    assert on_gpu > on_cpu
    # Attention's probabilities are bits on a GPU.
    assert kept[0] < kept[1]
