import numpy as np
import pytest

from workbench.errors import WorkbenchError
from workbench.notebook.examples.votes import groups, votes
from workbench.tasks.loading import load


def test_runs_are_grouped_by_technique(study_of):
    _, study = study_of("similarity", {})
    assert {name: len(runs) for name, runs in groups(study).items()} == {
        "baseline": 3,
        "reinit:1": 3,
    }


def test_the_predictions_of_one_technique(study_of):
    store, study = study_of("similarity", {0: 1.0, 1: 2.0, 2: 3.0})
    found = votes(store, study, "reinit:1", load(study.specs[0].task))
    assert found.seeds == ("0", "1", "2")
    assert found.predictions[:, 0].tolist() == [1.0, 2.0, 3.0]


def test_a_seed_without_numbers_is_left_out_and_named(study_of):
    store, study = study_of("similarity", {0: 1.0, 1: np.nan, 2: 3.0})
    found = votes(store, study, "baseline", load(study.specs[0].task))
    assert (found.seeds, found.left_out) == (("0", "2"), ("1",))


@pytest.mark.parametrize(
    ("answers", "task", "message"),
    [
        ({0: 1.0, 1: 2.0}, "size=4", "misses 2 of its 6 runs: its test set is sealed"),
        ({0: 1.0, 1: 2.0, 2: 0.0}, "size=5", "is not what study"),
        ({0: 1.0, 1: np.nan, 2: np.nan}, "size=4", "fewer than two seeds"),
    ],
)
def test_what_cannot_be_compared_is_refused(study_of, answers, task, message):
    store, study = study_of("similarity", answers)
    with pytest.raises(WorkbenchError, match=message):
        votes(store, study, "baseline", load(f"miniature-similarity:{task}"))
