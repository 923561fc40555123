from dataclasses import replace

import numpy as np
import pytest
import torch

from workbench.training.outcome import predict
from workbench.training.trainer import Stopped, Trainer

FEW_TOKENS, ASKED = 400, 24
"""Of an evaluation's batch, and how often training then asks whether to stop."""


class Memory:
    """A recorder that keeps everything, and saves a checkpoint after chosen steps."""

    def __init__(self, save_every=0, saved=None):
        self.save_every, self.saved = save_every, saved
        self.losses, self.epochs, self.asked = {}, [], 0

    def resume(self):
        return self.saved

    def steps(self, first, losses, norms):
        assert len(losses) == len(norms)
        self.losses |= dict(enumerate(losses, first))

    def epoch(self, epoch, step, scores):
        self.epochs.append((epoch, step, scores))

    def due(self):
        self.asked += 1
        return bool(self.save_every) and self.asked % self.save_every == 0

    def save(self, tensors, state):
        self.saved = {name: value.clone() for name, value in tensors.items()}, state


def train(specs, prepared, execution, recorder=None, stop=lambda: False):
    recorder = recorder or Memory()
    return Trainer(specs, prepared, recorder, execution, stop).run(), recorder


def same(one, other):
    return one.result == other.result and all(
        np.array_equal(one.predictions[split], other.predictions[split])
        for split in ("dev", "test")
    )


@pytest.fixture
def specs(make_spec):
    return [make_spec(0), make_spec(1, "layerwise:0.8", reporting="best-dev")]


def test_the_same_runs_twice_are_equal_to_the_last_bit(specs, make_prepared, execution):
    first, recorder = train(specs, make_prepared(), execution)
    second, _ = train(specs, make_prepared(), execution)
    assert all(map(same, first, second))
    assert sorted(recorder.losses) == list(range(1, 11))
    assert [(epoch, step) for epoch, step, _ in recorder.epochs] == [(1, 5), (2, 10)]


# It is asked after each of ten steps and before the batches in which dev is scored after the fifth
# and the tenth, and test at the end.
@pytest.mark.parametrize("asked", [1, 4, 5, 6, 8, 10, 14, 18, 19, 21, ASKED])
def test_a_stopped_cohort_goes_on_to_the_same_bits(asked, specs, make_prepared, execution):
    prepared, execution = make_prepared(), replace(execution, evaluation_tokens=FEW_TOKENS)
    expected, straight = train(specs, prepared, execution)
    recorder, left = Memory(), iter(range(asked, 0, -1))
    with pytest.raises(Stopped):
        train(specs, prepared, execution, recorder, lambda: next(left) == 1)
    resumed, second = train(specs, prepared, execution, Memory(saved=recorder.saved))
    assert all(map(same, resumed, expected))
    assert recorder.losses | second.losses == straight.losses
    assert recorder.epochs + second.epochs == straight.epochs


def test_it_is_asked_to_stop_while_it_scores(specs, make_prepared, execution):
    execution, asked = replace(execution, evaluation_tokens=FEW_TOKENS), []
    train(specs, make_prepared(), execution, stop=lambda: asked.append(None) is not None)
    assert len(asked) == ASKED


@pytest.mark.parametrize(
    ("techniques", "steps"),
    [
        ("average:0.5", 4),
        ("average:0.5", 7),
        ("mixout:0.6", 3),
        ("unfreeze:2", 3),
        ("unfreeze:2", 8),
        ("pretrained-decay:1+reinit:1", 6),
        ("average:0.5+mixout:0.6:keep+r-drop+smooth", 8),
    ],
)
def test_whatever_techniques_keep_is_there_again(
    techniques, steps, make_prepared, make_spec, execution
):
    prepared = make_prepared()
    specs = [make_spec(0, techniques), make_spec(1, techniques, reporting="best-dev")]
    expected, straight = train(specs, prepared, execution)
    recorder, left = Memory(), iter(range(steps, -1, -1))
    with pytest.raises(Stopped):
        train(specs, prepared, execution, recorder, lambda: next(left) <= 1)
    resumed, second = train(specs, prepared, execution, Memory(saved=recorder.saved))
    assert all(map(same, resumed, expected))
    assert recorder.losses | second.losses == straight.losses
    assert recorder.epochs + second.epochs == straight.epochs


def test_the_mean_of_the_weights_is_what_is_scored(make_prepared, make_spec, execution):
    """Dev after an epoch as if training ended there; then the mean stays in the network."""
    prepared, task = make_prepared(), make_prepared().task
    techniques = ("average:0.7", "baseline")
    specs = [make_spec(0, each, warmup=0.0, weight_decay=0.5) for each in techniques]
    averaged, plain = (Trainer([spec], prepared, Memory(), execution) for spec in specs)
    weights, unused = {}, []
    for trainer in (averaged, plain):
        step = trainer.cohort.step

        def noting(trainer=trainer, step=step):
            found = step()
            at = trainer, trainer.cohort.position
            weights[at] = {n: v.detach().clone() for n, v in trainer._parameters().items()}
            unused.append(trainer.cohort.optimizer.unused[0])
            return found

        trainer.cohort.step = noting
    (found,), _ = averaged.run(), plain.run()
    for step in range(1, 11):
        pair = (weights[trainer, step] for trainer in (averaged, plain))
        assert all(map(torch.equal, *(each.values() for each in pair))), "training is the same"
    for number, (first, last) in enumerate([(4, 5), (4, 10)]):
        steps = range(first, last + 1)
        for name, value in plain._parameters().items():
            mean = sum(weights[plain, step][name] for step in steps) / len(steps)
            value.detach().copy_(mean)
        outputs = plain.cohort.outputs(prepared.encoded["dev"])[0]
        predicted = predict(task, "dev", prepared.encoded["dev"], outputs)
        score = task.shape.score(task.splits["dev"], predicted)["pearson"]
        assert found.result["history"][number]["dev"] == pytest.approx(score, abs=1e-4)
    for name, value in averaged._parameters().items():
        torch.testing.assert_close(value, plain._parameters()[name], rtol=1e-5, atol=1e-6)
    assert found.result["dev"]["pearson"] == pytest.approx(score, abs=1e-4)
    assert len(set(unused[:10])) == 10
    assert averaged.scored(0).unused == pytest.approx(sum(unused[3:10]) / 7)


def test_checkpoints_along_the_way_move_nothing(specs, make_prepared, execution):
    expected, _ = train(specs, make_prepared(), execution)
    found, recorder = train(specs, make_prepared(), execution, Memory(save_every=3))
    assert all(map(same, found, expected)) and recorder.saved is not None


def test_the_best_dev_epoch_is_what_is_reported(make_prepared, make_spec, execution):
    # A rate that destroys what was learned makes the last epoch differ from the best one.
    values = {"learning_rate": 5e-3, "epochs": 6, "warmup": 0.0}
    specs = [make_spec(0, **values), make_spec(0, reporting="best-dev", **values)]
    (last, best), _ = train(specs, make_prepared(), execution)
    history = [entry["dev"] for entry in best.result["history"]]
    assert history == [entry["dev"] for entry in last.result["history"]]
    top = history.index(max(history))
    assert best.result["reported_step"] == best.result["history"][top]["step"]
    assert best.result["dev"]["pearson"] == pytest.approx(max(history), abs=1e-6)
    assert last.result["reported_step"] == 30
    assert last.result["dev"]["pearson"] == pytest.approx(history[-1], abs=1e-6)


def test_the_final_loss_is_the_mean_of_the_last_epoch(make_prepared, make_spec, execution):
    (found,), recorder = train([make_spec(0)], make_prepared(), execution)
    last_epoch = [recorder.losses[step][0] for step in range(6, 11)]
    assert found.result["final_loss"] == pytest.approx(sum(last_epoch) / 5)


def test_a_run_that_diverges_is_collapsed_and_does_not_disturb_its_neighbour(
    make_prepared, make_spec, execution
):
    prepared = make_prepared()
    wild = make_spec(0, learning_rate=1e30, clip_norm=0.0)
    (diverged, beside), _ = train([wild, make_spec(1)], prepared, execution)
    (alone,), _ = train([make_spec(1)], prepared, execution)
    assert diverged.result["collapsed"] and diverged.result["test"]["pearson"] is None
    assert beside.result["test"]["pearson"] == pytest.approx(
        alone.result["test"]["pearson"], abs=1e-3
    )


@pytest.mark.parametrize("compiled", [False, True])
def test_the_time_to_compile_is_told_apart(compiled, specs, make_prepared, execution, monkeypatch):
    monkeypatch.setattr("workbench.training.cohort._compile_blocks", lambda network: None)
    chosen = replace(execution, compiled=compiled)
    trainer = Trainer(specs, make_prepared(), Memory(), chosen)
    trainer.run()
    assert (trainer.first_step_seconds is not None) == compiled


@pytest.mark.parametrize("techniques", ["baseline", "uncorrected"])
def test_a_stopped_cohort_keeps_its_loss_scales_and_its_unused_rows(
    techniques, make_prepared, make_spec, execution, monkeypatch
):
    monkeypatch.setattr("workbench.training.loss_scale.INITIAL", 2.0**24)
    prepared = make_prepared()
    specs = [make_spec(run, techniques, precision="float16", weight_decay=0.1) for run in range(2)]
    whole = Trainer(specs, prepared, Memory(), execution)
    straight = whole.run()
    recorder, asked = Memory(), []
    with pytest.raises(Stopped):
        train(specs, prepared, execution, recorder, lambda: len(asked) > 3 or asked.append(1))
    state = recorder.saved[1]
    assert state["unused"][0] < 1 and len(state["scales"]) == 2
    assert state["counts"] == [[5] * len(counts) for counts in state["counts"]]
    resumed = Trainer(specs, prepared, Memory(saved=recorder.saved), execution)
    assert all(map(same, resumed.run(), straight))
    assert resumed.cohort.optimizer.unused == whole.cohort.optimizer.unused
    assert resumed.cohort.scale.state == whole.cohort.scale.state


# The losses of steps 1, 5 and 10 and the test score, as this engine gave them once.
GOLDEN = {
    "miniature-similarity:size=24": [8.13736e-05, 6.0851603, 2.1143446, -0.0604841],
    "miniature-document:size=24": [0.69062221, 0.68592358, 0.6739884, 0.0],
    "miniature-mention:size=24": [1.1713704, 1.0359557, 0.91783674, 0.05714286],
}


@pytest.mark.parametrize("task", GOLDEN)
def test_golden_runs(task, make_prepared, make_spec, execution):
    """Pin the engine's arithmetic: when this moves, raise NUMERICS_VERSION."""
    (found,), recorder = train([make_spec(0)], make_prepared(task=task), execution)
    losses = [recorder.losses[step][0] for step in (1, 5, 10)]
    score = found.result["test"][found.result["metric"]]
    assert losses == pytest.approx(GOLDEN[task][:-1], rel=1e-4)
    # A correlation near zero keeps fewer digits: processors with AVX-512 sum in another order.
    assert score == pytest.approx(GOLDEN[task][-1], rel=1e-4, abs=2e-5)


def test_the_test_split_is_read_only_at_the_end(specs, make_prepared, execution, monkeypatch):
    prepared = make_prepared()
    trainer = Trainer(specs, prepared, Memory(), execution)
    read = []
    original = trainer.cohort.outputs

    def outputs(split, stop):
        read.append((split is prepared.encoded["test"], trainer.cohort.position))
        return original(split, stop)

    monkeypatch.setattr(trainer.cohort, "outputs", outputs)
    trainer.run()
    assert [position for of_test, position in read if of_test] == [10]


def test_random_states_of_the_process_do_not_matter(specs, make_prepared, execution):
    torch.manual_seed(1)
    first, _ = train(specs, make_prepared(), execution)
    torch.manual_seed(2)
    np.random.seed(3)
    second, _ = train(specs, make_prepared(), execution)
    assert all(map(same, first, second))


@pytest.mark.parametrize("steps", [2, 6, 9])
def test_a_resumed_cohort_scores_the_same_weights(steps, make_prepared, make_spec, execution):
    """Word embeddings that are never used included: their decay is that of the scored epoch."""
    decayed = {"weight_decay": 0.1, "learning_rate": 5e-3}
    specs = [make_spec(0, **decayed), make_spec(1, reporting="best-dev", **decayed)]
    prepared = make_prepared()
    straight = Trainer(specs, prepared, Memory(), execution)
    straight.run()
    recorder, left = Memory(), iter(range(steps, -1, -1))
    with pytest.raises(Stopped):
        train(specs, prepared, execution, recorder, lambda: next(left) <= 1)
    resumed = Trainer(specs, prepared, Memory(saved=recorder.saved), execution)
    resumed.run()
    for run in range(2):
        first, second = straight.scored(run), resumed.scored(run)
        assert first.unused == second.unused < 1
        assert first.weights.keys() == second.weights.keys()
        for name, value in first.weights.items():
            assert torch.equal(value, second.weights[name]), name


def test_of_an_earlier_epoch_the_unused_embeddings_are_that_epoch_s(
    make_prepared, make_spec, execution
):
    # A rate that destroys what was learned makes the last epoch differ from the best one.
    values = {"learning_rate": 0.05, "weight_decay": 0.1, "epochs": 4, "reporting": "best-dev"}
    specs = [make_spec(seed, **values) for seed in range(4)]
    trainer = Trainer(specs, make_prepared(), Memory(), execution)
    steps = [found.result["reported_step"] for found in trainer.run()]
    last = trainer.cohort.plan.steps
    assert min(steps) < last
    for run, step in enumerate(steps):
        left = trainer.cohort.optimizer.unused[run]
        rates = [trainer.cohort.optimizer.call(run, 0, at, True) for at in range(step)]
        expected = np.prod([1 - each.rate * each.weight_decay for each in rates])
        assert trainer.scored(run).unused == pytest.approx(expected, rel=1e-12)
        assert (trainer.scored(run).unused == left) == (step == last)
