import numpy as np
import pytest

from workbench.notebook.examples.disagreement import answers, dispute, most_disputed, spread


def test_spread_is_the_sample_standard_deviation():
    found = spread(np.array([[1.0, 2.0], [3.0, 2.0]], np.float32))
    assert found.tolist() == pytest.approx([2**0.5, 0.0])


@pytest.mark.parametrize(
    ("votes", "bits"),
    [
        ([0, 0, 0, 0], 0.0),
        ([0, 0, 1, 1], 1.0),
        ([0, 0, 0, 1], 0.811278),  # -(3/4 log2 3/4 + 1/4 log2 1/4)
        ([0, 1, 2, 3], 2.0),
        ([2, 2, 2, 0], 0.811278),
    ],
)
def test_dispute_is_the_entropy_of_the_votes(votes, bits):
    assert dispute(np.array(votes)[:, None]).tolist() == pytest.approx([bits], abs=1e-6)


def test_answers_are_counted_apart():
    votes = np.array([[0, 1, 1], [0, 1, 0]], np.uint8)
    assert dispute(votes).tolist() == [0.0, 0.0, 1.0]


def test_the_most_disputed_come_first_and_the_undisputed_not_at_all():
    assert most_disputed([0.0, 1.0, 2.0, 0.0, 1.0]).tolist() == [2, 1, 4]
    assert most_disputed([]).tolist() == []


def test_equal_answers_are_one_group():
    groups = answers([np.array(row) for row in ([0, 1], [1, 1], [0, 1], [0, 1])])
    assert [(runs, answer.tolist()) for runs, answer in groups] == [
        ([0, 2, 3], [0, 1]),
        ([1], [1, 1]),
    ]
