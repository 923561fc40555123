import pytest

from workbench.errors import WorkbenchError
from workbench.techniques import FIRST, Moment
from workbench.techniques.freeze import Freeze


@pytest.mark.parametrize(
    ("kept", "trained"),
    [(0, [1, 2, 3, 4, 5, 6, 7]), (2, [3, 4, 5, 6, 7]), (5, [6, 7]), (6, [7])],
)
def test_only_what_lies_above_is_trained(make_anatomy, kept, trained):
    anatomy = make_anatomy(6)
    found = [depth for depth in range(8) if Freeze(kept).trains(depth, FIRST, anatomy)]
    assert found == trained


def test_it_is_the_same_at_every_step(make_anatomy):
    anatomy = make_anatomy(6)
    moments = [Moment(step, 20_000, 100) for step in (0, 1, 10_000)]
    assert not any(Freeze(3).trains(3, moment, anatomy) for moment in moments)
    assert all(Freeze(3).trains(4, moment, anatomy) for moment in moments)


@pytest.mark.parametrize(("layers", "half"), [(6, 3), (12, 6), (24, 12), (7, 3)])
def test_without_a_number_half_is_kept(layers, half):
    assert Freeze.parse([]).resolve(layers) == Freeze(half)
    assert Freeze.parse(["half"]).resolve(layers) == Freeze(half)
    assert Freeze.parse(["half", "cached"]).resolve(layers) == Freeze(half, "cached")


@pytest.mark.parametrize("kept", ["7", "-2", "-1"])
def test_a_number_of_blocks_that_the_model_lacks_is_refused(kept):
    with pytest.raises(WorkbenchError, match=f"freeze:{kept} is out of range"):
        Freeze.parse([kept]).resolve(6)


def test_cached_activations_are_asked_for_by_name(make_anatomy):
    technique = Freeze.parse(["3", "cached"])
    assert technique.label == "freeze:3:cached"
    assert technique.fixed(make_anatomy(6)) == 3
    assert Freeze(3).fixed(make_anatomy(6)) == -1
    assert Freeze(3).label == "freeze:3"
    assert technique.cohort_key != Freeze(3).cohort_key
    with pytest.raises(WorkbenchError, match="did you mean 'cached'"):
        Freeze.parse(["3", "cashed"])


def test_it_is_never_neutral():
    assert not Freeze(0).neutral


def test_runs_that_keep_the_same_depth_may_train_together():
    assert Freeze(2).cohort_key == Freeze(2).cohort_key != Freeze(3).cohort_key
