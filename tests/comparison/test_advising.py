import numpy as np
import pytest

from workbench.__main__ import main
from workbench.comparison.advice import Basis
from workbench.comparison.advising import advise, readable_each, text
from workbench.errors import WorkbenchError
from workbench.store.folder import RunStore

FREEZE = (("freeze", (("layers", 3),)),)
NOISE = [0.01, -0.01, 0.02, -0.02, 0.0, 0.01, -0.01, 0.02, -0.02, 0.0]


@pytest.fixture
def store(tmp_path, make_spec):
    """Return a store of ten seeds of MiniLM, frozen ones 20 points above the baseline."""
    store = RunStore(tmp_path / "outputs")
    # A generated task, so that nothing is downloaded when its test items are asked for.
    names = {"model": "minilm", "task": "miniature-similarity"}
    for seed, noise in enumerate(NOISE):
        for techniques, score in ((), 0.5), (FREEZE, 0.7 + noise):
            result = {
                "metric": "pearson",
                "dev": {"pearson": score},
                "test": {"pearson": score},
                "final_loss": 0.1,
                "collapsed": False,
                "above_trivial": True,
            }
            spec = make_spec(seed, techniques=techniques, **names)
            store.finish(spec, result, {"test": np.zeros(3)}, {})
    return store


def test_own_runs_decide(store):
    found = advise(store, "minilm", "miniature-similarity")
    assert (found.technique, found.basis) == ("freeze:3", Basis.DECIDED)
    lines = text(found).splitlines()
    assert lines[0] == ("For minilm on miniature-similarity use freeze:3 (own evidence decides).")
    assert any(line.startswith("freeze:3   none   1 ") for line in lines)


def test_several_advices_are_a_row_each(store):
    of_all = [advise(store, "minilm", "miniature-similarity", size) for size in (0, 8)]
    first, second = readable_each(of_all).to_dict("records")
    assert first == {
        "task": "miniature-similarity",
        "model": "minilm",
        "use": "freeze:3",
        "how sure": "own evidence decides",
        "why": first["why"],
    }
    assert first["why"].startswith("Own runs decide for freeze:3: +20.0 [")
    assert second["task"] == "miniature-similarity (8 drawn)"
    assert second["why"].startswith("Similar situations speak for freeze:3: +20.0 [")


def test_runs_of_other_tasks_are_seen_from_the_one_in_question(store):
    found = advise(store, "bert", "miniature-document")
    assert (found.technique, found.basis) == ("freeze:6", Basis.SIMILAR)
    assert [each.row["task"] for each in found.considered[0].evidence] == ["miniature-similarity"]


def test_an_empty_store_has_the_papers_rule_alone(tmp_path):
    assert advise(RunStore(tmp_path), "pubmedbert", "hoc").basis is Basis.RULE


def test_a_mistyped_model_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(WorkbenchError, match="did you mean 'pubmedbert'"):
        advise(RunStore(tmp_path), "pubmedbart", "hoc")


def test_the_command_line_says_the_same(store, capsys):
    typed = ["advise", "auto", "miniature-similarity", "--outputs", str(store.root)]
    assert main(typed) == 0
    assert capsys.readouterr().out.startswith("For minilm on miniature-similarity use freeze:3 (")


def test_the_command_line_knows_of_a_training_size(store, capsys):
    typed = ["advise", "minilm", "miniature-similarity", "--train-size", "8"]
    assert main([*typed, "--outputs", str(store.root)]) == 0
    printed = capsys.readouterr().out
    assert "For minilm on miniature-similarity (8 drawn) use freeze:3 (" in printed
    # Measured on all of the data, and carried over to 8 of them as half alike.
    assert "Similar situations speak for freeze:3: +20.0 [" in printed
