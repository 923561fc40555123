import pytest

from workbench.models.catalogue import BUNDLED, MODELS, PREFERRED, size_of
from workbench.models.checkpoint import SUPPORTED

SHORT_NAMES = """
    bert bert-large roberta roberta-large electra electra-large biobert scibert clinicalbert
    bluebert pubmedbert pubmedbert-fulltext pubmedbert-large pubmedelectra pubmedelectra-large
    biolinkbert biolinkbert-large bioelectra biom-electra-large minilm
"""


def test_every_short_name_is_there():
    assert set(MODELS) == set(SHORT_NAMES.split())
    assert {BUNDLED, PREFERRED} <= set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_sizes_follow_the_name(name):
    model = MODELS[name]
    wanted = {True: ("large", 24, 1024), False: ("base", 12, 768)}[name.endswith("-large")]
    assert (model.size, model.layers, model.hidden) == (
        ("small", 6, 384) if name == BUNDLED else wanted
    )


def test_families_can_be_trained():
    assert {model.family for model in MODELS.values()} < set(SUPPORTED)


@pytest.mark.parametrize(
    ("hidden", "size"),
    [(384, "small"), (767, "small"), (768, "base"), (1023, "base"), (1024, "large")],
)
def test_size_of(hidden, size):
    assert size_of(hidden) == size
