import pytest

from workbench.notebook.figures import markup


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a<br>b", "a\nb"),
        ("<b>bold</b> &amp; <span style='x'>small</span>", "bold & small"),
        ("p < 0.05", "p < 0.05"),
        (None, ""),
    ],
)
def test_lines(text, expected):
    assert markup.lines(text) == expected


def test_one_line():
    assert markup.one_line("a<br> b") == "a b"
