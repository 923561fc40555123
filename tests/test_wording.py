import pytest

from workbench.wording import counted


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 runs"),
        (1, "1 run"),
        (2, "2 runs"),
        (10_000_000, "10000000 runs"),
        (0.5, "0.5 runs"),
        (1.0, "1 run"),
    ],
)
def test_a_number_stands_before_its_noun(number, text):
    assert counted(number, "run") == text
