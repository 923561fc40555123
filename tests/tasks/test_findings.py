"""Draws and the words that findings are made of."""

from itertools import chain

import pytest

from workbench.tasks import lexicon
from workbench.tasks.findings import Draws


@pytest.mark.parametrize("table", [lexicon.DRUGS, lexicon.GENES, lexicon.DISEASES, lexicon.CELLS])
def test_a_name_stands_for_one_thing(table):
    names = list(chain(*table))
    assert len(names) == len(set(names))


def test_draws_repeat_by_address():
    first, again, other = Draws("a", 1), Draws("a", 1), Draws("a", 2)
    items = range(1000)
    assert first.sample(items, 5) == again.sample(items, 5) != other.sample(items, 5)
    assert Draws("b").other((1, 2), 1) == 2
    assert Draws("b").chance(1.0) and not Draws("b").chance(0.0)
