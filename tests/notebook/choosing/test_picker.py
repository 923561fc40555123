import pytest

from workbench.notebook.choosing.choices import Option
from workbench.notebook.choosing.picker import Picker

HERE = Option("one", "One", "first", ("a <fact>",), here=True)
ABSENT = Option("two", "Two", "first", (), here=False)
BROKEN = Option("three", "Three", "generated thing", (), here=False, problem="it is <broken>")


@pytest.fixture
def told():
    return []


@pytest.fixture
def picker(told):
    found = Picker("model", "which model", "another", lambda: told.append(found.value))
    found.offer([HERE, ABSENT, BROKEN])
    found.value = "one"
    told.clear()
    return found


def test_an_entry_is_short_begins_with_its_name_and_ends_with_its_state(picker):
    assert [label for label, _ in picker.list.options] == [
        "One \N{MIDDLE DOT} first \N{CHECK MARK}",
        "Two \N{MIDDLE DOT} first \N{DOWNWARDS ARROW}",
        "Three \N{MULTIPLICATION X}",
        "another",
    ]


def test_picking_is_told_once(picker, told):
    picker.list.value = "two"
    picker.value = "three"
    picker.value = "three"
    assert told == ["two", "three"]


def test_a_name_outside_the_list_is_typed(picker, told):
    assert picker.typed.layout.display == "none"
    picker.list.value = ""
    assert (picker.typed.layout.display, picker.typed.value, told) == (None, "one", ["one"])
    picker.typed.value = " owner/name "
    assert (picker.value, told[-1]) == ("owner/name", "owner/name")
    picker.value = "two"
    assert (picker.list.value, picker.typed.layout.display) == ("two", "none")
    picker.value = "owner/other"
    assert (picker.list.value, picker.typed.value) == ("", "owner/other")


def test_another_list_keeps_what_is_picked(picker, told):
    picker.offer([ABSENT])
    assert (picker.value, picker.typed.value, told) == ("one", "one", [])
    picker.offer([ABSENT, HERE])
    assert (picker.list.value, told) == ("one", [])


def test_what_is_known_stands_below_in_words(picker):
    picker.tell([HERE], place=True)
    assert (
        "first \N{MIDDLE DOT} a &lt;fact&gt; \N{MIDDLE DOT} on this machine" in picker.facts.value
    )
    picker.tell([HERE, ABSENT])
    assert "One \N{MIDDLE DOT} first" in picker.facts.value and "Two" in picker.facts.value
    picker.tell([BROKEN], place=True)
    assert "workbench-problem" in picker.facts.value
    assert "it is &lt;broken&gt;" in picker.facts.value
    picker.refuse("no <such>")
    assert "no &lt;such&gt;" in picker.facts.value
