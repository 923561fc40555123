"""The BLURB score as text, from runs in a store."""

import pytest

from workbench.analysis.published import TASK_TITLES
from workbench.errors import WorkbenchError
from workbench.notebook.blurb import blurb_text
from workbench.store.folder import RunStore
from workbench.store.seal import seal, unseal
from workbench.store.settings import SweepSettings
from workbench.store.study import Study


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


@pytest.fixture
def finish(make_spec):
    """Finish a run with a test score and return its specification."""

    def write(store, task, seed=0, score=0.5, collapsed=False, **changes):
        spec = make_spec(seed, task=task, **changes)
        result = {"metric": "m", "dev": {"m": 0.5}, "test": {"m": score}}
        store.finish(spec, result | {"collapsed": collapsed, "above_trivial": True}, {}, {})
        return spec

    return write


def headings(text):
    return {line.rpartition(":")[0] for line in text.splitlines() if ": test" in line}


def study_of(name, *specs, notes=()):
    runs = [spec.id for spec in specs]
    cohorts = tuple((run,) for run in runs)
    return Study(name, SweepSettings(), specs, cohorts, dict.fromkeys(runs, 1), notes, "cpu")


def test_thirteen_tasks_make_a_score(store, finish):
    for task in TASK_TITLES:
        finish(store, task, seed=0, score=0.8)
        finish(store, task, seed=1, score=0.6, collapsed=task == "gad")
    lines = blurb_text(store).splitlines()
    assert lines[0] == "tiny, baseline: test scores \N{MULTIPLICATION SIGN}100"
    assert lines[2] == "type                     task          mean  sd    runs  collapsed"
    assert lines[3] == "-----------------------  ------------  ----  ----  ----  ---------"
    assert lines[10] == "relation extraction      ChemProt      70.0  14.1  2     0"
    assert lines[12] == "relation extraction      GAD           70.0  14.1  2     1"
    assert lines[16] == "question answering       BioASQ        70.0  14.1  2     0"
    means = "NER 70.0, PICO 70.0, relation extraction 70.0, sentence similarity 70.0, "
    means += "document classification 70.0, question answering 70.0."
    assert " ".join(lines[18:20]) == f"Means of the types: {means}"
    # The squared weights sum to 0.112037, so the standard error is 14.142 * sqrt(0.112037 / 2) =
    # 3.347; of 5.13 degrees of freedom t is 2.551.
    words = "(95% over seeds; tasks taken as independent)"
    assert lines[20:] == [f"BLURB score: 70.00 [61.46, 78.54] {words}."]


def test_a_task_with_one_run_leaves_the_score_without_an_interval(store, finish):
    for task in TASK_TITLES:
        finish(store, task, seed=0, score=0.8)
        if task != "hoc":
            finish(store, task, seed=1, score=0.6)
    assert "BLURB score: 71.67, without an interval, since a task has one run" in blurb_text(store)


def test_what_is_missing_is_named(store, finish):
    for task in TASK_TITLES.keys() - {"chemprot", "bioasq"}:
        finish(store, task, score=None if task == "biosses" else 0.5)
    text = blurb_text(store)
    assert "BLURB score:" not in text
    assert (
        "No BLURB score, because tasks are missing: chemprot, bioasq (no finished run); biosses"
        in text
    )
    assert "PICO 50.0, relation extraction -, sentence similarity -, document" in text.replace(
        "\n", " "
    )
    assert "undefined" in text.splitlines()[2]


def test_models_techniques_and_settings_stand_apart(store, finish):
    finish(store, "gad")
    finish(store, "gad", model="other")
    finish(store, "gad", train_size=64)
    finish(store, "gad", techniques=(("layerwise", (("decay", 0.9),)),))
    assert headings(blurb_text(store)) == {
        "tiny, baseline",
        "other, baseline",
        "tiny, baseline, train_size 64",
        "tiny, layerwise:0.9",
    }
    text = blurb_text(store, model="tiny", technique="layerwise:0.9")
    assert headings(text) == {"tiny, layerwise:0.9"}


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ({"model": "tinny"}, "no finished run of the model 'tinny': did you mean 'tiny'"),
        ({"technique": "freeze"}, "no finished run of the technique 'freeze': choose one of base"),
        ({"studies": ["mine"]}, "no study 'mine'"),
    ],
)
def test_a_name_without_runs_is_refused(store, finish, names, sentence):
    finish(store, "gad")
    with pytest.raises(WorkbenchError, match=sentence):
        blurb_text(store, **names)


def test_nothing_finished_is_said(store, finish):
    finish(store, "miniature-mention")
    with pytest.raises(WorkbenchError, match="task is finished: run a sweep"):
        blurb_text(store)


def test_the_test_scores_of_an_unfinished_study_stay_closed(store, finish, make_spec):
    shared, alone = finish(store, "gad", seed=1, score=0.9), finish(store, "hoc")
    going = study_of("going", shared, alone, make_spec(7))
    going.save(store)
    with pytest.raises(WorkbenchError, match="finished besides study going, which is not"):
        blurb_text(store)
    study_of("ended", shared).save(store)
    text = blurb_text(store)
    assert (
        "GAD" in text
        and "HoC" not in text
        and "Left out: study going, which is not complete.\n" in text
    )
    assert "not complete" not in blurb_text(store, studies=["ended"])


def test_the_test_scores_of_a_declared_study_stay_closed_until_all_of_it_is_there(store, finish):
    study_of("mine-tuning-0123abcd", finish(store, "gad", seed=1)).save(store)
    finish(store, "hoc")
    seal(store, "mine")
    text = blurb_text(store)
    assert "HoC" in text and "GAD" not in text and "Left out: study mine-tuning-0123abcd" in text
    unseal(store, "mine")
    assert "GAD" in blurb_text(store)


def test_what_a_reader_of_the_runs_must_know_is_said_once(store, finish):
    note = "ebmnlp/train.tsv is not the published one."
    for name, task in (("one", "ebm-pico"), ("two", "ebm-pico"), ("other", "gad")):
        notes = (note,) if task == "ebm-pico" else ("of another model.",)
        model = "tiny" if task == "ebm-pico" else "other"
        study_of(name, finish(store, task, model=model), notes=notes).save(store)
    text = blurb_text(store, model="tiny")
    assert text.count(note) == 1 and "another model" not in text
