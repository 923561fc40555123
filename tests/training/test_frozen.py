import numpy as np
import pytest

from workbench.tasks.task import Encoded
from workbench.training.frozen import FrozenStates


def split():
    return Encoded(
        np.zeros(5, np.int32), np.zeros(5, np.int8), np.array([0, 2, 5]), np.zeros(2, np.float32)
    )


@pytest.mark.parametrize("large", [1, 1 << 30])
def test_a_table_is_computed_once_for_each_split_and_key(large):
    frozen, one, other, calls = FrozenStates(large), split(), split(), []

    def compute(table):
        calls.append(table.shape)
        table[:] = len(calls)

    first = frozen.table(one, 1, 3, compute)
    assert frozen.table(one, 1, 3, compute) is first
    assert isinstance(first, np.memmap) == (large == 1)
    assert first.dtype == np.float32 and np.all(first == 1)
    assert np.all(frozen.table(other, 1, 3, compute) == 2)
    assert np.all(frozen.table(one, 2, 3, compute) == 3)
    assert calls == [(5, 3)] * 3


def test_a_table_that_could_not_be_computed_is_not_kept():
    frozen, one = FrozenStates(), split()
    with pytest.raises(ZeroDivisionError):
        frozen.table(one, 1, 3, lambda table: 1 / 0)
    assert np.all(frozen.table(one, 1, 3, lambda table: table.fill(7)) == 7)
