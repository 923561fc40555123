import threading

import pytest

from workbench.notebook.page.pacer import Pacer


class Work:
    """Counts its calls, and can be waited for."""

    def __init__(self):
        self.calls, self.complaints, self.fails = 0, [], False
        self.changed = threading.Condition()

    def __call__(self):
        with self.changed:
            self.calls += 1
            self.changed.notify_all()
        if self.fails:
            raise ValueError("no")

    def reaches(self, calls, seconds=10):
        with self.changed:
            return self.changed.wait_for(lambda: self.calls >= calls, seconds)


@pytest.fixture
def work():
    return Work()


@pytest.fixture
def pacer(work):
    made = Pacer(work, work.complaints.append, 0.01)
    yield made
    made.close()


def test_it_goes_on_while_something_does(pacer, work):
    pacer.nudge(going=True)
    assert work.reaches(5)


def test_without_anything_going_on_a_nudge_is_one_call(pacer, work):
    pacer.nudge(going=False)
    assert work.reaches(1)
    assert not work.reaches(2, seconds=0.2)


def test_a_failure_is_told_and_the_next_call_comes(pacer, work):
    work.fails = True
    pacer.nudge(going=True)
    assert work.reaches(3)
    assert str(work.complaints[0]) == "no"


def test_closed_it_calls_no_more(pacer, work):
    pacer.nudge(going=True)
    assert work.reaches(1)
    pacer.close()
    calls = work.calls
    assert not work.reaches(calls + 1, seconds=0.1)
