"""One line that progress is written over."""

import io

import pytest

from workbench.protocol.progress_line import ProgressLine


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock():
    """Return a clock that a test sets."""

    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def test_a_terminal_is_written_over_once_a_second(clock):
    stream = Terminal()
    line = ProgressLine(stream, clock)
    for clock.now, text in ((0.5, "early"), (1.5, "one of two"), (2.0, "soon"), (2.6, "two")):
        line(text)
    line.clear()
    assert stream.getvalue() == f"\rone of two\r{'two':<10}\r{'':<3}\r"


def test_a_file_has_a_line_every_ten_seconds_at_most(clock):
    stream = io.StringIO()
    line = ProgressLine(stream, clock)
    for clock.now in (5.0, 11.0, 15.0, 22.0):
        line(f"at {clock.now:g}")
    line.clear()
    assert stream.getvalue() == "at 11\nat 22\n"


def test_a_long_study_tells_more_rarely(clock):
    stream = Terminal()
    line = ProgressLine(stream, clock)
    for clock.now in (10_000.0, 10_050.0, 10_102.0):
        line(f"{clock.now:g}")
    assert stream.getvalue().split() == ["10000", "10102"]
