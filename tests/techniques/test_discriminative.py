import pytest

from workbench.errors import WorkbenchError
from workbench.techniques import FIRST, parse
from workbench.techniques.discriminative import Discriminative
from workbench.techniques.layerwise import Layerwise


def rates(technique, anatomy):
    return [technique.rate(depth, FIRST, anatomy) for depth in range(anatomy.top, -1, -1)]


def test_each_lower_layer_runs_at_the_upper_ones_rate_by_2_6(make_anatomy):
    found = rates(Discriminative(), make_anatomy(3))
    # Head, three blocks, embeddings: 1, 1 / 2.6, 1 / 6.76, 1 / 17.576, 1 / 45.6976.
    assert found == pytest.approx([1, 0.384615, 0.147929, 0.0568958, 0.0218830], rel=1e-5)


def test_another_factor(make_anatomy):
    assert rates(Discriminative(2.0), make_anatomy(2)) == [1, 0.5, 0.25, 0.125]


def test_it_is_layerwise_decay_by_the_inverse(make_anatomy):
    anatomy = make_anatomy(12)
    assert rates(Discriminative(1.25), anatomy) == pytest.approx(rates(Layerwise(0.8), anatomy))
    both = parse("discriminative:1.25+layerwise:0.8", 12)
    assert rates(both, anatomy)[2] == pytest.approx(0.8**4)


def test_a_factor_of_one_is_neutral(make_anatomy):
    assert Discriminative(1.0).neutral
    assert set(rates(Discriminative(1.0), make_anatomy(6))) == {1.0}


@pytest.mark.parametrize("factor", ["0.9", "0", "-2.6", "11", "nan", "inf"])
def test_a_factor_out_of_range_is_refused(factor):
    with pytest.raises(WorkbenchError, match="is out of range: choose 1 to 10"):
        Discriminative.parse([factor])
