import pytest

from workbench.benchmark import progress
from workbench.benchmark.progress import Progress


@pytest.fixture
def at(monkeypatch):
    """Return a function that sets the clock."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])

    def set_clock(seconds):
        now[0] = 100.0 + seconds

    return set_clock


def test_progress_tells_what_is_left(at, capsys):
    told = Progress(4.0)
    at(30)
    told.advance(1.0, "one")
    assert capsys.readouterr().out == " 25%  one; about 1:30 left\n"
    told.leave_out(2.0)
    at(60)
    told.advance(1.0, "two")
    assert capsys.readouterr().out == "100%  two; about 0:00 left\n"


def test_nothing_begins_that_would_end_too_late(at):
    limited = Progress(100.0, limit=60)
    assert limited.allows(60) and not limited.allows(61)
    at(20)
    limited.advance(10.0, "at half the pace")
    assert limited.allows(20) and not limited.allows(21)
    assert Progress(100.0).allows(1e9)
