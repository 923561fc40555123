"""What the figures have in common."""

import pytest

from workbench.notebook.figures.frame import wrap


@pytest.mark.parametrize(
    ("name", "wrapped"),
    [
        ("baseline", "baseline"),
        ("freeze:3+reinit:2", "freeze:3+reinit:2"),
        ("freeze:3+layerwise:0.9+reinit:2", "freeze:3+<br>layerwise:0.9+<br>reinit:2"),
        ("a-name-without-any-place-to-break", "a-name-without-any-place-to-break"),
        ("", ""),
    ],
)
def test_wrap(name, wrapped):
    assert wrap(name) == wrapped
