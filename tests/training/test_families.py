"""What techniques treat differently, and what has no run of its own, in each family's own names."""

from functools import partial

import pytest
import torch

from workbench.techniques import parse
from workbench.techniques.layerwise import Layerwise
from workbench.techniques.reinit import Reinit
from workbench.training.cohort import Cohort

LAYERS = 3
TOP = {
    "bert": ("encoder.encoder.layer.2.", "pooler."),
    "roberta": ("encoder.encoder.layer.2.",),
    "electra": ("encoder.encoder.layer.2.",),
    "distilbert": ("encoder.transformer.layer.2.",),
    # The final norm ends the top block, and the prediction head is what a pooler is.
    "modernbert": ("encoder.layers.2.", "encoder.final_norm.", "pooler."),
    "deberta-v2": ("encoder.encoder.layer.2.", "pooler."),
}
LOWEST = {
    "distilbert": ("encoder.embeddings.",),
    "modernbert": ("encoder.embeddings.",),
    # The table of distances, and its norm, serve all blocks.
    "deberta-v2": ("encoder.embeddings.", "encoder.encoder.rel_", "encoder.encoder.LayerNorm."),
}


@pytest.fixture(scope="module")
def prepared(make_prepared):
    return {family: make_prepared(family) for family in TOP}


def named(anatomy, told):
    return {place.name for place in anatomy.parameters if told(place)}


@pytest.mark.parametrize("family", TOP)
def test_the_top_block_and_the_pooler_are_drawn_anew(family, prepared):
    anatomy, old, fresh = prepared[family].model.anatomy, torch.zeros(1), torch.ones(1)

    def drawn(place):
        return Reinit(1).initial(place, old, anatomy, lambda place: fresh) is fresh

    wanted = named(anatomy, lambda place: place.name.startswith(TOP[family]))
    assert named(anatomy, drawn) == wanted
    assert wanted


@pytest.mark.parametrize("family", LOWEST)
def test_the_lowest_rate_is_that_of_what_all_blocks_share(family, prepared):
    anatomy = prepared[family].model.anatomy
    rate = partial(Layerwise(0.5).rate, moment=None, anatomy=anatomy)
    lowest = named(anatomy, lambda place: rate(place.depth) == 0.5 ** (LAYERS + 1))
    assert lowest == named(anatomy, lambda place: place.name.startswith(LOWEST[family]))
    full = named(anatomy, lambda place: rate(place.depth) == 1)
    assert full == named(anatomy, lambda place: place.name.startswith(("pooler.", "head.")))


@pytest.mark.parametrize("family", LOWEST)
def test_freezing_all_blocks_leaves_pooler_and_head(family, prepared, make_spec, execution):
    ready = prepared[family]
    cohort = Cohort(
        [make_spec(0, "freeze:3")], ready.model, ready.encoded["train"], "regression", execution
    )
    cohort.step()
    trained = {name for name, value in cohort.network.named_parameters() if value.requires_grad}
    assert trained == named(ready.model.anatomy, lambda place: place.depth == LAYERS + 1)


@pytest.mark.parametrize("technique", ["mixout:0.5", "r-drop", "smooth"])
@pytest.mark.parametrize("family", LOWEST)
def test_techniques_train_members_as_if_alone(family, technique, prepared, make_spec, execution):
    ready, label = prepared[family], parse(technique, LAYERS).label
    specs = [make_spec(seed, label) for seed in range(2)]
    cohorts = [
        Cohort(group, ready.model, ready.encoded["train"], "regression", execution)
        for group in (specs, specs[:1], specs[1:])
    ]
    together, *lone = (torch.stack([cohort.step()[0] for _ in range(3)]) for cohort in cohorts)
    torch.testing.assert_close(together, torch.cat(lone, dim=1), rtol=1e-4, atol=1e-6)
    assert together.isfinite().all()


@pytest.mark.parametrize("family", LOWEST)
def test_padding_of_neighbours_moves_no_mask(family, prepared, make_spec, execution):
    """An example is dropped alike on its own and between longer ones."""
    ready = prepared[family]
    split = ready.encoded["train"]
    cohort = Cohort([make_spec(0)], ready.model, split, "regression", execution)
    cohort.network.train()
    shortest = int(split.lengths.argmin())
    longer = int(split.lengths.argmax())
    assert split.lengths[shortest] < split.lengths[longer]
    with torch.no_grad():
        alone, among = (
            cohort.forward(cohort._shared(split, torch.tensor(group).numpy(), 1))[0]
            for group in ([shortest], [longer, shortest])
        )
    torch.testing.assert_close(among[1], alone[0], rtol=1e-5, atol=1e-6)
