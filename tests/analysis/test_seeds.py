import pandas as pd
import pytest

from workbench.analysis import seeds
from workbench.store.settings import SweepSettings


def runs(triples, techniques=("baseline",)) -> pd.DataFrame:
    rows = [(name, *triple) for name in techniques for triple in triples]
    return pd.DataFrame(rows, columns=["technique", *seeds.COLUMNS])


def latin(n: int) -> list[tuple[int, int, int]]:
    return SweepSettings(seeds=str(n), vary="crossed").seed_triples


def test_runs_are_named_by_their_seed_or_by_all():
    assert seeds.names(runs([(2, 2, 2), (10, 10, 10)])).to_list() == [2, 10]
    assert seeds.names(runs([(2, 2, 2), (0, 1, 2)])).to_list() == ["2", "0/1/2"]
    assert seeds.names(pd.DataFrame({"seed": [3, 4]})).to_list() == [3, 4]


@pytest.mark.parametrize(
    ("triples", "chosen"),
    [
        ([(0, 0, 0), (1, 1, 1)], [True, True]),
        ([(0, 0, 0), (1, 0, 0)], [True, True]),  # Weights alone.
        ([(1, 0, 0), (0, 0, 0), (0, 1, 1)], [False, True, False]),
        ([(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)], [True, False, False, False]),
        ([(0, 0, 0)], [True]),
        ([], []),
    ],
)
def test_independent_runs_share_no_seed(triples, chosen):
    table = runs(triples)
    assert seeds.independent(table).to_list() == chosen
    assert seeds.is_crossed(table) == (not all(chosen))


@pytest.mark.parametrize("n", [3, 4, 5, 7])
def test_of_a_latin_square_some_runs_share_no_seed(n):
    table = runs(latin(n), ["baseline", "freeze:3"])
    alone = table[seeds.independent(table)]
    for _, group in alone.groupby("technique"):
        assert n - 1 <= len(group) <= n
        assert not any(group[name].duplicated().any() for name in seeds.COLUMNS)
    first, second = (seeds.keys(group) for _, group in alone.groupby("technique"))
    assert first == second


def test_runs_from_elsewhere_have_one_seed():
    table = pd.DataFrame({"seed": [4, 5], "test": [0.1, 0.2]})
    assert seeds.keys(table) == [(4,), (5,)]
    assert not seeds.is_crossed(table)
