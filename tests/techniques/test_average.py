import pytest

from workbench.errors import WorkbenchError
from workbench.techniques import Moment
from workbench.techniques.average import Average


@pytest.mark.parametrize(
    ("share", "steps", "averaged"),
    [
        (0.25, 8, [6, 7]),
        (0.25, 10, [8, 9]),
        (0.5, 4, [2, 3]),
        (1.0, 3, [0, 1, 2]),
        (0.01, 5, [4]),
        (0.0, 5, [4]),
    ],
)
def test_which_steps_the_mean_is_of(share, steps, averaged):
    found = [step for step in range(steps) if Average(share).averages(Moment(step, steps, 2))]
    assert found == averaged


def test_the_last_weights_alone_are_neutral():
    assert Average(0.0).neutral and not Average(0.01).neutral


@pytest.mark.parametrize("share", ["-0.1", "1.1", "nan", "inf"])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(WorkbenchError, match="is out of range: choose 0 to 1"):
        Average.parse([share])


def test_only_means_that_begin_together_train_together():
    assert Average(0.25).cohort_key != Average(0.5).cohort_key
