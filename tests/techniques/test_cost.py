import pytest

from workbench.techniques import registry
from workbench.techniques.cost import Cost, joined


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (Cost(), "none"),
        (Cost(copies=2), "2 more copies of the weights"),
        (Cost(passes=2, searches=1), "2.7 times the operations of a step"),
        (Cost(held=2, note="slow"), "the states of 2 passes at once, slow"),
    ],
)
def test_a_cost_in_words(cost, text):
    assert cost.text == text


def test_what_each_adds_to_the_baseline_is_added():
    assert joined([]) == Cost()
    found = joined([Cost(2.0, 2, 1, 1), Cost(1.5, 3, 2)])
    assert found == Cost(2.5, 4, 3, 1)
    assert joined([Cost(searches=1), Cost(in_use=1, frozen=2), Cost(frozen=1)]) == Cost(
        searches=1, in_use=1, frozen=3
    )


def test_every_pass_that_is_held_has_its_copies_in_use():
    assert Cost(held=3, copies=4, in_use=1).held_copies == 6


@pytest.mark.parametrize("kind", registry().values(), ids=registry())
def test_what_a_technique_saves_is_a_copy_that_it_holds(kind):
    assert kind.cost.passes >= 1 and kind.cost.held >= 1
    assert 0 <= kind.cost.saved <= kind.cost.copies
