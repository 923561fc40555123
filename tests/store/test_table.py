import os

import pandas as pd
import pytest

from workbench.store.events import EventLog
from workbench.store.table import history_table, label, losses_table, runs_table

TECHNIQUES = (("freeze", (("depth", 6),)), ("layerwise", (("decay", 0.9),)))


@pytest.mark.parametrize(
    ("techniques", "expected"),
    [
        ({}, "baseline"),
        ({"uncorrected": {}}, "uncorrected"),
        ({"layerwise": {"decay": 0.9}, "freeze": {"depth": 6}}, "freeze:6+layerwise:0.9"),
        ({"mixout": {"rate": 0.7, "by": "word"}}, "mixout:word:0.7"),
    ],
)
def test_label(techniques, expected):
    assert label({"techniques": techniques}) == expected


def test_one_row_for_each_finished_run(store, make_spec, finish):
    ids = [finish(store, 3), finish(store, 4, techniques=TECHNIQUES)]
    store.begin(make_spec(5))
    table = runs_table(store, [ids[1], make_spec(5).id, make_spec(6).id, ids[0]])
    assert table["run"].tolist() == [ids[1], ids[0]]
    row = table.iloc[0].to_dict()
    expected = {
        "task": "biosses",
        "model": "tiny",
        "technique": "freeze:6+layerwise:0.9",
        "seed": 4,
        "learning_rate": 2e-5,
        "order_seed": 4,
        "head": "native",
        "metric": "pearson",
        "dev": 0.75,
        "test": 0.5,
        "dev_pearson": 0.75,
        "test_spearman": 0.25,
        "final_loss": 0.125,
        "collapsed": False,
        "above_trivial": True,
    }
    assert {name: row[name] for name in expected} == expected
    assert pd.isna(row["dev_spearman"])
    assert table["dev_spearman"].dtype == float
    hyperparameters = make_spec().to_json().keys() - {"schema", "numerics", "techniques"}
    assert hyperparameters - set(table) == {"weights_seed"}


def test_all_runs_are_shown_unless_some_are_named(store, finish):
    ids = sorted(finish(store, seed) for seed in range(3))
    assert runs_table(store)["run"].tolist() == ids


def test_undefined_and_absent_values_are_missing(store, make_spec):
    store.finish(make_spec(), {"metric": "f1", "dev": {"f1": None}}, {}, {})
    row = runs_table(store).iloc[0]
    assert row[["dev", "test", "final_loss", "dev_f1"]].isna().all()


@pytest.mark.parametrize("file", ["spec.json", "predictions.safetensors", "result.json"])
def test_damaged_runs_have_no_row(store, finish, file):
    os.remove(store.folder(finish(store)) / file)
    assert runs_table(store).empty


def test_runs_of_another_version_have_no_row(store, finish, monkeypatch):
    monkeypatch.setattr("workbench.spec.NUMERICS_VERSION", 0)
    finish(store)
    assert runs_table(store).empty


def test_tables_without_runs_have_their_columns(store):
    assert {"run", "task", "model", "technique", "seed", "dev", "test"} <= set(runs_table(store))
    assert losses_table(store).empty
    assert "loss" in losses_table(store)
    assert "dev" in history_table(store)


def test_a_thousand_runs(store, finish, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    ids = [finish(store, seed) for seed in range(1000)]
    table = runs_table(store, ids)
    assert table["run"].tolist() == ids
    assert table["seed"].tolist() == list(range(1000))
    assert store.missing(ids) == []


@pytest.fixture
def watched(store, make_spec):
    spec = make_spec(8, techniques=TECHNIQUES)
    store.begin(spec)
    with EventLog(store.events_path(spec.id)) as log:
        log.append({"kind": "step", "step": 1, "loss": 0.7, "gradient_norm": 1.2})
        log.append({"kind": "step", "step": 2, "loss": float("nan"), "gradient_norm": 1.0})
        log.append({"kind": "epoch", "epoch": 1, "step": 2, "dev": 0.4, "test": 0.3})
    return store, spec.id


def test_the_losses_of_an_unfinished_run(watched):
    store, run_id = watched
    table = losses_table(store, [run_id])
    assert table.columns.tolist() == ["run", "technique", "seed", "step", "loss", "gradient_norm"]
    technique = "freeze:6+layerwise:0.9"
    assert table.iloc[0].tolist() == [run_id, technique, 8, 1, 0.7, 1.2]
    assert table["step"].tolist() == [1, 2]
    assert pd.isna(table["loss"][1])
    assert table["loss"].dtype == float


def test_the_history_of_an_unfinished_run(watched):
    store, run_id = watched
    table = history_table(store)
    assert table.columns.tolist() == ["run", "technique", "seed", "epoch", "step", "dev"]
    assert table.iloc[0].tolist() == [run_id, "freeze:6+layerwise:0.9", 8, 1, 2, 0.4]
    assert len(table) == 1


def test_events_without_a_specification_still_show(watched):
    store, run_id = watched
    os.remove(store.folder(run_id) / "spec.json")
    table = losses_table(store, [run_id])
    assert table["step"].tolist() == [1, 2]
    assert table["technique"].isna().all()
