from collections import Counter

import pytest

from workbench.models.checkpoint import find_checkpoint
from workbench.models.depth import depth_of
from workbench.models.network import load

LAYERS = 3
BLOCK = Counter(linear=6, bias=8, norm=2)
"""Query, key, value, attention's output, the two of the feed-forward part; two LayerNorms."""

EMBEDDINGS = {
    "bert": Counter(embedding=3, norm=1, bias=1),
    "roberta": Counter(embedding=3, norm=1, bias=1),
    # The projection from narrow embeddings to the hidden width belongs to the embeddings.
    "electra": Counter(embedding=3, norm=1, bias=2, linear=1),
}
CASES = [
    ("bert", False, "native", Counter(linear=2, bias=2)),
    ("bert", False, "linear", Counter(linear=1, bias=1)),
    ("bert", True, "native", Counter(linear=1, bias=1)),
    ("roberta", False, "native", Counter(linear=2, bias=2)),
    ("roberta", True, "native", Counter(linear=1, bias=1)),
    ("electra", False, "native", Counter(linear=2, bias=2)),
    ("electra", False, "linear", Counter(linear=1, bias=1)),
]


@pytest.fixture(scope="module")
def loaded(folders):
    def load_one(family, per_token=False, head="native"):
        return load(find_checkpoint(str(folders[family])), 4, per_token, head)

    return load_one


@pytest.mark.parametrize(("family", "per_token", "head", "top"), CASES)
def test_each_parameter_sits_at_its_depth(loaded, family, per_token, head, top):
    model = loaded(family, per_token, head)
    found = {depth: Counter() for depth in range(LAYERS + 2)}
    for place in model.anatomy.parameters:
        found[place.depth][place.kind] += 1
    blocks = dict.fromkeys(range(1, LAYERS + 1), BLOCK)
    assert found == {0: EMBEDDINGS[family], **blocks, LAYERS + 1: top}


@pytest.mark.parametrize("family", EMBEDDINGS)
def test_every_parameter_is_placed_once_in_the_networks_order(loaded, family):
    model = loaded(family)
    names = [place.name for place in model.anatomy.parameters]
    assert names == [name for name, _ in model.network.named_parameters()]


@pytest.mark.parametrize("family", EMBEDDINGS)
def test_a_blocks_depth_is_its_number_plus_one(loaded, family):
    model = loaded(family)
    for number, block in enumerate(model.network.encoder.encoder.layer):
        ours = {id(value) for value in block.parameters()}
        values = dict(model.network.named_parameters())
        placed = {p.depth for p in model.anatomy.parameters if id(values[p.name]) in ours}
        assert placed == {number + 1}


def test_the_anatomy_tells_what_drawing_needs(loaded):
    anatomy = loaded("bert").anatomy
    assert (anatomy.layers, anatomy.top, anatomy.initializer_range) == (LAYERS, LAYERS + 1, 0.3)
    pooler = [place.name for place in anatomy.parameters if place.pooler]
    assert pooler == ["pooler.dense.weight", "pooler.dense.bias"]


def test_weight_decay_spares_biases_and_norms(loaded):
    kinds = {(place.kind, place.decays) for place in loaded("electra").anatomy.parameters}
    assert kinds == {("linear", True), ("embedding", True), ("norm", False), ("bias", False)}


@pytest.mark.parametrize(
    ("name", "depth"),
    [
        ("encoder.embeddings.LayerNorm.bias", 0),
        ("encoder.embeddings_project.weight", 0),
        ("encoder.encoder.layer.0.output.dense.weight", 1),
        ("encoder.encoder.layer.11.output.dense.weight", 12),
        ("pooler.dense.weight", 13),
        ("head.classifier.bias", 13),
    ],
)
def test_depth_of(name, depth):
    assert depth_of(name, 12) == depth
