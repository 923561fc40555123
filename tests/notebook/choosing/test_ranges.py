import pytest

from workbench.notebook.choosing.ranges import accepted_range, step_of


@pytest.mark.parametrize(
    ("default", "step"), [(3, 1), (0, 1), (0.9, 0.01), (2.0, 0.1), (0.0, 0.01), (25.0, 1.0)]
)
def test_a_step_is_a_tenth_of_the_last_place(default, step):
    assert step_of(default) == pytest.approx(step)


@pytest.mark.parametrize(
    ("low", "high", "default", "step", "wanted"),
    [
        (0, 6, 3, 1, (0, 6)),
        (3, 3, 3, 1, (3, 3)),
        (0.005, 1.0, 0.9, 0.01, (0.01, 1.0)),
        (-5, 1e9, 0, 1, (-5, None)),
        (float("-inf"), float("inf"), 0.5, 0.01, (None, None)),
    ],
)
def test_the_ends_are_the_last_that_are_accepted(low, high, default, step, wanted):
    assert accepted_range(lambda value: low <= value <= high, default, step) == wanted


def test_few_values_are_tried():
    tried = []

    def accepts(value):
        tried.append(value)
        return 0 <= value <= 1000

    assert accepted_range(accepts, 500, 1) == (0, 1000)
    assert len(tried) < 50
