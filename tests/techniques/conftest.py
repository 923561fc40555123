"""The anatomy of a BERT with any number of blocks, without any weights."""

import pytest

from workbench.models.depth import Anatomy, Parameter

_BLOCK = {"output.dense.weight": "linear", "output.dense.bias": "bias"}
_BLOCK |= {"output.LayerNorm.weight": "norm", "output.LayerNorm.bias": "bias"}


def _anatomy(layers: int, pooler: bool = True) -> Anatomy:
    top = layers + 1
    places = [Parameter("encoder.embeddings.word_embeddings.weight", 0, "embedding")]
    places += [
        Parameter(f"encoder.encoder.layer.{block}.{name}", block + 1, kind)
        for block in range(layers)
        for name, kind in _BLOCK.items()
    ]
    if pooler:
        places.append(Parameter("pooler.dense.weight", top, "linear", pooler=True))
        places.append(Parameter("pooler.dense.bias", top, "bias", pooler=True))
    places.append(Parameter("head.classifier.weight", top, "linear"))
    places.append(Parameter("head.classifier.bias", top, "bias"))
    return Anatomy(layers, 0.02, tuple(places))


@pytest.fixture(scope="session")
def make_anatomy():
    return _anatomy
