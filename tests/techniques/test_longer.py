import pytest

from workbench.errors import WorkbenchError
from workbench.techniques.longer import Longer


@pytest.mark.parametrize(
    ("factor", "steps"), [(2.0, 192), (1.5, 144), (2.0833, 200), (33.3333, 3200), (1.0, 96)]
)
def test_steps_are_stretched_and_rounded(factor, steps):
    assert Longer(factor).steps(96) == steps


def test_a_factor_of_one_is_neutral():
    assert Longer(1.0).neutral
    assert not Longer(1.01).neutral


@pytest.mark.parametrize("factor", ["0.5", "0", "-2", "1001", "nan", "inf"])
def test_a_factor_out_of_range_is_refused(factor):
    with pytest.raises(WorkbenchError, match="is out of range: choose 1 to 1000"):
        Longer.parse([factor])


def test_runs_of_one_length_may_train_together():
    assert Longer(2.0).cohort_key == Longer(2.0).cohort_key != Longer(3.0).cohort_key
