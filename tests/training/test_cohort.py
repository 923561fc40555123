"""The engine against itself (cohorts, micro-batches) and against plain torch and transformers."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from transformers import get_linear_schedule_with_warmup

from workbench.models import network
from workbench.models.checkpoint import find_checkpoint
from workbench.spec import RunSpec
from workbench.techniques import parse
from workbench.training.cohort import Cohort, plan
from workbench.training.dropout import AddressedDropout
from workbench.training.prepared import prepare

FAMILIES = ("bert", "roberta", "electra")
TASKS = ("miniature-similarity:size=24", "miniature-document:size=24", "miniature-mention:size=24")
MEMBERS = (
    (0, "baseline", 1e-3),
    (1, "layerwise:0.8", 2e-3),
    (2, "reinit:1", 1e-3),
    (3, "uncorrected", 3e-4),
    (4, "layerwise:0.9:electra+reinit:2", 1e-3),
)


def make_cohort(specs, prepared, execution):
    return Cohort(
        specs, prepared.model, prepared.encoded["train"], prepared.task.shape.objective, execution
    )


def losses_of(cohort, steps):
    return torch.stack([cohort.step()[0] for _ in range(steps)])


def parameters_of(cohort, run):
    return {name: value.detach()[run] for name, value in cohort.network.named_parameters()}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("head", ["native", "linear"])
def test_members_train_as_if_alone(family, task, head, make_prepared, make_spec, execution):
    prepared = make_prepared(family, task, head)
    specs = [make_spec(seed, label, learning_rate=rate) for seed, label, rate in MEMBERS[:3]]
    together = make_cohort(specs, prepared, execution)
    lone = [make_cohort([spec], prepared, execution) for spec in specs]
    for run, cohort in enumerate(lone):
        own = parameters_of(cohort, 0)
        for name, value in parameters_of(together, run).items():
            assert torch.equal(value, own[name])
    found = losses_of(together, 8)
    for run, cohort in enumerate(lone):
        torch.testing.assert_close(found[:, run], losses_of(cohort, 8)[:, 0], rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(
            together.outputs(prepared.encoded["dev"])[run],
            cohort.outputs(prepared.encoded["dev"])[0],
            rtol=1e-3,
            atol=1e-4,
        )


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_micro_batches_move_nothing(task, size, make_prepared, make_spec, execution):
    prepared = make_prepared(task=task)
    specs = [make_spec(0), make_spec(1)]
    whole = losses_of(make_cohort(specs, prepared, execution), 6)
    parts = losses_of(make_cohort(specs, prepared, replace(execution, micro_batch=size)), 6)
    torch.testing.assert_close(parts, whole, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("tokens", [1, 50, 10_000])
def test_the_size_of_evaluation_batches_moves_nothing(tokens, make_prepared, make_spec, execution):
    prepared = make_prepared(task=TASKS[2])
    cohort = make_cohort([make_spec(0), make_spec(1)], prepared, execution)
    expected = cohort.outputs(prepared.encoded["dev"])
    cohort.execution = replace(execution, evaluation_tokens=tokens)
    np.testing.assert_allclose(cohort.outputs(prepared.encoded["dev"]), expected, atol=1e-5)


def test_evaluation_is_in_the_order_of_the_split(make_prepared, make_spec, execution):
    prepared = make_prepared()
    split = prepared.encoded["dev"]
    cohort = make_cohort([make_spec(0)], prepared, execution)
    outputs = cohort.outputs(split)[0]
    for example in (0, len(split) // 2, len(split) - 1):
        batch = cohort._same_for_all(split, np.array([example]))
        cohort.network.eval()
        with torch.no_grad():
            alone = cohort.forward(batch)[0, 0].numpy()
        np.testing.assert_allclose(outputs[example], alone, atol=1e-5)


def test_an_epoch_sees_every_example_once(make_prepared, make_spec, execution):
    prepared = make_prepared()
    cohort = make_cohort([make_spec(0), make_spec(1)], prepared, execution)
    steps = cohort.plan.steps_per_epoch
    for epoch in range(2):
        batches = [cohort.batch(step) for step in range(epoch * steps, (epoch + 1) * steps)]
        seen = np.concatenate(batches, axis=1)
        for run in range(2):
            assert sorted(seen[run]) == list(range(24))
    assert [batch.shape[1] for batch in batches] == [5, 5, 5, 5, 4]


@pytest.mark.parametrize(
    ("techniques", "values", "steps"),
    [
        ("baseline", {}, 10),
        ("baseline", {"max_steps": 7}, 7),
        ("longer:3", {}, 30),
        ("longer:2", {"max_steps": 7}, 14),
    ],
)
def test_the_length_of_training(techniques, values, steps, make_spec):
    planned = plan(make_spec(0, techniques, **values), 24)
    assert (planned.steps, planned.steps_per_epoch) == (steps, 5)
    ends = [step + 1 for step in range(steps) if planned.ends_epoch(step)]
    assert len(ends) == planned.epochs and ends[-1] == steps


def test_what_is_frozen_does_not_move(make_prepared, make_spec, execution):
    prepared = make_prepared()
    cohort = make_cohort([make_spec(0, "freeze:2")], prepared, execution)
    before = {name: value.clone() for name, value in parameters_of(cohort, 0).items()}
    losses_of(cohort, 3)
    for place in prepared.model.anatomy.parameters:
        moved = not torch.equal(parameters_of(cohort, 0)[place.name], before[place.name])
        assert moved == (place.depth > 2), place


def test_bfloat16_stays_close(make_prepared, make_spec, execution):
    prepared = make_prepared(dropout=0.0)
    full = losses_of(make_cohort([make_spec(0)], prepared, execution), 5)
    half = losses_of(make_cohort([make_spec(0, precision="bfloat16")], prepared, execution), 5)
    torch.testing.assert_close(half, full, rtol=0.05, atol=0.05)
    assert not torch.equal(half, full)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("task", TASKS)
def test_a_lone_run_is_a_plain_loop(
    family, task, small_checkpoints, make_prepared, make_spec, execution
):
    prepared = make_prepared(family, task, dropout=0.0)
    spec = make_spec(0, dropout=0.0, epochs=4)
    cohort = make_cohort([spec], prepared, execution)
    plain = PlainLoop(small_checkpoints[family], prepared, spec, cohort)
    mine, theirs = losses_of(cohort, 20)[:, 0].tolist(), [plain.step(i) for i in range(20)]
    assert mine == pytest.approx(theirs, rel=1e-5)


class PlainLoop:
    """What a researcher would write with torch and transformers: padded, one run, no packing."""

    def __init__(self, checkpoint, prepared, spec, cohort):
        self.prepared, self.spec, self.cohort = prepared, spec, cohort
        task = prepared.task
        per_token = task.shape.objective == "token"
        config = network._config(checkpoint, task.shape.outputs, 0.0)
        self.model, _ = network._load_native(checkpoint, config, per_token)
        self._copy_initial(checkpoint, task, per_token)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=spec.learning_rate, weight_decay=0.0
        )
        steps = cohort.plan.steps
        self.schedule = get_linear_schedule_with_warmup(
            self.optimizer, int(np.ceil(spec.warmup * steps)), steps
        )
        shape, max_length = task.shape, min(spec.max_length, 128)
        tokenizer = prepared.model.tokenizer
        self.encoded = shape.encode(task.splits["train"], tokenizer, max_length)
        self.objective = shape.objective

    def _copy_initial(self, checkpoint, task, per_token):
        """Start from the same head (and pooler) as the engine."""
        parts = network._split(self.model, per_token, "native")
        mine = parameters_of(self.cohort, 0)
        with torch.no_grad():
            for name, value in parts.named_parameters():
                if name.startswith(("head.", "pooler.")):
                    value.copy_(mine[name])
        if parts.pooler is not None:
            self.model.base_model.pooler = parts.pooler
        self.model.train()

    def step(self, number):
        inputs, labels = self._padded(self.cohort.batch(number)[0])
        logits = self.model(**inputs).logits
        loss = self._loss(logits, labels)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.spec.clip_norm)
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        return loss.item()

    def _padded(self, examples):
        spans = [slice(self.encoded.offsets[i], self.encoded.offsets[i + 1]) for i in examples]
        longest = max(span.stop - span.start for span in spans)
        names = ("input_ids", "token_type_ids", "attention_mask")
        rows = {name: np.zeros((len(spans), longest), np.int64) for name in names}
        labels = np.full((len(spans), longest), -100)
        for row, span in enumerate(spans):
            size = span.stop - span.start
            rows["input_ids"][row, :size] = self.encoded.token_ids[span]
            rows["token_type_ids"][row, :size] = self.encoded.segments[span]
            rows["attention_mask"][row, :size] = 1
            if self.objective == "token":
                labels[row, :size] = self.encoded.labels[span]
        if self.prepared.model.segments == 1:
            rows["token_type_ids"][:] = 0
        if self.objective != "token":
            labels = self.encoded.labels[examples]
        return {name: torch.from_numpy(row) for name, row in rows.items()}, torch.from_numpy(labels)

    def _loss(self, logits, labels):
        if self.objective == "regression":
            return nn.functional.mse_loss(logits.squeeze(-1), labels)
        if self.objective == "multi-label":
            return nn.functional.binary_cross_entropy_with_logits(logits, labels)
        return nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())


class MaskRecorder:
    """Notes which values a cohort's dropout sites keep in one step, on real tokens alone."""

    def __init__(self, monkeypatch):
        self.kept = []
        original = AddressedDropout.drop
        recorder = self

        def drop(site, values, kept):
            recorder.kept.append(kept)
            return original(site, values, kept)

        monkeypatch.setattr(AddressedDropout, "drop", drop)

    def take(self):
        kept, self.kept = self.kept, []
        return kept


def biosses_specs():
    checkpoint = find_checkpoint("minilm")
    from workbench.tasks.loading import load as load_task

    data = load_task("biosses").data_hash
    return [
        RunSpec(
            task="biosses",
            data=data,
            model="minilm",
            weights=checkpoint.weights,
            learning_rate=rate * 0.1,
            batch_size=8,
            epochs=3,
            max_length=40,
            weights_seed=seed,
            order_seed=seed + 10,
            dropout_seed=seed + 20,
            techniques=parse(label, 6).settings,
        )
        for seed, label, rate in MEMBERS
    ]


def masks_of_run(masks, batch, run):
    """Cut one run's decisions for its real tokens out of what all sites kept."""
    runs, tokens = batch.inputs["input_ids"].shape
    lengths = batch.layout.real_cells.view(runs, -1, batch.layout.length).sum(-1).long()[run]
    total = int(lengths.sum())
    for kept in masks:
        if kept.shape[:2] == (runs, tokens):
            yield kept[run, :total]
        elif kept.dim() == 4 and kept.shape[-1] == batch.layout.length:
            blocks = kept.view(runs, len(lengths), *kept.shape[1:])[run]
            for block, length in zip(blocks, lengths.tolist(), strict=True):
                yield block[:, :length, :length]
        else:
            yield kept.reshape(runs, -1)[run]


@pytest.mark.slow
def test_cohorts_on_biosses(real_data, execution, monkeypatch, capsys):
    specs = biosses_specs()
    prepared = prepare(specs[0])
    recorder = MaskRecorder(monkeypatch)
    groups = [[spec] for spec in specs] + [specs[:2], specs]
    seen = {}
    for group in groups:
        cohort = make_cohort(group, prepared, execution)
        initial = [parameters_of(cohort, run) for run in range(len(group))]
        initial = [{name: value.clone() for name, value in run.items()} for run in initial]
        batches = [cohort.batch(step) for step in range(cohort.plan.steps)]
        packed = pack_again(cohort)
        first = cohort.step()[0]
        masks = recorder.take()
        monkeypatch.setattr(recorder, "kept", NullList())
        losses = torch.cat([first[None], losses_of(cohort, cohort.plan.steps - 1)])
        monkeypatch.setattr(recorder, "kept", [])
        for run, spec in enumerate(group):
            own = {
                "initial": initial[run],
                "batches": [batch[run] for batch in batches],
                "masks": list(masks_of_run(masks, packed, run)),
                "losses": losses[:, run],
            }
            compare(seen.setdefault(spec.id, own), own)
            report(capsys, len(group), spec, seen[spec.id]["losses"], own["losses"])


class NullList(list):
    def append(self, item):
        pass


def pack_again(cohort):
    from workbench.training.packing import pack

    keys = [0] * len(cohort.specs)
    return pack(cohort.train, cohort.batch(0), cohort.geometry, keys, cohort.execution.device)


def compare(lone, member):
    assert all(
        torch.equal(lone["initial"][name], member["initial"][name]) for name in lone["initial"]
    )
    assert all(map(np.array_equal, lone["batches"], member["batches"]))
    assert len(lone["masks"]) == len(member["masks"]) > 0
    assert all(map(torch.equal, lone["masks"], member["masks"]))
    torch.testing.assert_close(member["losses"][19], lone["losses"][19], rtol=1e-5, atol=0)


def report(capsys, size, spec, lone, member):
    drift = ((member - lone).abs() / lone.abs()).tolist()
    with capsys.disabled():
        print(
            f"\ncohort of {size}, seed {spec.weights_seed}: relative difference of the loss "
            f"{drift[19]:.1e} at step 20, {max(drift):.1e} at most in three epochs",
            end="",
        )
