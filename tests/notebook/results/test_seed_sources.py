import numpy as np
import pandas as pd
import pytest

from workbench.analysis.components import OF_THE_REST, of_runs
from workbench.notebook.results.seed_sources import seed_sources
from workbench.store.settings import SweepSettings


def crossed(technique: str, score, model: str = "minilm") -> pd.DataFrame:
    triples = SweepSettings(seeds="5", vary="crossed").seed_triples
    table = pd.DataFrame(triples, columns=["seed", "order_seed", "dropout_seed"])
    rng = np.random.default_rng(0)
    test = score(table) + 0.01 * rng.normal(size=len(table))
    return table.assign(technique=technique, model=model, test=test)


def by_order(table: pd.DataFrame) -> pd.Series:
    return 0.1 * table["order_seed"]


def by_nothing(table: pd.DataFrame) -> pd.Series:
    return 0.0 * table["seed"]


def test_each_technique_is_told_of_for_itself():
    runs = pd.concat([crossed("baseline", by_order), crossed("reinit:2", by_nothing)])
    found = seed_sources(runs)
    assert "baseline: the seed of the data order matters (p " in found.told
    assert "reinit:2: which seed matters is undecided" in found.told
    assert found.told.count(OF_THE_REST) == 1
    expected = of_runs(crossed("baseline", by_order))
    assert found.table["share"].to_list()[:4] == expected["share"].to_list()
    row = found.readable("pearson").iloc[1]
    assert row["source of spread"] == "data order"
    sd, share = expected["sd"][1], expected["share"][1]
    assert row["sd, Pearson \N{MULTIPLICATION SIGN}100"] == f"{100 * sd:.1f}"
    assert row["share of variance [95%]"].startswith(f"{share:.0%} [")


def test_several_models_are_named():
    runs = pd.concat([crossed("baseline", by_order), crossed("baseline", by_order, "bert")])
    assert "baseline with bert: the seed" in seed_sources(runs).told


def test_without_a_score_it_says_why_there_is_none():
    runs = crossed("baseline", by_order)
    runs.loc[3, "test"] = np.nan
    found = seed_sources(runs)
    assert found.table.empty
    assert found.readable("pearson").empty
    assert found.told.startswith("baseline: 1 of 25 runs have no defined score")


@pytest.mark.parametrize("rows", [[], [0], [0, 6, 12]])
def test_seeds_that_are_not_crossed_have_no_sources(rows):
    runs = crossed("baseline", by_order).iloc[rows]
    assert seed_sources(runs.assign(order_seed=runs["seed"], dropout_seed=runs["seed"])) is None
