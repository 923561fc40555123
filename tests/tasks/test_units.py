"""Units of records, and the strata they belong to."""

import numpy as np
import pytest
from datasets import Dataset

from workbench.tasks.units import any_of_unit, clusters, rarest, units

ALONE = Dataset.from_dict({"text": ["a", "b", "c"]})
JOINED = Dataset.from_dict({"text": ["a", "b", "c"], "document": ["20", "10", "20"]})


@pytest.mark.parametrize(("records", "expected"), [(ALONE, [0, 1, 2]), (JOINED, [0, 1, 0])])
def test_a_unit_is_a_document_or_a_record(records, expected):
    assert units(records).tolist() == expected and units(records).dtype == np.int64


def test_pairs_of_one_source_count_alone_and_are_drawn_together():
    pairs = ALONE.add_column("source", ["7", "8", "7"])
    assert units(pairs).tolist() == [0, 1, 2] and clusters(pairs).tolist() == [0, 1, 0]
    assert clusters(ALONE).tolist() == [0, 1, 2] and clusters(JOINED).tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("records", "expected"), [(ALONE, [[1, 0], [0, 0], [0, 1]]), (JOINED, [[1, 1], [0, 0]])]
)
def test_a_unit_has_what_one_of_its_records_has(records, expected):
    found = any_of_unit(records, np.array([[1, 0], [0, 0], [0, 1]]))
    assert found.tolist() == expected and found.dtype == np.uint8


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ([[1, 0], [0, 1]], [0, 1]),
        # The second column is the rarer one; the last unit has neither.
        ([[1, 0], [1, 1], [0, 0]], [0, 1, 2]),
        # Equally rare: the first.
        ([[1, 1]], [0]),
        ([[0, 1], [0, 1]], [1, 1]),
    ],
)
def test_the_rarest_column_by_hand(matrix, expected):
    found = rarest(np.array(matrix))
    assert found.tolist() == expected and found.dtype == np.int64
