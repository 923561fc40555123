import os
import signal

import pytest

from workbench.execution import stopping
from workbench.execution.stopping import StopRequest, stopping_on_signals
from workbench.training.trainer import Stopped


def test_signals_become_a_question():
    with stopping_on_signals() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop()


def test_where_nothing_is_to_be_saved_a_signal_ends_it_at_once():
    with stopping_on_signals() as stop, pytest.raises(Stopped), stop.unsaved():
        os.kill(os.getpid(), signal.SIGTERM)
        pytest.fail("it went on")


def test_what_a_library_swallows_is_raised_again():
    request, swallowed = StopRequest(), False
    with pytest.raises(Stopped), request.unsaved():
        try:
            request.remember(signal.SIGTERM)
        except Exception:
            swallowed = True
    assert swallowed
    # Nor does anything begin after it.
    with pytest.raises(Stopped), request.unsaved():
        pytest.fail("it began")


@pytest.mark.parametrize(
    ("signals", "ended"),
    [
        ([signal.SIGTERM, signal.SIGTERM], []),
        ([signal.SIGINT], []),
        ([signal.SIGINT, signal.SIGTERM], []),
        ([signal.SIGTERM, signal.SIGINT], [130]),
        ([signal.SIGINT, signal.SIGINT], [130]),
    ],
)
def test_only_a_second_ctrl_c_does_not_wait_for_the_checkpoint(monkeypatch, signals, ended):
    request, statuses = StopRequest(), []
    monkeypatch.setattr(stopping.os, "_exit", statuses.append)
    for number in signals:
        request.remember(number)
    assert request() and statuses == ended
