import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.comparison.runs import group, together
from workbench.comparison.groups import sort_runs
from workbench.comparison.scores_file import read_scores, write_scores
from workbench.comparison.table import compare
from workbench.errors import WorkbenchError

HEAD = "task,model,technique,seed,score"


@pytest.fixture
def written(tmp_path):
    def write(*lines, head=HEAD):
        path = tmp_path / "theirs.csv"
        path.write_text("\n".join([head, *lines]))
        return path

    return write


def test_what_a_line_says(written):
    path = written(
        "sts-b,their model,baseline,3,0.5,yes,pearson,64,long,7,",
        "sts-b,their model,baseline,4,,,pearson,64,,,8",
        head=HEAD + ",collapsed,metric,train_size,kind,order_seed,dropout_seed",
    )
    first, second = read_scores(path).to_dict("records")
    assert first == {
        "run": None,
        "task": "sts-b",
        "model": "their model",
        "technique": "baseline",
        "seed": 3,
        "order_seed": 7,
        "dropout_seed": 3,
        "collapsed": True,
        "metric": "pearson",
        "test": 0.5,
        "train_size": 64.0,
        "kind": "long",
        "source": str(path),
    }
    assert (second["order_seed"], second["dropout_seed"]) == (4, 8)
    assert np.isnan(second["test"]) and second["collapsed"] is None and pd.isna(second["kind"])


def test_a_scale_of_100_is_stated(written):
    lines = ("a,b,baseline,0,71.3,100", "a,b,baseline,1,0.9,100")
    table = read_scores(written(*lines, head=HEAD + ",scale"))
    assert table["test"].tolist() == pytest.approx([0.713, 0.009])
    assert "scale" not in table


GOOD = "a,b,baseline,0,0.5"


@pytest.mark.parametrize(
    ("lines", "more", "problem"),
    [
        ([GOOD, "a,b,baseline,1,secret"], "", "line 3, column score: it is no number"),
        ([GOOD, "a,b,baseline,1,nan"], "", "line 3, column score: it is no number"),
        ([GOOD, "a,b,baseline,1,71.3"], "", "line 3, column score: it is beyond the scale of 1:"),
        ([GOOD + ",100"], ",scale", "line 2, column scale: it says 100, and no score"),
        (["a,b,x,0,101,100"], ",scale", "line 2, column score: it is beyond the scale of 100"),
        ([GOOD + ",10"], ",scale", "line 2, column scale: write 1 or 100"),
        ([GOOD + ",1", "a,b,x,1,71,100"], ",scale", "line 3, column scale: it is not that of"),
        ([GOOD, GOOD], "", "line 3, column seed: this is the run of line 2 again"),
        (["a,b,baseline,-1,0.5"], "", "line 2, column seed: it must be a whole number"),
        (["a,,baseline,1,0.5"], "", "line 2, column model: it is empty"),
        ([GOOD + ",perhaps"], ",collapsed", "line 2, column collapsed: write yes or no"),
        ([GOOD + ",1"], ",test_f1", "line 1: the column 'test_f1' means something else"),
        ([GOOD + ",1"], ",source", "line 1: the column 'source' means something else"),
        ([GOOD[:-4]], "", "line 2: its fields are 4 and the columns 5"),
        ([], "", "names columns and has no line below them"),
    ],
)
def test_what_cannot_be_read_is_told_with_line_and_column(written, lines, more, problem):
    with pytest.raises(WorkbenchError) as caught:
        read_scores(written(*lines, head=HEAD + more))
    assert problem in str(caught.value) and "secret" not in str(caught.value)


def test_a_missing_column_has_a_near_name(written):
    with pytest.raises(WorkbenchError, match="the column 'score' is missing: rename 'scores'"):
        read_scores(written("a,b,c,0,0.5", head="task,model,technique,seed,scores"))


def test_other_settings_may_have_the_same_seed(written):
    table = read_scores(written(GOOD + ",8", GOOD + ",16", head=HEAD + ",batch"))
    assert len(sort_runs(table).settings) == 2


def test_they_are_compared_as_ours_are(written):
    scores = np.random.default_rng(0).normal(0.5, 0.01, 20)
    lines = [f"a,b,baseline,{seed},{score}" for seed, score in enumerate(scores[:10])]
    lines += [f"a,b,theirs,{seed},{score + 0.1}" for seed, score in enumerate(scores[10:])]
    table = compare(read_scores(written(*lines)))
    assert table["verdict"].tolist()[1] == "better" and table["pairs"][1] == 10
    assert table["collapses"][1] == "too few" and np.isnan(table["collapsed"]).all()


def test_our_own_scores_come_back_as_they_were(tmp_path):
    runs = together(
        group("baseline", [0.5, 0.123456789012345, None], collapsed=[1]),
        group("freeze:6", [0.25, 1 / 3], train_size=64).assign(order_seed=9),
        group("=formula", [0.5], metric=None),
        group("baseline", [-0.5], data="1" * 64, weights="12e3"),
    )
    path = tmp_path / "ours.csv"
    path.write_text(write_scores(runs))
    found = read_scores(path).assign(source="store")
    shared = ["task", "technique", "seed", "order_seed", "dropout_seed", "test", "collapsed"]
    pd.testing.assert_frame_equal(
        found[shared], runs[shared].astype({"test": float, "collapsed": object})
    )
    assert sort_runs(found).of_run.tolist() == sort_runs(runs).of_run.tolist()
    path.write_text(write_scores(runs, "dev"))
    assert np.array_equal(read_scores(path)["test"], runs["dev"].astype(float), equal_nan=True)


def test_what_cannot_be_written():
    runs = together(group("baseline", [0.5]), group("baseline", [0.5], source="theirs.csv"))
    with pytest.raises(WorkbenchError, match="the runs are of several sources"):
        write_scores(runs)
    with pytest.raises(WorkbenchError, match="there is no split 'tset'"):
        write_scores(runs, "tset")


def test_the_file_that_the_readme_shows(written):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (shown,) = re.findall(r"```csv\n(task,model.*?)```", readme, re.DOTALL)
    head, *lines = shown.splitlines()
    table = compare(read_scores(written(*lines, head=head)))
    assert table["technique"].tolist() == ["baseline", "freeze"]
    assert table["settings"].tolist() == ["train_size 64"] * 2 and table["pairs"][1] == 1
