import pytest

from workbench.notebook.status import Status


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status(), "no study yet: press Run, or attach to one"),
        (Status(planning=True), "planning"),
        (
            Status("a", "running", 2, 0, 8, 0, waiting=("b", "c")),
            "a running: 0 of 2 runs, step 0 of 8, starting, waiting: b, c",
        ),
        (
            Status("a", "stopped", 2, 1, 8, 5, 3.0, 4.0, 5, planning=True),
            "a stopped: 1 of 2 runs, step 5 of 8, planning another",
        ),
    ],
)
def test_the_line_says_what_counts_now(status, expected):
    assert status.line() == expected
