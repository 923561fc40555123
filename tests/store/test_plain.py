import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbench.store.plain import plain

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text(), inner)
    ),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_is_what_is_read(value):
    once = plain(value)
    assert json.loads(json.dumps(once, allow_nan=False)) == once == plain(once)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("inf"), None),
        (np.float32("nan"), None),
        (np.float64(0.5), 0.5),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (np.array([[1, 2]]), [[1, 2]]),
        (torch.tensor([0.5, float("nan")]), [0.5, None]),
        ((1, "a"), [1, "a"]),
        ({1: {2: None}}, {"1": {"2": None}}),
    ],
)
def test_types_without_a_word_in_json(value, expected):
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


def test_a_foreign_object_is_refused():
    with pytest.raises(TypeError, match="has no place in JSON"):
        plain({"key": object()})
