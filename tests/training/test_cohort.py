"""The engine against itself (cohorts, micro-batches) and against plain torch and transformers."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from torch import nn
from transformers import get_linear_schedule_with_warmup

from workbench.models import network
from workbench.models.checkpoint import find_checkpoint
from workbench.spec import RunSpec
from workbench.techniques import parse
from workbench.training import attention, dropout
from workbench.training.captured import RecordingFailed
from workbench.training.cohort import Cohort, plan
from workbench.training.prepared import prepare
from workbench.training.randomness import keep

dropout_drop = dropout.drop
FAMILIES = ("bert", "roberta", "electra", "distilbert", "modernbert", "deberta-v2")
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


@pytest.mark.parametrize(
    ("family", "task", "head"),
    [
        *product(FAMILIES[:3], TASKS, ["native", "linear"]),
        *product(FAMILIES[3:], TASKS[1:], ["native"]),
        *product(FAMILIES[3:], TASKS[:1], ["linear"]),
        ("modernbert-mean", TASKS[1], "native"),
    ],
)
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


@pytest.mark.parametrize(
    ("family", "task", "size"),
    [
        *[("bert", task, size) for task in TASKS for size in (1, 2, 3)],
        ("distilbert", TASKS[1], 2),
        ("modernbert", TASKS[1], 2),
        # What its tokens share is dropped alike in every micro-batch.
        ("deberta-v2", TASKS[1], 2),
    ],
)
def test_micro_batches_move_nothing(family, task, size, make_prepared, make_spec, execution):
    prepared = make_prepared(family, task)
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
        batch = cohort._shared(split, np.array([example]), 1)
        cohort.network.eval()
        with torch.no_grad():
            alone = cohort.forward(batch)[0, 0].numpy()
        np.testing.assert_allclose(outputs[example], alone, atol=1e-5)


def test_an_epoch_sees_every_example_once(make_prepared, make_spec, execution):
    prepared = make_prepared()
    cohort = make_cohort([make_spec(0), make_spec(1)], prepared, execution)
    steps = cohort.plan.steps_per_epoch
    for epoch in range(2):
        batches = [
            cohort.batches.examples(step) for step in range(epoch * steps, (epoch + 1) * steps)
        ]
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


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_frozen_does_not_move(family, make_prepared, make_spec, execution):
    prepared = make_prepared(family)
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


def half_precision(make_spec, *rates):
    """Specify a run for each learning rate, in float16."""
    # The first step's rate is not 0 when nothing is warmed up.
    return [
        make_spec(seed, learning_rate=rate, precision="float16", warmup=0.0)
        for seed, rate in enumerate(rates)
    ]


def counted(cohort, monkeypatch):
    """Return a list that grows by the step's number when a step is packed or computed."""
    calls = {"packed": [], "forward": []}
    for owner, name in ((cohort.batches, "packed"), (cohort, "forward")):
        original = getattr(owner, name)

        def call(*given, original=original, name=name):
            calls[name].append(cohort.position)
            return original(*given)

        monkeypatch.setattr(owner, name, call)
    return calls


def test_float16_stays_close(make_prepared, make_spec, execution):
    prepared = make_prepared(dropout=0.0)
    specs = half_precision(make_spec, 1e-3, 1e-3)
    single = [replace(spec, precision="float32") for spec in specs]
    found = []
    for members in (specs, single):
        cohort = make_cohort(members, prepared, execution)
        found.append(torch.stack([torch.stack(cohort.step()) for _ in range(5)]))
    # Losses, and the norms without their scale.
    torch.testing.assert_close(*found, rtol=0.05, atol=0.05)
    assert not torch.equal(*found)


@pytest.mark.parametrize("micro_batch", [0, 2])
def test_a_step_that_overflows_is_repeated_until_it_does_not(
    micro_batch, make_prepared, make_spec, execution, monkeypatch
):
    """What the search for the scales leaves is what scales that fit at once leave, bit for bit."""
    prepared, specs = make_prepared(), half_precision(make_spec, 1e-3, 2e-3)
    execution = replace(execution, micro_batch=micro_batch)
    with monkeypatch.context() as patch:
        patch.setattr("workbench.training.loss_scale.INITIAL", 2.0**24)
        searching = make_cohort(specs, prepared, execution)
    calls = counted(searching, monkeypatch)
    found = [searching.step()]
    reached = [[scale, 0] for scale, _ in searching.scale.state]
    parts, halvings = (3 if micro_batch else 1), 24 - np.log2(min(reached)[0])
    assert halvings > 3
    assert calls == {"packed": [0], "forward": [0] * parts * (1 + int(halvings))}
    # The same scales, given by hand: dropout and batches must be the same at each attempt.
    fitting = make_cohort(specs, prepared, execution)
    fitting.scale.state = reached
    expected = [fitting.step()]
    found += [searching.step() for _ in range(7)]
    expected += [fitting.step() for _ in range(7)]
    for mine, theirs in zip(found, expected, strict=True):
        assert all(map(torch.equal, mine, theirs))
    assert searching.scale.state == fitting.scale.state
    for run in range(2):
        own = parameters_of(fitting, run)
        for name, value in parameters_of(searching, run).items():
            assert value.isfinite().all() and torch.equal(value, own[name])
    assert searching.optimizer.counts() == fitting.optimizer.counts()
    assert {count for run in searching.optimizer.counts() for count in run} == {8}


def test_a_run_that_diverges_in_float16_disturbs_no_other(
    make_prepared, make_spec, execution, monkeypatch
):
    prepared = make_prepared()
    tame, wild = half_precision(make_spec, 1e-3, 1e30)
    diverging, calm, alone = (
        make_cohort(specs, prepared, execution)
        for specs in ([wild, tame], [replace(wild, learning_rate=1e-3), tame], [tame])
    )
    for cohort in (diverging, calm, alone):
        # Large enough for what is small, and never too large.
        cohort.scale.state = [[256.0, 0] for _ in cohort.specs]
    calls = counted(diverging, monkeypatch)
    found = losses_of(diverging, 8)
    # Beside a neighbour that stays finite, the same kernels compute: the same bits.
    assert torch.equal(found[:, 1], losses_of(calm, 8)[:, 1])
    # Alone, other kernels do, which round to 11 bits in another order.
    torch.testing.assert_close(found[:, 1], losses_of(alone, 8)[:, 0], rtol=0.01, atol=0.01)
    assert found[0].isfinite().all() and not found[1:, 0].isfinite().any()
    assert diverging.scale.state == [[1.0, 0], [256.0, 8]]
    # From 256 to 1 in the step after the wild update, and never again.
    assert [calls["forward"].count(step) for step in range(8)] == [1, 9, 1, 1, 1, 1, 1, 1]
    assert calls["packed"] == list(range(8))


@pytest.mark.parametrize(
    ("family", "task", "depth"),
    [
        *product(["bert"], TASKS, [0, 1, 3]),
        ("distilbert", TASKS[0], 2),
        # Above all blocks the final norm has been passed too.
        *product(["modernbert"], TASKS[1:2], [1, 3]),
        *product(["deberta-v2"], TASKS[1:2], [0, 2]),
    ],
)
def test_cached_activations_are_those_of_the_frozen_part_without_dropout(
    family, task, depth, make_prepared, make_spec, execution
):
    prepared = make_prepared(family, task)
    specs = [make_spec(seed, f"freeze:{depth}:cached") for seed in range(2)]
    cached = make_cohort(specs, prepared, execution)
    anew = make_cohort([make_spec(s, f"freeze:{depth}") for s in range(2)], prepared, execution)
    # The same without a table: dropout switched off below the cut by hand.
    below = [anew.network.encoder.embeddings, *anew.network.blocks[:depth]]
    for part in below:
        for module in part.modules():
            if isinstance(module, dropout.AddressedDropout):
                module.p = 0.0
    torch.testing.assert_close(losses_of(cached, 8), losses_of(anew, 8), rtol=1e-5, atol=1e-7)
    for split in ("dev", "test"):
        found, expected = (c.outputs(prepared.encoded[split]) for c in (cached, anew))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_frozen_part_is_passed_once_for_all_cohorts(make_prepared, make_spec, execution):
    prepared = make_prepared()
    for seed in range(3):
        spec = make_spec(seed, "freeze:2:cached")
        cohort = Cohort(
            [spec],
            prepared.model,
            prepared.encoded["train"],
            prepared.task.shape.objective,
            execution,
            prepared.frozen,
        )
        cohort.step()
        cohort.outputs(prepared.encoded["dev"])
    assert len(prepared.frozen._tables) == 2


@pytest.mark.slow
def test_compiling_moves_nothing(make_prepared, make_spec, execution):
    """Several members compiled by torch, here into C++."""
    prepared = make_prepared()
    specs = [make_spec(seed) for seed in range(2)]
    compiled = make_cohort(specs, prepared, replace(execution, compiled=True))
    plain = make_cohort(specs, prepared, execution)
    torch.testing.assert_close(losses_of(compiled, 4), losses_of(plain, 4), rtol=1e-5, atol=1e-7)
    outputs = [cohort.outputs(prepared.encoded["dev"]) for cohort in (compiled, plain)]
    np.testing.assert_allclose(*outputs, rtol=1e-3, atol=1e-4)


class Recorded:
    """Stands in for recordings: calls the function on other tensors, or fails from a call on."""

    def __init__(self, fails=100):
        self.fails, self.calls = fails, 0

    def __call__(self, function, inputs):
        self.calls += 1
        found = function(*[value.clone() for value in inputs])
        if self.calls == self.fails:
            raise RecordingFailed("CUDA out of memory")
        return found

    def forget(self):
        pass


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("task", TASKS)
def test_what_is_recorded_is_the_whole_step(task, precision, make_prepared, make_spec, execution):
    prepared = make_prepared(task=task)
    specs = [make_spec(0, precision=precision), make_spec(1, precision=precision)]
    plain, recorded = (make_cohort(specs, prepared, execution) for _ in range(2))
    recorded.recordings, recorded.optimizer.keeps_gradients = Recorded(), True
    assert torch.equal(losses_of(recorded, 6), losses_of(plain, 6))
    assert recorded.recordings.calls >= 6
    pairs = zip(recorded.network.parameters(), plain.network.parameters(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs)


def test_a_recording_that_fails_costs_nothing_but_time(make_prepared, make_spec, execution):
    prepared = make_prepared()
    plain, recorded = (make_cohort([make_spec(0)], prepared, execution) for _ in range(2))
    recorded.recordings, recorded.optimizer.keeps_gradients = Recorded(fails=3), True
    with pytest.warns(UserWarning, match="not recorded, only slower: CUDA out of memory"):
        found = losses_of(recorded, 6)
    assert torch.equal(found, losses_of(plain, 6)) and recorded.recordings is None


@pytest.mark.parametrize(
    ("family", "task"), [*product(FAMILIES, TASKS), *product(["modernbert-mean"], TASKS[:2])]
)
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
        self.family = checkpoint.architecture
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
        parts = network._split(self.family, self.model, per_token, "native")
        mine = parameters_of(self.cohort, 0)
        with torch.no_grad():
            for name, value in parts.named_parameters():
                if name.startswith(("head.", "pooler.")):
                    value.copy_(mine[name])
        if hasattr(self.model.base_model, "pooler"):
            self.model.base_model.pooler = parts.pooler
        self.model.train()

    def step(self, number):
        inputs, labels = self._padded(self.cohort.batches.examples(number)[0])
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
        names = ("input_ids", "attention_mask", "token_type_ids")
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
            del rows["token_type_ids"]
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
    """Notes which values each run of a cohort keeps in one forward pass, on real tokens alone."""

    def __init__(self, monkeypatch, cohort):
        spans = cohort.batches.packed(0)[0].layout
        self.owners = [first // spans.tokens for _, first, _ in spans.places]
        self.ends = {first // spans.tokens: end % spans.tokens for _, first, end in spans.places}
        self.tokens = spans.tokens
        self.kept = [[] for _ in cohort.specs]
        self.passes = 0
        self.seen = 0
        forward = cohort.forward
        monkeypatch.setattr(cohort, "forward", lambda *given: self._around(forward, given))
        monkeypatch.setattr(attention, "drop", self._of_attention)
        monkeypatch.setattr(dropout, "drop", self._of_line)
        self.drop = dropout_drop

    def _around(self, forward, given):
        self.passes += 1
        result = forward(*given)
        self.passes += 1
        return result

    @property
    def noting(self):
        # Only the first forward pass: gradients are dropped by the same function.
        return self.passes == 1

    def _of_attention(self, values, rows, probability):
        if self.noting:
            run = self.owners[self.seen % len(self.owners)]
            self.seen += 1
            self.kept[run].append(keep(rows, values.shape[-1], probability))
        return self.drop(values, rows, probability)

    def _of_line(self, values, keys, probability):
        if self.noting:
            for run, kept in enumerate(keep(keys, values.shape[-1], probability)):
                self.kept[run].append(kept[: self.ends[run] or self.tokens])
        return self.drop(values, keys, probability)


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


@pytest.mark.slow
def test_cohorts_on_biosses(real_data, execution, monkeypatch, capsys):
    specs = biosses_specs()
    prepared = prepare(specs[0])
    groups = [[spec] for spec in specs] + [specs[:2], specs]
    seen = {}
    for group in groups:
        cohort = make_cohort(group, prepared, execution)
        initial = [parameters_of(cohort, run) for run in range(len(group))]
        initial = [{name: value.clone() for name, value in run.items()} for run in initial]
        batches = [cohort.batches.examples(step) for step in range(cohort.plan.steps)]
        with monkeypatch.context() as patch:
            recorder = MaskRecorder(patch, cohort)
            first = cohort.step()[0]
        losses = torch.cat([first[None], losses_of(cohort, cohort.plan.steps - 1)])
        for run, spec in enumerate(group):
            own = {
                "initial": initial[run],
                "batches": [batch[run] for batch in batches],
                "masks": recorder.kept[run],
                "losses": losses[:, run],
            }
            compare(seen.setdefault(spec.id, own), own)
            report(capsys, len(group), spec, seen[spec.id]["losses"], own["losses"])


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
