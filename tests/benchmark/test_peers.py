"""transformers' Trainer does the same work as the engine, and each peer its own way."""

from dataclasses import replace
from itertools import product

import pytest
import torch
from torch.optim import AdamW

from workbench.benchmark import engine, peers
from workbench.benchmark.agreement import compare, jobs_in_order
from workbench.benchmark.job import ENGINE, PUBLISHED, REST, TUNED, Turns

TASKS = ("miniature-similarity", "miniature-document", "miniature-mention")


def run(job, commands=(3,)):
    """Let a contestant take turns in this process; return what it sent."""
    sent, left = [], iter([*commands, 0])
    turns = Turns(lambda: next(left), sent.append, torch.device(job.device))
    (engine if job.contestant == ENGINE else peers).train(job, turns)
    return sent


def agreement_jobs(comparison):
    job = comparison.job(ENGINE)
    spec = comparison.spec(dropout=0.0, warmup=0.0, epochs=1, batch_size=4, learning_rate=1e-2)
    return jobs_in_order(replace(job, specs=(spec,)))


@pytest.mark.parametrize(
    ("family", "task"),
    [
        *product(["bert", "roberta", "electra"], TASKS),
        *product(["distilbert", "modernbert", "deberta-v2"], TASKS[:1]),
    ],
)
def test_the_losses_agree(make_comparison, family, task):
    jobs = agreement_jobs(make_comparison(task, family))
    losses = {job.contestant: [step[0] for step in run(job)[0].losses] for job in jobs}
    found = compare(losses, "float32")
    assert found["agree"], found
    assert set(found["difference"]) == {PUBLISHED, TUNED}
    assert len(set(losses[ENGINE])) == 3


def test_the_losses_agree_when_half_is_frozen(make_comparison):
    frozen, free = (
        [run(job)[0].losses for job in agreement_jobs(make_comparison(technique=technique))]
        for technique in ("freeze", "baseline")
    )
    assert frozen[0][2] == pytest.approx(frozen[1][2], rel=1e-4)
    assert frozen[0][2] == pytest.approx(frozen[2][2], rel=1e-4)
    assert frozen[2][2] != pytest.approx(free[2][2], rel=1e-3)


@pytest.mark.parametrize("technique", ["baseline", "freeze"])
def test_what_is_frozen_has_no_gradient(make_comparison, technique):
    comparison = make_comparison(technique=technique)
    job = comparison.job(TUNED)
    loaded = job.load()
    model = peers.native_model(job, loaded)
    frozen = {name for name, value in model.named_parameters() if not value.requires_grad}
    assert any("layer.0." in name for name in frozen) == (technique == "freeze")
    assert not any("layer.1." in name or "classifier" in name for name in frozen)


@pytest.mark.parametrize(
    ("contestant", "width", "fused"), [(PUBLISHED, 66, None), (TUNED, 40, True)]
)
def test_each_peer_pads_and_updates_its_own_way(
    make_comparison, monkeypatch, contestant, width, fused
):
    seen = []
    step = peers._NotingTrainer.training_step

    def spy(trainer, model, inputs, *rest):
        seen.append((inputs["input_ids"].shape, trainer.optimizer.optimizer))
        return step(trainer, model, inputs, *rest)

    monkeypatch.setattr(peers._NotingTrainer, "training_step", spy)
    job = make_comparison().job(contestant)
    run(job, [1])
    ((_, found), optimizer) = seen[0]
    longest = int(job.train.lengths[: job.specs[0].batch_size].max())
    assert found == (width if contestant == PUBLISHED else -(-longest // 8) * 8)
    assert isinstance(optimizer, AdamW)
    assert optimizer.param_groups[0]["fused"] is fused


@pytest.mark.parametrize("contestant", [PUBLISHED, TUNED, ENGINE])
def test_turns_go_on_where_the_last_one_ended(make_comparison, contestant):
    job = make_comparison().job(contestant)
    (whole,) = run(job, [5])
    first, rested, second = run(job, [2, REST, 3])
    assert rested is None
    assert (len(first.losses), len(second.losses)) == (2, 3)
    assert first.losses == whole.losses[:2]
    if contestant == ENGINE:  # The peers' dropout is torch's own.
        assert first.losses + second.losses == whole.losses
    assert min(whole.seconds, first.seconds, second.seconds) > 0


def test_a_loss_scale_starts_low_and_is_otherwise_as_it_was():
    scaler = torch.amp.GradScaler("cpu")
    before = scaler.state_dict()
    peers.start_low(scaler)
    assert scaler.state_dict() == before | {"scale": 128.0} and scaler.get_scale() == 128.0
