from functools import partial

import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.techniques.freeze import Freeze
from workbench.techniques.reinit import Reinit
from workbench.training.initial import draw

PRETRAINED = torch.full((200, 200), 7.0)


def after(technique, anatomy):
    """Return what each parameter starts from, and which of them were drawn anew."""
    fresh = partial(draw, 0, anatomy.initializer_range, PRETRAINED.shape)
    values = {p: technique.initial(p, PRETRAINED, anatomy, fresh) for p in anatomy.parameters}
    return values, {place.name for place, value in values.items() if value is not PRETRAINED}


@pytest.mark.parametrize(("layers", "blocks"), [(1, [5]), (2, [4, 5]), (6, [0, 1, 2, 3, 4, 5])])
@pytest.mark.parametrize("pooler", [True, False])
def test_the_top_blocks_and_the_pooler_are_drawn_anew(make_anatomy, layers, blocks, pooler):
    anatomy = make_anatomy(6, pooler)
    _, drawn = after(Reinit(layers), anatomy)
    prefixes = tuple(f"encoder.encoder.layer.{block}." for block in blocks)
    names = {place.name for place in anatomy.parameters}
    assert drawn == {name for name in names if name.startswith((*prefixes, "pooler."))}
    assert len(drawn) == 4 * layers + 2 * pooler


def test_nothing_is_drawn_without_layers(make_anatomy):
    assert Reinit(0).neutral
    assert after(Reinit(0), make_anatomy(6))[1] == set()


def test_what_is_drawn(make_anatomy):
    values, drawn = after(Reinit(1), make_anatomy(6))
    for place, value in values.items():
        if place.name not in drawn:
            assert value is PRETRAINED
        elif place.kind == "bias":
            assert torch.all(value == 0)
        elif place.kind == "norm":
            assert torch.all(value == 1)
        else:
            # 40,000 draws: the mean's standard error is 0.0001, the deviation's 0.00007.
            assert float(value.mean()) == pytest.approx(0, abs=5e-4)
            assert float(value.std()) == pytest.approx(0.02, abs=4e-4)


def test_each_parameter_has_a_draw_of_its_own(make_anatomy):
    values, _ = after(Reinit(2), make_anatomy(6))
    weights = [v for p, v in values.items() if p.kind == "linear" and v is not PRETRAINED]
    assert len(weights) == 3
    assert not any(torch.equal(weights[0], other) for other in weights[1:])


def test_another_depth_does_not_shift_a_draw(make_anatomy):
    one, two = (after(Reinit(layers), make_anatomy(6))[0] for layers in (1, 2))
    for place, value in one.items():
        assert value is PRETRAINED or torch.equal(value, two[place])


@pytest.mark.parametrize("layers", ["7", "-1"])
def test_more_blocks_than_there_are_is_refused(layers):
    with pytest.raises(WorkbenchError, match=f"reinit:{layers} is out of range"):
        Reinit.parse([layers]).resolve(6)


@pytest.mark.parametrize(
    ("frozen", "drawn", "clash"), [(6, 1, True), (3, 4, True), (3, 3, False), (0, 6, False)]
)
def test_fresh_weights_cannot_be_frozen(frozen, drawn, clash):
    assert (Reinit(drawn).conflict(Freeze(frozen), 6) is not None) == clash
