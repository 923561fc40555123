"""How values that runs share, or do not share, are written."""

from types import SimpleNamespace

import pytest

from workbench.protocol.evidence import listed, numbers, told


def run(value, task="biosses", model="bert", train_size=0, arm="plain"):
    place = {"task": task, "model": model, "train_size": train_size, "arm": arm}
    return SimpleNamespace(value=value, **place)


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([], "none"),
        ([run(1), run(1, "hoc")], "1"),
        ([run(1), run(2, "hoc"), run(2, "gad")], "1 (biosses) and 2 (hoc; gad)"),
        ([run(1), run(2, model="minilm")], "1 (bert) and 2 (minilm)"),
        ([run(1), run(2, train_size=64)], "1 (all to train) and 2 (64 to train)"),
        (
            [run(1), run(2, "hoc"), run(2, model="electra"), run(1, "hoc", "electra")],
            "1 (biosses, bert; hoc, electra) and 2 (hoc, bert; biosses, electra)",
        ),
        ([run(1), run(2, arm="frozen")], "1 (plain) and 2 (frozen)"),
        ([run(1), run(2)], "1 and 2"),
    ],
)
def test_a_value_is_told_with_what_it_depends_on(runs, text):
    assert told(runs, lambda each: each.value) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [([4], "4"), ([1, 0], "0 and 1"), ([2, 1, 0, 1], "0 to 2"), ([0, 2, 5], "0, 2 and 5")],
)
def test_numbers_in_a_row_are_told_by_their_ends(values, text):
    assert numbers(values) == text


def test_a_list_ends_in_and():
    assert (listed(["a", "b", "c"]), listed([])) == ("a, b and c", "none")
