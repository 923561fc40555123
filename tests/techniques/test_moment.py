import pytest

from workbench.techniques.moment import FIRST, Moment


@pytest.mark.parametrize(("step", "epoch"), [(0, 0), (3, 0), (4, 1), (11, 2)])
def test_the_epoch_a_step_belongs_to(step, epoch):
    assert Moment(step, 12, 4).epoch == epoch


def test_the_first_step_is_in_the_first_epoch():
    assert (FIRST.step, FIRST.epoch) == (0, 0)
