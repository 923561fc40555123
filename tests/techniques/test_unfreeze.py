import pytest

from workbench.errors import WorkbenchError
from workbench.techniques import Moment, parse
from workbench.techniques.unfreeze import Unfreeze


def trained(technique, step, anatomy, steps_per_epoch=10):
    """Return the depths that train at a step, from the top down."""
    moment = Moment(step, 1000, steps_per_epoch)
    depths = range(anatomy.top, -1, -1)
    return [depth for depth in depths if technique.trains(depth, moment, anatomy)]


@pytest.mark.parametrize(
    ("blocks", "step", "depths"),
    [
        (1, 0, [4]),
        (1, 9, [4]),
        (1, 10, [4, 3]),
        (1, 29, [4, 3, 2]),
        (1, 30, [4, 3, 2, 1]),
        (1, 40, [4, 3, 2, 1, 0]),
        (1, 999, [4, 3, 2, 1, 0]),
        (2, 0, [4]),
        (2, 10, [4, 3, 2]),
        (2, 20, [4, 3, 2, 1, 0]),
        (4, 10, [4, 3, 2, 1, 0]),
    ],
)
def test_the_head_first_then_more_blocks_at_each_epoch(make_anatomy, blocks, step, depths):
    assert trained(Unfreeze(blocks), step, make_anatomy(3)) == depths


def test_what_is_frozen_for_good_never_joins(make_anatomy):
    found = parse("freeze:1+unfreeze", 3)
    assert trained(found, 999, make_anatomy(3)) == [4, 3, 2]
    assert trained(found, 0, make_anatomy(3)) == [4]


@pytest.mark.parametrize("blocks", ["0", "-1", "5"])
def test_fewer_than_one_and_more_than_there_are_is_refused(blocks):
    with pytest.raises(WorkbenchError, match=f"unfreeze:{blocks} is out of range: blocks must be"):
        Unfreeze.parse([blocks]).resolve(3)


def test_only_runs_that_unfreeze_together_train_together():
    assert Unfreeze(1).cohort_key != Unfreeze(2).cohort_key
