import numpy as np
import pytest

from workbench.comparison.gathering import gather
from workbench.comparison.settings import CompareSettings
from workbench.comparison.table import compare
from workbench.errors import WorkbenchError
from workbench.store.folder import RunStore
from workbench.store.seal import seal, unseal
from workbench.store.settings import SweepSettings
from workbench.store.study import Study
from workbench.tasks.loading import load

FREEZE = (("freeze", (("layers", 6),)),)
JOINED = (("freeze", (("layers", 6),)), ("reinit", (("layers", 2),)))


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "outputs")


@pytest.fixture
def finish(store, make_spec):
    """Return a function that finishes a run, and returns its specification."""

    def write(seed=0, finished="2026-01-31T12:00:00Z", **changes):
        spec = make_spec(seed, **changes)
        result = {
            "metric": "pearson",
            "dev": {"pearson": 0.4},
            "test": {"pearson": 0.5 + 0.01 * seed},
            "final_loss": 0.1,
            "collapsed": False,
            "above_trivial": True,
        }
        timings = {"finished": finished} if finished else {}
        store.finish(spec, result, {"test": np.zeros(3)}, timings)
        return spec

    return write


@pytest.fixture
def study(store):
    """Return a function that stores a study of some runs."""

    def keep(name, *specs):
        ids = [spec.id for spec in specs]
        cohorts = tuple((run,) for run in ids)
        study = Study(name, SweepSettings(), specs, cohorts, dict.fromkeys(ids, 1), (), "cpu")
        study.save(store)

    return keep


def gathered(store, **values):
    return gather(store, CompareSettings.from_values(values))


def test_every_finished_run_in_an_order_that_can_be_read(store, finish, make_spec):
    finish(1, task="hoc")
    finish(0, task="own")
    finish(0, techniques=FREEZE, finished="")
    finish(10), finish(9)
    store.begin(make_spec(77))
    found = gathered(store)
    assert found.runs[["task", "technique", "seed"]].to_numpy().tolist() == [
        ["biosses", "baseline", 9],
        ["biosses", "baseline", 10],
        ["biosses", "freeze:6", 0],
        ["hoc", "baseline", 1],
        ["own", "baseline", 0],
    ]
    assert found.notes == ()
    assert set(found.runs["source"]) == {"store"}
    assert str(found.runs["finished"][0]) == "2026-01-31 12:00:00+00:00"
    assert found.runs["finished"].isna().tolist() == [False, False, True, False, False]
    assert found.runs["test"][1] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "abcdef"),
        ({"tasks": "hoc"}, "d"),
        ({"tasks": "hoc:sentences,biosses"}, "abcdef"),
        ({"models": "tiny"}, "abcdf"),
        ({"techniques": "freeze:6"}, "acdef"),
        ({"techniques": "freeze"}, "acdef"),
        ({"techniques": "freeze+reinit"}, "abde"),
        ({"techniques": "freeze:6", "baseline": "freeze:6+reinit:2"}, "bcf"),
        ({"precision": "bfloat16"}, "f"),
        ({"since": "2026-02-01"}, "e"),
        ({"until": "2026-01-31"}, "abcdf"),
        ({"since": "2026-01-31T12:00", "until": "2026-01-31T12:00"}, "abcdf"),
        ({"until": "2026-01-31T11:59:59"}, ""),
    ],
)
def test_filters(store, finish, values, expected):
    runs = {
        "a": finish(0),
        "b": finish(1, techniques=JOINED),
        "c": finish(2, techniques=FREEZE),
        "d": finish(3, task="hoc"),
        "e": finish(4, model="other", finished="2026-02-01T00:00:00Z"),
        "f": finish(5, precision="bfloat16", techniques=FREEZE),
    }
    found = gathered(store, **values)
    ids = set(found.runs["run"])
    assert "".join(name for name, spec in runs.items() if spec.id in ids) == expected
    assert ("passes all filters" in " ".join(found.notes)) == (not expected)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"tasks": "biosse"}, "no finished run of the task 'biosse': did you mean 'biosses'?"),
        ({"models": "tyni"}, "no finished run of the model 'tyni': did you mean 'tiny'?"),
        (
            {"techniques": "freze:6"},
            "no finished run of the technique 'freze:6': did you mean 'freeze:6'?",
        ),
        ({"techniques": "reinit"}, "no finished run of the technique 'reinit'"),
        (
            {"precision": "bfloat16"},
            "no finished run of the precision 'bfloat16': did you mean 'float32'?",
        ),
        ({"baseline": "freeze"}, "no finished run of the baseline 'freeze': did you mean"),
    ],
)
def test_a_name_that_matches_nothing(store, finish, values, problem):
    finish(), finish(techniques=FREEZE)
    with pytest.raises(WorkbenchError) as caught:
        gathered(store, **values)
    assert problem in str(caught.value)


def test_a_run_without_a_date_is_in_no_period_left_out(store, finish):
    finish(finished="")
    assert len(gathered(store, since="2030-01-01").runs) == 1


def test_a_sealed_study_is_not_shown(store, finish, study):
    shared, alone = finish(0), finish(1)
    study("mine-reporting-0123abcd", shared, alone)
    study("other", shared)
    seal(store, "mine")
    found = gathered(store)
    assert found.runs["run"].tolist() == [shared.id]
    (note,) = found.notes
    assert note == (
        "1 finished run left out, whose test scores are sealed until all runs are finished: let "
        "study mine-reporting-0123abcd go on."
    )
    unseal(store, "mine")
    assert gathered(store).notes == () and len(gathered(store).runs) == 2


def test_a_study_that_misses_runs_is_not_shown(store, finish, study, make_spec):
    study("sweep", finish(0), make_spec(1))
    found = gathered(store)
    assert found.runs.empty
    assert "1 finished run left out" in found.notes[0]
    assert "No run is finished that may be shown" in found.notes[1]
    finish(1)
    assert len(gathered(store).runs) == 2


def test_runs_that_settings_were_chosen_by_are_groups_of_their_own(store, finish, study):
    tuned, shared, reported = finish(1000), finish(1001), finish(0)
    study("mine-tuning-0123abcd", tuned, shared)
    study("other", shared)
    study("mine-reporting-0123abcd", reported)
    found = gathered(store).runs
    assert found["stage"].tolist() == ["", "tuning", ""]
    assert compare(found)["settings"].tolist() == ["", "stage tuning"]


def test_runs_of_another_version_are_counted(store, finish, monkeypatch):
    finish(0)
    monkeypatch.setattr("workbench.spec.NUMERICS_VERSION", 0)
    finish(1), finish(2)
    found = gathered(store)
    assert len(found.runs) == 1
    (note,) = found.notes
    assert note.startswith("2 finished runs are left out, of a version of this engine")


def test_an_empty_store(store):
    found = gathered(store, tasks="biosses")
    assert found.runs.empty and {"run", "task", "finished", "source"} <= set(found.runs)
    assert "run a sweep" in found.notes[0]


SCORES = (
    "task,model,technique,seed,score\nbiosses,theirs,baseline,0,0.5\nsts-b,theirs,other,0,0.6\n"
)


def test_scores_of_other_scripts_stand_beside_ours(store, finish, tmp_path):
    path = tmp_path / "theirs.csv"
    path.write_text(SCORES)
    finish(0)
    found = gathered(store, scores=str(path))
    assert found.runs["source"].tolist() == [str(path), "store", str(path)]
    assert found.runs["model"].tolist() == ["theirs", "tiny", "theirs"]
    assert found.runs["finished"].isna().tolist() == [True, False, True]
    assert str(found.runs["finished"].dtype).startswith("datetime64")
    assert len(compare(found.runs)) == 3 and found.items.imported == {}
    # They say nothing of precision or date; of a task and a model they do.
    named = gathered(store, scores=str(path), since="2030-01-01", precision="float32")
    assert named.runs["source"].tolist() == [str(path)] * 2
    assert gathered(store, scores=str(path), tasks="sts-b").runs["task"].tolist() == ["sts-b"]


def test_other_scripts_alone(store, tmp_path):
    path = tmp_path / "theirs.csv"
    path.write_text(SCORES)
    found = gathered(store, scores=str(path))
    assert found.runs["seed"].tolist() == [0, 0] and found.notes == ()
    assert len(compare(found.runs)) == 2


def test_predictions_of_other_scripts(store, tmp_path):
    task = "miniature-similarity:size=24"
    loaded = load(task)
    gold = loaded.shape.gold(loaded.splits["test"])
    path = tmp_path / "theirs.csv"
    lines = [f"{task},theirs,baseline,0,{item},{score}" for item, score in enumerate(gold)]
    path.write_text("\n".join(["task,model,technique,seed,item,prediction", *lines]))
    found = gathered(store, predictions=str(path))
    assert found.runs["test"].tolist() == pytest.approx([1])
    assert list(found.items.imported) == found.runs["run"].tolist()
