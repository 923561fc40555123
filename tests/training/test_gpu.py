"""The engine on a GPU, against itself, against the processor and against plain arithmetic."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.models.checkpoint import find_checkpoint
from workbench.spec import RunSpec
from workbench.tasks.loading import load as load_task
from workbench.techniques import parse
from workbench.training.cohort import Cohort
from workbench.training.device import find_precision
from workbench.training.plan import Execution
from workbench.training.prepared import prepare
from workbench.training.randomness import combine, keep, keep_each, realised
from workbench.training.recorder import Unrecorded
from workbench.training.trainer import Stopped, Trainer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]

CUDA = torch.device("cuda")
TASKS = ("miniature-similarity:size=24", "miniature-document:size=24", "miniature-mention:size=24")
TECHNIQUES = ("baseline", "layerwise:0.8", "reinit:1", "uncorrected", "layerwise:0.9+reinit:2")
FAMILIES = ("bert", "roberta", "electra", "distilbert", "modernbert", "deberta-v2")
CHANGING = (
    "mixout:0.6",
    "r-drop:2",
    "smooth:3:0.1",
    "average:0.5+pretrained-decay:0.5",
    "unfreeze:2",
    "mixout:0.6:keep+r-drop+smooth+unfreeze:2",
)
"""Techniques that change what a step computes, keeps or trains."""


@pytest.fixture(scope="module")
def gpu():
    return Execution(CUDA, compiled=False, captured=False)


def biosses_specs():
    data, weights = load_task("biosses").data_hash, find_checkpoint("minilm").weights
    return [
        RunSpec(
            task="biosses",
            data=data,
            model="minilm",
            weights=weights,
            learning_rate=2e-4,
            batch_size=16,
            epochs=15,
            max_length=512,
            weights_seed=seed,
            order_seed=seed,
            dropout_seed=seed,
            techniques=parse(label, 6).settings,
        )
        for seed, label in enumerate(TECHNIQUES)
    ]


def make_cohort(specs, prepared, execution):
    return Cohort(
        specs, prepared.model, prepared.encoded["train"], prepared.task.shape.objective, execution
    )


def losses_of(cohort, steps):
    return torch.stack([cohort.step()[0] for _ in range(steps)]).cpu()


def random_keys(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    keys = torch.randint(-(2**63), 2**63 - 1, (count,), dtype=torch.int64, generator=generator)
    return keys.to(CUDA)


@pytest.mark.parametrize("width", [1, 7, 64, 384, 768, 1000, 3072])
@pytest.mark.parametrize("probability", [0.1, 0.5])
def test_masks_are_those_of_the_processor(width, probability):
    from workbench.training.triton_dropout import drop

    keys, site = random_keys(37), torch.tensor(11, device=CUDA)
    expected = keep(combine(keys, site).cpu(), width, probability)
    ones = torch.ones(37, width, device=CUDA)
    assert torch.equal(drop(ones, keys, site, probability).cpu() > 0, expected)
    assert torch.equal(keep(combine(keys, site), width, probability).cpu(), expected)
    compiled = torch.compile(keep_each, dynamic=True)
    assert torch.equal(compiled(combine(keys, site), width, probability).cpu(), expected)


def reference(
    query, key, value, keys, site, firsts, lengths, starts_only, window, scaling, dropout
):
    """Attention by its definition, one sequence after another."""
    out = torch.zeros_like(query)
    heads = torch.arange(query.shape[1], device=CUDA)
    rows = combine(combine(keys, site).unsqueeze(1), heads)
    for number, (first, length) in enumerate(zip(firsts.tolist(), lengths.tolist(), strict=True)):
        seen = slice(first, first + length)
        asking = slice(number, number + min(length, 1)) if starts_only else seen
        scores = torch.einsum("mhd,nhd->hmn", query[asking], key[seen]) * scaling
        place = torch.arange(length, device=CUDA)
        asks = place[:1] if starts_only else place
        near = (asks.unsqueeze(1) - place).abs() < (window or length)
        weights = torch.softmax(scores.masked_fill(~near, float("-inf")), -1)
        if dropout:
            kept = keep(rows[asking].T.contiguous(), length, dropout)
            weights = weights * kept / (1 - realised(dropout))
        out[asking] = torch.einsum("hmn,nhd->mhd", weights, value[seen])
    return out


@pytest.mark.parametrize("width", [8, 32, 64])
@pytest.mark.parametrize("starts_only", [False, True])
@pytest.mark.parametrize("window", [0, 33])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
@pytest.mark.parametrize(
    ("kind", "tolerance"),
    [(torch.float32, 1e-5), (torch.float16, 3e-3), (torch.bfloat16, 2e-2)],
)
def test_attention_is_its_definition(width, starts_only, window, dropout, kind, tolerance):
    from workbench.training.triton_attention import attend

    lengths = torch.tensor([70, 5, 0, 512, 64, 1], dtype=torch.int32, device=CUDA)
    firsts = torch.tensor([0, 70, 75, 80, 592, 656], dtype=torch.int32, device=CUDA)
    real = torch.zeros(680, dtype=torch.bool, device=CUDA)
    for first, length in zip(firsts.tolist(), lengths.tolist(), strict=True):
        real[first : first + length] = True
    asked = lengths > 0 if starts_only else real
    generator = torch.Generator().manual_seed(0)
    shapes = [len(asked), 680, 680, len(asked)]
    *states, weights = (
        torch.randn(size, 2, width, generator=generator).to(CUDA, kind) for size in shapes
    )
    weights[~asked] = 0
    places = (random_keys(len(asked)), torch.tensor(3, device=CUDA), firsts, lengths)

    def gradients(function, kind, *numbers):
        own = [state.to(kind).requires_grad_() for state in states]
        out = function(*own, *places, *numbers, starts_only, window, 0.3, dropout)
        return out, *torch.autograd.grad(out, own, weights.to(kind))

    found = gradients(attend, kind, 512)
    for mine, exact in zip(found, gradients(reference, torch.float64), strict=True):
        assert (mine.double() - exact).norm() <= tolerance * exact.norm()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("task", TASKS)
def test_members_train_as_if_alone(family, task, make_prepared, make_spec, gpu):
    prepared = make_prepared(family, task)
    specs = [make_spec(seed, label, epochs=4) for seed, label in enumerate(TECHNIQUES)]
    together = make_cohort(specs, prepared, gpu)
    found = losses_of(together, 20)
    for run, spec in enumerate(specs):
        alone = make_cohort([spec], prepared, gpu)
        torch.testing.assert_close(found[:, run], losses_of(alone, 20)[:, 0], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("task", TASKS)
def test_the_processor_trains_the_same(task, make_prepared, make_spec, gpu):
    """The same initial weights, batches and masks; the sums are rounded in another order."""
    prepared = make_prepared(task=task)
    specs = [make_spec(seed, epochs=4) for seed in range(2)]
    found = losses_of(make_cohort(specs, prepared, gpu), 20)
    expected = losses_of(make_cohort(specs, prepared, Execution(torch.device("cpu"))), 20)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_the_same_twice_bit_by_bit(precision, make_prepared, make_spec, gpu):
    prepared = make_prepared(task=TASKS[2])
    specs = [make_spec(seed, precision=precision) for seed in range(3)]
    once, again = (make_cohort(specs, prepared, gpu) for _ in range(2))
    assert torch.equal(losses_of(once, 10), losses_of(again, 10))
    pairs = zip(once.network.parameters(), again.network.parameters(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("bfloat16", 2e-2)])
def test_compiling_moves_nothing(task, precision, tolerance, make_prepared, make_spec, gpu):
    prepared = make_prepared(task=task)
    specs = [make_spec(seed, precision=precision) for seed in range(2)]
    compiled = make_cohort(specs, prepared, replace(gpu, compiled=True))
    plain = make_cohort(specs, prepared, gpu)
    torch.testing.assert_close(
        losses_of(compiled, 6), losses_of(plain, 6), rtol=tolerance, atol=1e-6
    )
    outputs = [cohort.outputs(prepared.encoded["dev"]) for cohort in (compiled, plain)]
    np.testing.assert_allclose(*outputs, rtol=100 * tolerance, atol=tolerance)


@pytest.mark.parametrize(("precision", "tolerance"), [("bfloat16", 3e-2), ("float16", 1e-2)])
def test_lower_precision_starts_near_full_precision(
    precision, tolerance, make_prepared, make_spec, gpu
):
    prepared = make_prepared()
    found, expected = (
        losses_of(make_cohort([make_spec(precision=each)], prepared, gpu), 3)
        for each in (precision, "float32")
    )
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def test_micro_batches_and_frozen_states_move_nothing(make_prepared, make_spec, gpu):
    prepared = make_prepared()
    specs = [make_spec(seed) for seed in range(2)]
    whole = losses_of(make_cohort(specs, prepared, gpu), 6)
    parts = losses_of(make_cohort(specs, prepared, replace(gpu, micro_batch=2)), 6)
    torch.testing.assert_close(parts, whole, rtol=1e-5, atol=1e-7)
    settings = parse("freeze:2:cached", 3).settings
    cached = make_cohort([replace(spec, techniques=settings) for spec in specs], prepared, gpu)
    assert losses_of(cached, 6).isfinite().all()


def test_the_fastest_precision_is_native():
    native = torch.cuda.get_device_capability() >= (8, 0)
    assert find_precision("auto", CUDA) == ("bfloat16" if native else "float16")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("micro_batch", [0, 2])
def test_recordings_move_nothing(task, precision, micro_batch, make_prepared, make_spec, gpu):
    prepared = make_prepared(task=task)
    specs = [make_spec(seed, precision=precision, epochs=4) for seed in range(2)]
    execution = replace(gpu, micro_batch=micro_batch)
    plain, recorded = (
        make_cohort(specs, prepared, replace(execution, captured=captured))
        for captured in (False, True)
    )
    torch.testing.assert_close(losses_of(recorded, 20), losses_of(plain, 20), rtol=1e-6, atol=0)
    assert recorded.recordings._recordings
    outputs = [cohort.outputs(prepared.encoded["dev"]) for cohort in (recorded, plain)]
    np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("technique", CHANGING)
def test_recordings_move_nothing_of_a_technique(technique, make_prepared, make_spec, gpu):
    """Where blocks join later, what was recorded before is recorded anew."""
    prepared = make_prepared()
    specs = [make_spec(seed, technique, epochs=4) for seed in range(2)]
    plain, recorded = (
        make_cohort(specs, prepared, replace(gpu, captured=captured)) for captured in (False, True)
    )
    torch.testing.assert_close(losses_of(recorded, 20), losses_of(plain, 20), rtol=1e-6, atol=0)
    assert recorded.recordings._recordings


class Kept(Unrecorded):
    """A recorder that keeps the last checkpoint as a file does: on the processor."""

    saved = None

    def resume(self):
        return self.saved

    def save(self, tensors, state):
        self.saved = {name: value.cpu().clone() for name, value in tensors.items()}, state


@pytest.mark.parametrize("technique", ["baseline", *CHANGING])
def test_a_stopped_cohort_goes_on_to_the_same_bits(technique, make_prepared, make_spec, gpu):
    prepared, recorder = make_prepared(), Kept()
    specs = [make_spec(0, technique), make_spec(1, technique, reporting="best-dev")]
    expected = Trainer(specs, prepared, Kept(), gpu).run()
    left = iter(range(8, 0, -1))
    with pytest.raises(Stopped):
        Trainer(specs, prepared, recorder, gpu, lambda: next(left) == 1).run()
    for found, wanted in zip(Trainer(specs, prepared, recorder, gpu).run(), expected, strict=True):
        assert found.result == wanted.result


@pytest.mark.parametrize("captured", [False, True])
def test_no_step_waits_for_the_device(captured, make_prepared, make_spec, gpu):
    prepared = make_prepared()
    specs = [make_spec(seed, epochs=4) for seed in range(2)]
    cohort = make_cohort(specs, prepared, replace(gpu, captured=captured))
    losses_of(cohort, 12)
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(3):
            cohort.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_compiling_and_recording_go_together(make_prepared, make_spec, gpu):
    prepared = make_prepared()
    specs = [make_spec(seed, precision="bfloat16", epochs=4) for seed in range(2)]
    compiled = replace(gpu, compiled=True)
    recorded = make_cohort(specs, prepared, replace(compiled, captured=True))
    plain = make_cohort(specs, prepared, compiled)
    torch.testing.assert_close(losses_of(recorded, 12), losses_of(plain, 12), rtol=1e-6, atol=0)


def test_memory_that_runs_out_in_a_recording_costs_nothing_but_time(
    make_prepared, make_spec, gpu, monkeypatch
):
    prepared = make_prepared()
    specs = [make_spec(seed, epochs=4) for seed in range(2)]
    plain = losses_of(make_cohort(specs, prepared, gpu), 20)
    cohort = make_cohort(specs, prepared, replace(gpu, captured=True))
    clipped = cohort._clipped

    def short(parts, counts, scales):
        found = clipped(parts, counts, scales)
        if torch.cuda.is_current_stream_capturing():
            torch.empty(1 << 50, dtype=torch.uint8, device=CUDA)
        return found

    monkeypatch.setattr(cohort, "_clipped", short)
    with pytest.warns(UserWarning, match="not recorded"):
        found = losses_of(cohort, 20)
    torch.testing.assert_close(found, plain, rtol=1e-6, atol=0)


def test_members_drift_little_on_biosses(real_data, capsys):
    """Members and lone runs over a whole training: 1e-5 at step 20, then reported."""
    specs = biosses_specs()
    prepared = prepare(specs[0])
    execution = Execution(CUDA, compiled=False)
    together = make_cohort(specs, prepared, execution)
    found = losses_of(together, together.plan.steps)
    for run, spec in enumerate(specs):
        own = losses_of(make_cohort([spec], prepared, execution), together.plan.steps)[:, 0]
        drift = ((found[:, run] - own).abs() / own.abs()).tolist()
        with capsys.disabled():
            print(f"\nseed {run}: {drift[19]:.1e} at step 20, {max(drift):.1e} at most", end="")
        assert drift[19] <= 1e-5
