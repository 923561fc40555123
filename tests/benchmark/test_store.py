from workbench.benchmark.store import SEEDS, TASKS, TECHNIQUES, fill, report
from workbench.store.folder import RunStore
from workbench.store.table import runs_table


def test_synthetic_runs_are_groups_of_seeds(tmp_path):
    store = RunStore(tmp_path)
    fill(store, 2 * SEEDS)
    table = runs_table(store)
    assert len(table) == 2 * SEEDS and store.missing(store.run_ids()) == []
    assert table.groupby("technique").size().tolist() == [SEEDS, SEEDS]
    assert table[["dev", "test"]].notna().all(axis=None)


def test_models_are_as_many_as_it_takes(tmp_path):
    store = RunStore(tmp_path)
    of_a_model = len(TASKS) * len(TECHNIQUES) * SEEDS
    fill(store, of_a_model + 1)
    assert runs_table(store)["model"].value_counts().to_dict() == {
        "model-0": of_a_model,
        "model-1": 1,
    }


def test_both_times_are_told(monkeypatch):
    monkeypatch.setattr("workbench.benchmark.store.SETTLED", 0.0)
    assert report(3).startswith("The table of 3 finished runs took 0.")
