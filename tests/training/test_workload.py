from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from workbench.models.checkpoint import find_checkpoint
from workbench.tasks.loading import load as load_task
from workbench.training.cohort import Cohort
from workbench.training.operations import (
    evaluation_operations,
    search_operations,
    training_operations,
)
from workbench.training.plan import Execution
from workbench.training.prepared import prepare
from workbench.training.workload import measure, workload


@pytest.fixture(scope="module")
def shared(make_prepared):
    """Return the workload of 24 pairs: 5 steps of 5 an epoch, in a model of 3 blocks."""
    return workload(make_prepared())


def test_parameters_are_counted_by_depth(shared, make_prepared):
    parameters = dict(make_prepared().model.network.named_parameters())
    assert sum(shared.parameters) == sum(value.numel() for value in parameters.values())
    # Four squares of 32, two of 32 x 48, their biases, two norms.
    block = 4 * (32 * 32 + 32) + 2 * 32 * 48 + 48 + 32 + 4 * 32
    assert shared.parameters[1:4] == (block, block, block)


@pytest.mark.parametrize(
    ("techniques", "frozen"),
    [("baseline", -1), ("freeze:0", 0), ("freeze:2", 2), ("freeze:3+reinit:0", 3)],
)
def test_the_frozen_depth(techniques, frozen, shared, make_spec):
    assert shared.frozen(make_spec(techniques=techniques)) == frozen


@pytest.mark.parametrize(
    ("values", "first", "epochs", "scored"),
    [
        ({"epochs": 2}, 0, 2, 2),
        ({"epochs": 2}, 5, 1, 1),
        ({"epochs": 2}, 3, 1.4, 2),
        ({"epochs": 2, "max_steps": 7}, 0, 1.4, 2),
        ({"epochs": 2, "reporting": "best-dev"}, 0, 2, 3),
        ({"epochs": 2, "techniques": "longer:2"}, 0, 4, 4),
    ],
)
def test_operations_of_a_run(values, first, epochs, scored, shared, make_spec):
    lengths, sizes = shared.lengths, shared.sizes
    expected = (
        epochs * training_operations(sizes, lengths["train"])
        + scored * evaluation_operations(sizes, lengths["dev"])
        + evaluation_operations(sizes, lengths["test"])
    )
    assert shared.operations(make_spec(**values), first) == pytest.approx(expected)


def test_what_freezing_saves_is_not_counted(shared, make_spec):
    found = [shared.operations(make_spec(techniques=t)) for t in ("baseline", "freeze:2")]
    each = [training_operations(shared.sizes, shared.lengths["train"], f) for f in (-1, 2)]
    assert found[0] - found[1] == pytest.approx(2 * (each[0] - each[1]))
    assert each[1] < 0.5 * each[0]


@pytest.mark.parametrize(
    ("techniques", "passes"),
    [("r-drop", 2), ("smooth", 2), ("r-drop+smooth", 3), ("mixout", 1), ("average", 1)],
)
@pytest.mark.parametrize("frozen", [-1, 2])
def test_every_pass_is_counted(techniques, passes, frozen, shared, make_spec):
    base = "baseline" if frozen < 0 else f"freeze:{frozen}"
    both = (base, techniques if frozen < 0 else f"{base}+{techniques}")
    found = [shared.operations(make_spec(techniques=t)) for t in both]
    train = shared.lengths["train"]
    more = (passes - 1) * training_operations(shared.sizes, train, frozen)
    if "smooth" in techniques:
        more += search_operations(shared.sizes, train)
    assert found[1] - found[0] == pytest.approx(2 * more)


@pytest.mark.parametrize("base", ["baseline", "freeze:2"])
@pytest.mark.parametrize("technique", ["r-drop", "smooth", "smooth+mixout"])
def test_torch_counts_as_many_more_in_a_step(base, technique, make_prepared, make_spec):
    prepared = make_prepared(dropout=0.0)
    train, objective = prepared.encoded["train"], prepared.task.shape.objective
    described, techniques = workload(prepared), f"{base}+{technique}".removeprefix("baseline+")

    def counted(chosen):
        spec = make_spec(techniques=chosen, batch_size=len(train), epochs=1)
        cohort = Cohort([spec], prepared.model, train, objective, Execution(torch.device("cpu")))
        with FlopCounterMode(display=False) as counter:
            cohort.step()
        passed = [described.lengths[name] for name in ("dev", "test")]
        scored = sum(evaluation_operations(described.sizes, lengths) for lengths in passed)
        return counter.get_total_flops(), described.operations(spec) - scored

    (torch_base, base_count), (torch_all, all_count) = counted(base), counted(techniques)
    assert all_count / base_count == pytest.approx(torch_all / torch_base, rel=0.05)


def test_blocks_that_have_not_joined_are_not_counted(shared, make_spec):
    spec = make_spec(techniques="unfreeze", epochs=6)
    assert [shared.frozen(spec, 5 * epoch) for epoch in range(6)] == [3, 2, 1, 0, -1, -1]
    found = shared.operations(make_spec(epochs=6)) - shared.operations(spec)
    train = shared.lengths["train"]
    each = [training_operations(shared.sizes, train, frozen) for frozen in (-1, 3, 2, 1, 0)]
    assert found == pytest.approx(4 * each[0] - sum(each[1:]))


def test_cached_blocks_are_not_counted_again(shared, make_spec):
    both = [shared.operations(make_spec(techniques=t)) for t in ("freeze:2", "freeze:2:cached")]
    train, passed = shared.lengths["train"], [*[shared.lengths["dev"]] * 2, shared.lengths["test"]]
    saved = [training_operations(shared.sizes, train, 2, cached) for cached in (False, True)]
    lower = 2 * (saved[0] - saved[1])
    for lengths in passed:
        lower += evaluation_operations(shared.sizes, lengths)
        lower -= evaluation_operations(replace(shared.sizes, layers=1), lengths)
    assert both[0] - both[1] == pytest.approx(lower)


@pytest.mark.parametrize(
    "family",
    ["bert", "roberta", "electra", "distilbert", "modernbert", "modernbert-mean", "deberta-v2"],
)
@pytest.mark.parametrize("task", ["miniature-document:size=24", "miniature-mention:size=24"])
@pytest.mark.parametrize("head", ["native", "linear"])
def test_what_is_counted_without_a_network_is_what_a_network_has(
    family, task, head, small_checkpoints, make_spec
):
    folder = str(small_checkpoints[family].folder)
    spec = make_spec(
        task=task,
        data=load_task(task).data_hash,
        model=folder,
        weights=find_checkpoint(folder).weights,
        head=head,
    )
    found, expected = measure(spec), workload(prepare(spec))
    assert found.parameters == expected.parameters
    assert (found.sizes, found.heads, found.outputs) == (
        expected.sizes,
        expected.heads,
        expected.outputs,
    )
    for name, lengths in expected.lengths.items():
        assert lengths.tolist() == found.lengths[name].tolist()
    assert found.operations(spec) == expected.operations(spec)
