"""Techniques in the engine: against plain torch, in pairs, at neutral values, in cohorts."""

from dataclasses import replace
from functools import cache
from itertools import combinations, product

import numpy as np
import pytest
import torch
from torch import nn

from workbench.errors import WorkbenchError
from workbench.techniques import FIRST, Moment, parse, registry
from workbench.training.captured import RecordingFailed
from workbench.training.cohort import Cohort
from workbench.training.randomness import combine, keep, key_of, normal_each
from workbench.training.schedule import linear, warmup_steps

TASKS = {
    "regression": "miniature-similarity:size=24",
    "single-label": "miniature-relation:size=24",
    "multi-label": "miniature-document:size=24",
    "token": "miniature-mention:size=24",
}
NEW = (
    "unfreeze:2",
    "discriminative:2",
    "pretrained-decay:0.5",
    "mixout:0.6",
    "mixout:0.6:keep",
    "average:0.5",
    "r-drop:2",
    "smooth:3:0.1",
)


@pytest.fixture(scope="module")
def prepared(make_prepared):
    """Return a function that prepares a small task for each objective, once."""

    return cache(lambda kind: make_prepared(task=TASKS[kind]))


def make(specs, prepared, execution):
    train, objective = prepared.encoded["train"], prepared.task.shape.objective
    return Cohort(specs, prepared.model, train, objective, execution)


def train(cohort, steps):
    """Return losses and norms, ``[steps, 2, runs]``."""
    return torch.stack([torch.stack(cohort.step()) for _ in range(steps)])


def parameters_of(cohort, run=0):
    return {name: value.detach()[run] for name, value in cohort.network.named_parameters()}


class PlainLoop:
    """What a researcher would write for each technique: torch's AdamW and a loop, no hooks.

    Only the network, its batches and the addresses of its masks are the engine's.
    """

    def __init__(self, spec, prepared, execution):
        self.spec = spec
        self.engine = make([replace(spec, techniques=())], prepared, execution)
        self.kind = self.engine.objective
        self.network = self.engine.network.train()
        self.depths = {place.name: place.depth for place in prepared.model.anatomy.parameters}
        self.kinds = {place.name: place.kind for place in prepared.model.anatomy.parameters}
        self.start = {name: value.detach().clone() for name, value in self.weights().items()}
        self.optimizer = torch.optim.AdamW(
            [{"params": [value], "name": name} for name, value in self.weights().items()],
            weight_decay=0.0,
            foreach=False,
        )
        self.sum, self.added = None, 0

    def weights(self):
        return dict(self.network.named_parameters())

    def step(self, number):
        batch = self.engine.batches.packed(number, last=True)[0]
        loss, minimised = self.minimised(batch, number)
        minimised.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.spec.clip_norm)
        steps = self.engine.plan.steps
        factor = linear(number, warmup_steps(self.spec.warmup, steps), steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.spec.learning_rate * factor * self.rate(self.depths[group["name"]])
            self.before_update(group["name"], group["params"][0], group["lr"])
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()

    def outputs(self, batch, other_pass=0, weights=None, offsets=None):
        keys = batch.token_keys, batch.start_keys, batch.run_keys
        if other_pass:
            keys = [combine(each, (1 << 16) + other_pass) for each in keys]
        address = self.engine.address
        address.tokens, address.starts, address.runs = keys
        return torch.func.functional_call(
            self.network,
            weights or {},
            (batch.inputs, batch.starts),
            {"layout": batch.layout, "offsets": offsets},
        )

    def loss(self, outputs, batch):
        """Return the mean loss."""
        if self.kind == "regression":
            return nn.functional.mse_loss(outputs.squeeze(-1), batch.labels)
        if self.kind == "multi-label":
            return nn.functional.binary_cross_entropy_with_logits(outputs, batch.labels)
        return nn.functional.cross_entropy(outputs.flatten(0, 1), batch.labels.flatten())

    def divergence(self, one, other, batch):
        """Return the mean of what torch says of both directions."""
        if self.kind == "regression":
            return nn.functional.mse_loss(one, other)
        if self.kind == "multi-label":
            # Each class is there or not.
            pairs = [torch.stack([torch.zeros_like(each), each], dim=-1) for each in (one, other)]
        else:
            pairs = [each[batch.labels != -100] for each in (one, other)]
        logs = [each.reshape(-1, each.shape[-1]).log_softmax(dim=-1) for each in pairs]
        kinds = {"reduction": "batchmean", "log_target": True}
        return sum(nn.functional.kl_div(a, b, **kinds) for a, b in (logs, logs[::-1])) / 2

    def minimised(self, batch, number):
        loss = self.loss(self.outputs(batch), batch)
        return loss, loss

    def rate(self, depth):
        return 1.0

    def before_update(self, name, value, rate):
        pass


class PlainUnfreeze(PlainLoop):
    def minimised(self, batch, number):
        epoch = number // self.engine.plan.steps_per_epoch
        for name, value in self.weights().items():
            value.requires_grad_(self.depths[name] >= 4 - 2 * epoch)
        return super().minimised(batch, number)


class PlainDiscriminative(PlainLoop):
    def rate(self, depth):
        return 1 / 2 ** (4 - depth)


class PlainDecay(PlainLoop):
    def before_update(self, name, value, rate):
        if self.kinds[name] in ("linear", "embedding"):
            with torch.no_grad():
                value -= rate * 0.5 * (value - self.start[name])


class PlainMixout(PlainLoop):
    def minimised(self, batch, number):
        key, p = torch.tensor([key_of("dropout", self.spec.dropout_seed, number)]), 0.6
        used = {}
        for name, w in self.weights().items():
            if self.kinds[name] == "linear":
                mask = keep(combine(key, key_of(name)), w.shape[-1], p).unsqueeze(1).float()
                u = self.start[name]
                used[name] = ((1 - mask) * u + mask * w - p * u) / (1 - p)
        loss = self.loss(self.outputs(batch, weights=used), batch)
        return loss, loss


class PlainMixoutAlone(PlainMixout):
    def outputs(self, *given, **known):
        for module in self.network.modules():
            if hasattr(module, "at_starts"):
                module.p = 0.0
        return super().outputs(*given, **known)


class PlainAverage(PlainLoop):
    def step(self, number):
        loss = super().step(number)
        steps = self.engine.plan.steps
        if number >= steps - round(steps / 2):
            now = [value.detach().clone() for value in self.weights().values()]
            self.sum = (
                now if self.sum is None else [a + b for a, b in zip(self.sum, now, strict=True)]
            )
            self.added += 1
        return loss


class PlainRDrop(PlainLoop):
    def minimised(self, batch, number):
        both = self.outputs(batch), self.outputs(batch, other_pass=1)
        losses = [self.loss(each, batch) for each in both]
        return losses[0], sum(losses) / 2 + 2 * self.divergence(*both, batch)


class PlainSmooth(PlainLoop):
    def minimised(self, batch, number):
        outputs, radius = self.outputs(batch), 0.1
        noise = normal_each(combine(batch.token_keys, 1 << 16), 32)
        offsets = (radius / 100 * noise).requires_grad_()
        self.divergence(self.outputs(batch, offsets=offsets), outputs.detach(), batch).backward()
        self.optimizer.zero_grad()
        largest = offsets.grad.abs().max(dim=-1, keepdim=True)[0]
        uphill = torch.where(largest > 0, offsets.grad / largest, 0)
        worst = (offsets + radius * uphill).clamp(-radius, radius).detach()
        loss = self.loss(outputs, batch)
        moved = self.outputs(batch, offsets=worst)
        return loss, loss + 3 * self.divergence(moved, outputs, batch)


PLAIN = {
    "baseline": PlainLoop,
    "unfreeze:2": PlainUnfreeze,
    "discriminative:2": PlainDiscriminative,
    "pretrained-decay:0.5": PlainDecay,
    "mixout:0.6": PlainMixoutAlone,
    "mixout:0.6:keep": PlainMixout,
    "average:0.5": PlainAverage,
    "r-drop:2": PlainRDrop,
    "smooth:3:0.1": PlainSmooth,
}


def test_every_new_technique_has_a_plain_loop():
    assert set(NEW) == set(PLAIN) - {"baseline"}
    older = {"freeze", "layerwise", "longer", "reinit", "uncorrected"}
    assert {name.partition(":")[0] for name in NEW} == set(registry()) - older


@pytest.mark.parametrize(
    ("technique", "kind"),
    [
        *product(PLAIN, ["regression", "token"]),
        *product(["baseline", "r-drop:2", "smooth:3:0.1"], ["single-label", "multi-label"]),
    ],
)
def test_a_technique_is_what_a_plain_loop_does(technique, kind, prepared, make_spec, execution):
    shared, spec = prepared(kind), make_spec(2, technique)
    cohort, plain = make([spec], shared, execution), PLAIN[technique](spec, shared, execution)
    # Two epochs of five steps; the first trains the head alone where blocks join later.
    found = train(cohort, 7)[:, 0, 0].tolist()
    assert found == pytest.approx([plain.step(number) for number in range(7)], rel=1e-5)
    own = {name: value.detach()[0] for name, value in plain.weights().items()}
    for name, value in parameters_of(cohort).items():
        # Where a gradient is next to nothing, Adam's step is as large as anywhere.
        assert (value - own[name]).abs().mean() < 2e-6, name
    if plain.sum:
        sums = dict(zip(own, plain.sum, strict=True))
        with cohort.mean.in_use():
            for name, value in parameters_of(cohort).items():
                assert (value - sums[name][0] / plain.added).abs().mean() < 2e-6, name


def settings(name, **values):
    """Return the form a specification holds, which drops no neutral technique."""
    return ((name, tuple(sorted(values.items()))),)


NEUTRAL = {
    "layerwise": settings("layerwise", decay=1.0, convention="zhang"),
    "longer": settings("longer", factor=1.0),
    "reinit": settings("reinit", layers=0),
    "discriminative": settings("discriminative", factor=1.0),
    "pretrained-decay": settings("pretrained-decay", strength=0.0),
    "mixout": settings("mixout", p=0.0, dropout="keep"),
    "average": settings("average", share=0.0),
    "smooth": settings("smooth", weight=0.0, radius=0.001),
}
NEVER_NEUTRAL = {"uncorrected", "freeze", "unfreeze", "r-drop"}
"""They change training whatever their settings: R-Drop takes the mean of two passes."""


def test_every_technique_has_a_neutral_value_or_none():
    assert set(NEUTRAL) | NEVER_NEUTRAL == set(registry())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *product(NEUTRAL, ["regression"]),
        *product(["mixout", "smooth"], ["single-label", "multi-label", "token"]),
    ],
)
def test_a_hook_at_its_neutral_value_is_the_baseline_to_the_last_bit(
    name, kind, prepared, make_spec, execution
):
    shared, spec = prepared(kind), make_spec(1, weight_decay=0.1, max_steps=5)
    forced = replace(spec, techniques=NEUTRAL[name])
    assert forced.techniques and forced.id != spec.id
    plain, hooked = (make([each], shared, execution) for each in (spec, forced))
    steps = plain.plan.steps
    assert torch.equal(train(hooked, steps), train(plain, steps))
    hooked.mean.settle()
    own = parameters_of(plain)
    assert all(torch.equal(value, own[key]) for key, value in parameters_of(hooked).items())
    pair = (each.outputs(shared.encoded["dev"]) for each in (hooked, plain))
    assert np.array_equal(*pair)


REFUSED = {
    ("freeze:1:cached", "smooth:3:0.1"): "there are no embeddings to be moved",
    ("freeze:3:cached", "smooth:3:0.1"): "there are no embeddings to be moved",
    ("freeze:3:cached", "reinit:1"): "freeze some that",
}
ALL = (
    "uncorrected",
    "longer:2",
    "freeze:1",
    "freeze:1:cached",
    "freeze:3:cached",
    "layerwise:0.8",
    "reinit:1",
    *NEW,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [pair for pair in combinations(ALL, 2) if len({each.partition(":")[0] for each in pair}) == 2],
)
def test_any_two_compose_or_are_refused_with_a_reason(one, other, prepared, make_spec, execution):
    label = f"{one}+{other}"
    if (one, other) in REFUSED:
        with pytest.raises(WorkbenchError, match=REFUSED[one, other]):
            parse(label, 3)
        return
    shared = prepared("multi-label")
    cohort = make([make_spec(0, label, warmup=0.0)], shared, execution)
    before = {name: value.clone() for name, value in parameters_of(cohort).items()}
    assert train(cohort, 2).isfinite().all()
    after, composition = parameters_of(cohort), parse(label, 3)
    for place in shared.model.anatomy.parameters:
        trains = composition.trains(place.depth, FIRST, shared.model.anatomy)
        assert (not torch.equal(after[place.name], before[place.name])) == trains, place
    assert np.isfinite(cohort.outputs(shared.encoded["dev"])).all()
    # One technique does not undo the other: together they are neither.
    assert composition.label not in (parse(one, 3).label, parse(other, 3).label)


@pytest.mark.parametrize(
    ("technique", "kind"),
    [*[(each, "regression") for each in NEW], ("r-drop:2", "token"), ("smooth:3:0.1", "token")],
)
def test_members_train_as_if_alone_and_micro_batches_move_nothing(
    technique, kind, prepared, make_spec, execution
):
    shared = prepared(kind)
    specs = [make_spec(run, technique, learning_rate=rate) for run, rate in enumerate((1e-3, 2e-3))]
    together = make(specs, shared, execution)
    found = train(together, 7)
    for run, spec in enumerate(specs):
        alone = make([spec], shared, execution)
        torch.testing.assert_close(found[:, 0, run], train(alone, 7)[:, 0, 0], rtol=1e-5, atol=1e-7)
        with together.mean.in_use(), alone.mean.in_use():
            outputs = [each.outputs(shared.encoded["dev"]) for each in (together, alone)]
        torch.testing.assert_close(outputs[0][run], outputs[1][0], rtol=1e-3, atol=1e-4)
    parts = make(specs, shared, replace(execution, micro_batch=3))
    torch.testing.assert_close(train(parts, 3)[:, 0], found[:3, 0], rtol=1e-5, atol=1e-7)


def test_every_family_trains_with_them(small_checkpoints, make_prepared, make_spec, execution):
    techniques = "average:1+mixout:0.6:keep+pretrained-decay+r-drop+smooth:1:0.1"
    for family in small_checkpoints:
        shared = make_prepared(family)
        specs = [make_spec(seed, techniques) for seed in range(2)]
        found = train(make(specs, shared, execution), 2)[:, 0]
        alone = [train(make([spec], shared, execution), 2)[:, 0, 0] for spec in specs]
        torch.testing.assert_close(found, torch.stack(alone, dim=1), rtol=1e-5, atol=1e-7)


def test_strengths_of_decay_may_differ_within_a_cohort(prepared, make_spec, execution):
    shared = prepared("regression")
    labels = ("baseline", "pretrained-decay:1", "pretrained-decay:0.1", "discriminative")
    specs = [make_spec(seed, each, warmup=0.0) for seed, each in enumerate(labels)]
    together = make(specs, shared, execution)
    train(together, 5)
    for run, spec in enumerate(specs):
        alone = make([spec], shared, execution)
        train(alone, 5)
        own = parameters_of(alone)
        for name, value in parameters_of(together, run).items():
            torch.testing.assert_close(value, own[name], rtol=1e-3, atol=2e-5)


class Replayed:
    """Replays as a GPU does: what is not a tensor stays as it was when the shape was first met."""

    def __init__(self):
        self.functions, self.replays = {}, 0

    def __call__(self, function, inputs):
        shapes = tuple(value.shape for value in inputs)
        self.replays += shapes in self.functions
        return self.functions.setdefault(shapes, function)(*[value.clone() for value in inputs])

    def forget(self):
        self.functions.clear()


@pytest.mark.parametrize("technique", ["baseline", *NEW, "mixout:0.6+r-drop:2+smooth:3:0.1"])
def test_a_step_that_is_replayed_reads_tensors_alone(technique, prepared, make_spec, execution):
    shared = prepared("regression")
    specs = [make_spec(seed, technique, batch_size=6) for seed in range(2)]
    plain, replayed = (make(specs, shared, execution) for _ in range(2))
    replayed.recordings, replayed.optimizer.keeps_gradients = Replayed(), True
    for cohort in (plain, replayed):
        # Lines of one length, so that one recording serves.
        cohort.batches.geometry = replace(cohort.geometry, grain=512)
    assert torch.equal(train(replayed, 8), train(plain, 8))
    assert replayed.recordings.replays >= 6


def test_what_a_technique_rules_out_is_not_done(prepared, make_spec, execution, monkeypatch):
    monkeypatch.setattr("workbench.training.cohort._compile_blocks", lambda network: None)
    shared, wanted = prepared("regression"), replace(execution, compiled=True)
    labels = ("baseline", "mixout", "mixout+r-drop", "r-drop+smooth")
    compiled = [make([make_spec(0, each)], shared, wanted).compiled for each in labels]
    assert compiled == [True, False, False, True]
    monkeypatch.setattr("workbench.techniques.mixout.Mixout.records", False)
    wanted = replace(execution, captured=True)
    assert make([make_spec(0, "mixout")], shared, wanted).recordings is None


@pytest.mark.parametrize("technique", ["mixout:0.6", "r-drop:2", "smooth:3:0.1"])
def test_a_recording_that_fails_costs_nothing_but_time(technique, prepared, make_spec, execution):
    def failing(function, inputs):
        function(*[value.clone() for value in inputs])
        raise RecordingFailed("CUDA out of memory")

    shared = prepared("regression")
    plain, recorded = (make([make_spec(0, technique)], shared, execution) for _ in range(2))
    recorded.recordings, recorded.optimizer.keeps_gradients = failing, True
    failing.forget = lambda: None
    with pytest.warns(UserWarning, match="not recorded"):
        found = train(recorded, 3)
    assert torch.equal(found, train(plain, 3))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("technique", ["mixout:0.6", "r-drop:2", "smooth:3:0.1", "average:0.5"])
def test_lower_precision_stays_close(technique, precision, prepared, make_spec, execution):
    shared = prepared("multi-label")
    found = [
        train(make([make_spec(0, technique, precision=each)], shared, execution), 5)
        for each in ("float32", precision)
    ]
    torch.testing.assert_close(found[1], found[0], rtol=0.05, atol=0.05)


def test_what_is_reported_is_the_tasks_own_loss(prepared, make_spec, execution):
    """So that runs can be compared: at the first step nothing has been trained yet."""
    shared = prepared("multi-label")
    first = {
        each: train(make([make_spec(0, each)], shared, execution), 1)[0, 0].item()
        for each in ("baseline", "r-drop:2", "smooth:3:0.1")
    }
    assert len(set(first.values())) == 1


def test_longer_training_unfreezes_further(make_spec, prepared, execution):
    """Epochs are passes over the data: three blocks and the embeddings need four more of them."""
    shared = prepared("regression")
    anatomy = shared.model.anatomy
    reached = {}
    for label in ("unfreeze", "longer:2+unfreeze", "longer:3+unfreeze"):
        cohort = make([make_spec(0, label)], shared, execution)
        composition, last = cohort.composition, cohort.plan.moment(cohort.plan.steps - 1)
        assert last == Moment(last.steps - 1, last.steps, 5)
        reached[label] = [d for d in range(5) if composition.trains(d, last, anatomy)]
    assert list(reached.values()) == [[3, 4], [1, 2, 3, 4], [0, 1, 2, 3, 4]]


def test_blocks_that_have_not_joined_have_no_state_and_do_not_move(make_spec, prepared, execution):
    shared = prepared("regression")
    cohort = make([make_spec(0, "unfreeze", warmup=0.0)], shared, execution)
    start = {name: value.clone() for name, value in parameters_of(cohort).items()}
    for epoch in range(2):
        train(cohort, 5)
        states = {name.split("/")[1] for name in cohort.optimizer.tensors()}
        for place in shared.model.anatomy.parameters:
            joined = place.depth >= 4 - epoch
            moved = not torch.equal(parameters_of(cohort)[place.name], start[place.name])
            assert (moved, place.name in states) == (joined, joined), place
