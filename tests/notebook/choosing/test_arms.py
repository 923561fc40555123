import pytest

from workbench.notebook.choosing.arms import arms_of, lone, switched, together

TEXT = "baseline, freeze:3,freeze:3+reinit,freeze:6"


def test_arms_are_what_stands_between_commas():
    assert arms_of(TEXT) == ["baseline", "freeze:3", "freeze:3+reinit", "freeze:6"]
    assert arms_of(" , ") == []


@pytest.mark.parametrize(
    ("name", "arm"), [("freeze", "freeze:3"), ("reinit", ""), ("baseline", "baseline"), ("fre", "")]
)
def test_a_switch_speaks_for_its_technique_alone(name, arm):
    assert lone(TEXT, name) == arm


@pytest.mark.parametrize(
    ("text", "name", "typed", "wanted"),
    [
        ("baseline,freeze,reinit", "freeze", "freeze:2", "baseline,freeze:2,reinit"),
        ("baseline", "reinit", "reinit", "baseline,reinit"),
        (TEXT, "freeze", "", "baseline,freeze:3+reinit"),
        (TEXT, "freeze", "freeze:6", "baseline,freeze:6,freeze:3+reinit"),
        ("freez:3,reinit", "reinit", "reinit:2", "freez:3,reinit:2"),
        ("freeze", "freeze", "", "baseline"),
        ("", "freeze", "freeze", "freeze"),
    ],
)
def test_what_no_switch_can_say_stays(text, name, typed, wanted):
    assert switched(text, name, typed) == wanted


def test_joined_techniques_are_one_more_arm_once():
    text = together("baseline,freeze,reinit", ["freeze", "reinit"])
    assert text == "baseline,freeze,reinit,freeze+reinit"
    assert together(text, ["freeze", "reinit"]) == text
