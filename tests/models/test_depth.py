from collections import Counter

import pytest

from workbench.models.checkpoint import find_checkpoint
from workbench.models.depth import depth_of
from workbench.models.families import FAMILIES
from workbench.models.network import load

LAYERS = 3
BLOCK = Counter(linear=6, bias=8, norm=2)
"""Query, key, value, attention's output, the two of the feed-forward part; two LayerNorms."""

EMBEDDINGS = {
    "bert": Counter(embedding=3, norm=1, bias=1),
    "roberta": Counter(embedding=3, norm=1, bias=1),
    # The projection from narrow embeddings to the hidden width belongs to the embeddings.
    "electra": Counter(embedding=3, norm=1, bias=2, linear=1),
    "distilbert": Counter(embedding=2, norm=1, bias=1),
    "modernbert": Counter(embedding=1, norm=1),
    # Words and the table of distances, each with its norm.
    "deberta-v2": Counter(embedding=2, norm=2, bias=2),
}
CASES = [
    ("bert", False, "native", Counter(linear=2, bias=2)),
    ("bert", False, "linear", Counter(linear=1, bias=1)),
    ("bert", True, "native", Counter(linear=1, bias=1)),
    ("roberta", False, "native", Counter(linear=2, bias=2)),
    ("roberta", True, "native", Counter(linear=1, bias=1)),
    ("electra", False, "native", Counter(linear=2, bias=2)),
    ("electra", False, "linear", Counter(linear=1, bias=1)),
    ("distilbert", False, "native", Counter(linear=2, bias=2)),
    ("distilbert", True, "native", Counter(linear=1, bias=1)),
    ("modernbert", False, "native", Counter(linear=2, norm=1, bias=1)),
    ("modernbert", True, "native", Counter(linear=2, norm=1, bias=1)),
    ("modernbert", False, "linear", Counter(linear=1, bias=1)),
    ("deberta-v2", False, "native", Counter(linear=2, bias=2)),
    ("deberta-v2", True, "native", Counter(linear=1, bias=1)),
]

# The first of ModernBERT's blocks lacks a norm, and the last has the final one.
BLOCKS = {
    "modernbert": [
        Counter(linear=4, norm=1),
        Counter(linear=4, norm=2),
        Counter(linear=4, norm=3),
    ]
}


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
    blocks = BLOCKS.get(family, [BLOCK] * LAYERS)
    assert found == dict(enumerate([EMBEDDINGS[family], *blocks, top]))


@pytest.mark.parametrize("family", EMBEDDINGS)
def test_every_parameter_is_placed_once_in_the_networks_order(loaded, family):
    model = loaded(family)
    names = [place.name for place in model.anatomy.parameters]
    assert names == [name for name, _ in model.network.named_parameters()]


@pytest.mark.parametrize("family", EMBEDDINGS)
def test_a_blocks_depth_is_its_number_plus_one(loaded, family):
    model = loaded(family)
    for number, block in enumerate(model.network.blocks):
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
    ("family", "name", "depth"),
    [
        ("bert", "encoder.embeddings.LayerNorm.bias", 0),
        ("electra", "encoder.embeddings_project.weight", 0),
        ("bert", "encoder.encoder.layer.0.output.dense.weight", 1),
        ("bert", "encoder.encoder.layer.11.output.dense.weight", 12),
        ("bert", "pooler.dense.weight", 13),
        ("bert", "head.classifier.bias", 13),
        ("distilbert", "encoder.transformer.layer.10.ffn.lin1.weight", 11),
        ("modernbert", "encoder.layers.9.mlp.Wi.weight", 10),
        ("modernbert", "encoder.final_norm.weight", 12),
        ("deberta-v2", "encoder.encoder.rel_embeddings.weight", 0),
        ("deberta-v2", "encoder.encoder.LayerNorm.bias", 0),
    ],
)
def test_depth_of(family, name, depth):
    assert depth_of(FAMILIES[family], name, 12) == depth
