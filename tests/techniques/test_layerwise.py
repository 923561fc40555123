import pytest

from workbench.errors import WorkbenchError
from workbench.techniques import FIRST
from workbench.techniques.layerwise import Layerwise


def rates(layers, make_anatomy, *settings):
    anatomy, technique = make_anatomy(layers), Layerwise(*settings)
    return [technique.rate(depth, FIRST, anatomy) for depth in range(anatomy.top + 1)]


def test_zhangs_convention_at_every_depth(make_anatomy):
    # From the embeddings up: two blocks, then pooler and head.
    assert rates(2, make_anatomy, 0.5) == [0.125, 0.25, 0.5, 1]


def test_electras_convention_at_every_depth(make_anatomy):
    assert rates(2, make_anatomy, 0.5, "electra") == [0.0625, 0.125, 0.25, 1]


@pytest.mark.parametrize(
    ("layers", "decay", "zhang", "electra"), [(12, 0.8, 0.055, 0.044), (24, 0.9, 0.072, 0.065)]
)
def test_published_sizes_at_every_depth(make_anatomy, layers, decay, zhang, electra):
    ours = rates(layers, make_anatomy, decay)
    theirs = rates(layers, make_anatomy, decay, "electra")
    from_top = range(1, layers + 2)
    assert ours[::-1] == pytest.approx([1, *(decay**k for k in from_top)])
    assert theirs[::-1] == pytest.approx([1, *(decay ** (k + 1) for k in from_top)])
    assert (round(ours[0], 3), round(theirs[0], 3)) == (zhang, electra)


@pytest.mark.parametrize("convention", ["zhang", "electra"])
def test_a_decay_of_one_is_neutral(make_anatomy, convention):
    assert Layerwise(1.0, convention).neutral
    assert set(rates(6, make_anatomy, 1.0, convention)) == {1}


@pytest.mark.parametrize("decay", ["0", "-0.5", "1.5", "nan", "inf"])
def test_a_decay_out_of_range_is_refused(decay):
    with pytest.raises(WorkbenchError, match="is out of range: choose above 0, up to 1"):
        Layerwise.parse([decay])


def test_an_unknown_convention_gives_the_nearest():
    with pytest.raises(WorkbenchError, match="'zang': did you mean 'zhang'"):
        Layerwise.parse(["0.9", "zang"])


def test_runs_of_any_decay_may_train_together():
    assert Layerwise(0.9).cohort_key is Layerwise(0.8, "electra").cohort_key is None
