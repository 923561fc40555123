"""Models of finished runs: trained again, compared, and kept beside results that stay."""

import json
from dataclasses import replace

import pytest
import torch

from workbench.__main__ import main
from workbench.errors import WorkbenchError
from workbench.execution.repeat import repetitions, save_models
from workbench.execution.worker import Worker
from workbench.saved.place import kept, lacking, settling, told
from workbench.store.atomic import write_json
from workbench.training.plan import Execution

CPU = Execution(torch.device("cpu"))
SMALL = {"epochs": 1, "techniques": "baseline,reinit:1"}


@pytest.fixture
def finished(make_study):
    """Return a function that trains a study without keeping models."""

    def finish(name="outputs", cohort=2, **values):
        store, study = make_study(name, cohort, **SMALL | values)
        Worker(store, study, CPU).work()
        return store, study

    return finish


def save(store, study, which, **options):
    said = []
    folders = save_models(study.name, which, str(store.root), say=said.append, **options)
    return folders, " ".join(said)


def models(store):
    folder = store.root / "models"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("cohort", [1, 2])
def test_they_are_the_bytes_that_the_worker_would_have_kept(cohort, finished, contents):
    store, study = finished(cohort=cohort)
    before = contents(store, study)
    folders, said = save(store, study, "every")
    assert "0 of 4 models are there. To train again, results left as they are: 4 runs" in said
    assert "differs" not in said
    assert list(kept(store, study).values()) == folders
    other = finished("kept at once", cohort, save="every")
    assert models(store) == models(other[0])
    assert contents(store, study) == before


def test_the_best_are_trained_again_and_what_is_there_is_not(finished, monkeypatch):
    store, study = finished(cohort=1)
    _, said = save(store, study, "best")
    assert "0 of 2 models are there" in said and ": 2 runs (about" in said
    before = models(store)
    monkeypatch.setattr("workbench.execution.repeat.prepare", None)
    assert save(store, study, "best")[1] == "2 of 2 models are there."
    (folder,), said = save(store, study, "reinit:1")
    assert folder.name.startswith("reinit-1-seed") and said == "1 of 1 models are there."
    assert models(store) == before


def test_a_dry_run_only_says(finished):
    store, study = finished()
    _, said = save(store, study, "every", dry_run=True)
    assert "0 of 4" in said and not (store.root / "models").exists()


def test_a_dry_run_leaves_weights_waiting_and_counts_those_that_are_kept(make_study, monkeypatch):
    store, study = make_study(cohort=1, save="best", **SMALL)
    monkeypatch.setattr(Worker, "_settle", lambda _: None)
    Worker(store, study, CPU).work()

    def files():
        return {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()}

    before = files()
    assert any(".waiting" in path.parts for path in before)
    with settling(store, study):
        before = files()
        assert save(store, study, "best", dry_run=True)[1] == "2 of 2 models are there."
        assert save(store, study, "every", dry_run=True)[1].startswith("2 of 4 models are there.")
    assert files() == before
    monkeypatch.setattr("workbench.execution.repeat.prepare", None)
    assert save(store, study, "best")[1] == "2 of 2 models are there."


def test_a_result_that_differs_is_said_and_the_stored_one_stays(finished, contents):
    store, study = finished(cohort=1, techniques="baseline", seeds="1")
    (run,) = study.run_ids
    # As if another machine had trained it.
    result, predictions = store.result(run), store.predictions(run)
    result["dev"]["pearson"] += 0.001
    timings = store.timings(run)
    (store.folder(run) / "result.json").unlink()
    written = {key: result[key] for key in result.keys() - {"run", "predictions", "checksum"}}
    store.finish(study.specs[0], written, predictions, timings)
    before = contents(store, study)
    (folder,), said = save(store, study, "best")
    assert "baseline, seed 0: trained again it differs from its stored result" in said
    assert "the stored result is kept" in said
    assert contents(store, study) == before
    card = (folder / "README.md").read_text()
    assert "The weights are of a second training, which differs from the stored one" in card
    assert json.loads((folder / "workbench.json").read_text())["repeated"]


def test_a_killed_saving_is_completed_by_the_next(finished, monkeypatch):
    store, study = finished(cohort=1, techniques="baseline")
    undisturbed = finished("undisturbed", 1, techniques="baseline")
    save(*undisturbed, "every")
    with monkeypatch.context() as patch:
        patch.setattr("workbench.saved.settling.write_text", None)
        with pytest.raises(TypeError):
            save(store, study, "every")
    assert kept(store, study) == {}
    assert "0 of 2" in save(store, study, "every")[1]
    assert models(store) == models(undisturbed[0])


def test_a_sweep_over_finished_runs_says_what_to_type(finished):
    store, study = finished(techniques="baseline")
    assert told(store, study) == ""
    for which, number in (("every", 2), ("best", 1)):
        wishful = replace(study, settings=replace(study.settings, save=which))
        assert len(lacking(store, wishful)) == number
        line = f"python -m workbench save {study.name} --which {which}"
        assert told(store, wishful).endswith(line)
    save(store, study, "every")
    for which in ("every", "best"):
        wishful = replace(study, settings=replace(study.settings, save=which))
        assert told(store, wishful) == f"Models: 2 in {store.root / 'models' / study.name}"


def test_the_time_of_a_resumed_run_is_that_of_all_its_steps(finished):
    store, study = finished(cohort=1, techniques="baseline", seeds="1")
    (run,) = study.run_ids
    timings = store.timings(run) | {"seconds": 10.0, "first_step": 1}
    write_json(store.folder(run) / "timings.json", timings)
    # Three steps of eight of 24 examples; the last two took ten seconds.
    (found,) = repetitions(store, [run])
    assert (found.seconds, found.cohort, found.wanted) == (15.0, (run,), (run,))


def test_what_cannot_be_saved_is_one_sentence(finished, make_study):
    store, study = finished(techniques="baseline", seeds="1")
    with pytest.raises(WorkbenchError, match="no model of study small 'evry': did you mean"):
        save(store, study, "evry")
    with (
        settling(store, study),
        pytest.raises(WorkbenchError, match="another process is saving models of study small"),
    ):
        save(store, study, "every")
    linear = finished("linear", techniques="baseline", seeds="1", head="linear")
    with pytest.raises(WorkbenchError, match="head=linear, which fits none"):
        save(*linear, "every")
    unfinished = make_study("unfinished", **SMALL)
    with pytest.raises(WorkbenchError, match=r"misses 4 of its 4 runs.*workbench work small"):
        save(*unfinished, "best")


def test_the_command_says_where_they_are(finished, capsys):
    store, study = finished(techniques="baseline", seeds="1")
    line = ["save", study.name, "--outputs", str(store.root)]
    assert main([*line, "--dry-run"]) == 0 and "0 of 1 models" in capsys.readouterr().out
    assert main(line) == 0
    assert capsys.readouterr().out.endswith(f"{store.root}/models/small/baseline-seed0\n")
    assert main([*line, "--which", "nosuch"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
