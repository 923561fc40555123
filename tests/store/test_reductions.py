import pytest

from workbench.errors import WorkbenchError
from workbench.store.reductions import (
    Reduction,
    parts,
    reduction,
    reduction_path,
    save_reduction,
)

COHORT = ("a", "b", "c", "d", "e")


def test_what_was_made_smaller_is_read_back(store):
    assert reduction(store, "mine", COHORT) == Reduction()
    smaller = Reduction(micro_batch=4, evaluation_tokens=1024)
    save_reduction(store, "mine", COHORT, smaller)
    assert reduction(store, "mine", COHORT) == smaller
    assert reduction(store, "other", COHORT) == reduction(store, "mine", COHORT[:2]) == Reduction()


def test_a_cohort_is_divided_as_often_as_it_was(store):
    assert parts(store, "mine", COHORT) == [COHORT]
    save_reduction(store, "mine", COHORT, Reduction(divided=True))
    assert parts(store, "mine", COHORT) == [("a", "b", "c"), ("d", "e")]
    save_reduction(store, "mine", ("a", "b", "c"), Reduction(divided=True))
    assert parts(store, "mine", COHORT) == [("a", "b"), ("c",), ("d", "e")]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"other": 1}'])
def test_a_damaged_file_is_said(store, damage):
    save_reduction(store, "mine", COHORT, Reduction(divided=True))
    reduction_path(store, "mine", COHORT).write_text(damage)
    with pytest.raises(WorkbenchError, match="is damaged: delete it"):
        parts(store, "mine", COHORT)
