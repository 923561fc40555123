import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from workbench.errors import WorkbenchError
from workbench.execution import launch
from workbench.execution.launch import Failure, Launcher, Order
from workbench.execution.local import LocalWorkers, WorkersStopped


@pytest.fixture
def order(tmp_path):
    """Return a function that orders workers for a study that there is not."""

    def make(count):
        logs = [str(tmp_path / f"{number}.log") for number in range(count)]
        return Order("none", str(tmp_path), ["cpu"] * count, logs, asked=0.0)

    return make


@pytest.fixture
def forked(monkeypatch, order):
    """Return a function that watches workers which only act; it tells what is printed of them."""

    def watch(capfd, *acts):
        before = {number: signal.getsignal(number) for number in launch._STOPS}
        monkeypatch.setattr(launch, "_work", lambda order, number: acts[number]())
        try:
            return launch._watch(order(len(acts)), len(acts)), capfd.readouterr().out
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    return watch


def wait_to_be_stopped():
    time.sleep(60)
    return 0


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_that_end_well_are_no_failure(forked, capfd):
    assert forked(capfd, lambda: 0, lambda: 0) == (0, "")


def test_another_child_that_ends_is_no_worker(forked, capfd):
    stranger = subprocess.Popen([sys.executable, "-c", ""])
    assert forked(capfd, lambda: time.sleep(1) or 0, lambda: 0) == (0, "")
    stranger.wait()


@pytest.mark.parametrize(("act", "status"), [(lambda: 3, 3), (die, -9), (lambda: 1 / 0, 1)])
def test_one_that_fails_stops_the_others_and_is_told(forked, capfd, act, status):
    told = f'{{"number": 1, "status": {status}}}\n'
    assert forked(capfd, wait_to_be_stopped, act, wait_to_be_stopped) == (1, told)


def test_signals_reach_every_worker_once(forked, capfd, tmp_path):
    """A second signal would end a worker without a checkpoint."""

    def note_signals(start=lambda: None):
        count = []
        signal.signal(signal.SIGTERM, lambda *_: count.append(1))
        start()
        while not count:
            time.sleep(0.01)
        time.sleep(0.1)
        (tmp_path / str(os.getpid())).write_text(str(len(count)))
        return 143

    def stop_all():
        time.sleep(0.3)
        os.kill(os.getppid(), signal.SIGTERM)

    status, told = forked(capfd, note_signals, lambda: note_signals(stop_all), note_signals)
    assert status == 1 and '"status": 143' in told
    assert [path.read_text() for path in tmp_path.iterdir()] == ["1"] * 3


@pytest.mark.parametrize("count", [1, 2])
def test_what_a_worker_says_last_is_in_its_log(order, count):
    wanted = order(count)
    launcher = Launcher()
    launcher.order(wanted)
    with launcher.process:
        launcher.process.wait(60)
        failure = launcher.failure()
    assert failure.status == 1
    with open(wanted.logs[failure.number]) as log:
        assert "no study 'none'" in log.read()


def test_without_an_order_it_ends_with_whoever_started_it():
    launcher = Launcher()
    assert launcher.running and launcher.failure() is None
    with launcher.process:
        launcher.process.stdin.close()
    assert not launcher.running and launcher.failure() is None


@pytest.fixture
def sleeping(monkeypatch):
    """Start processes that only wait in place of launchers, and end them after the test."""
    popen, started = launch.subprocess.Popen, []
    line = [sys.executable, "-c", "import sys; sys.stdin.read()"]

    def start(_, **options):
        started.append(popen(line, **options))
        return started[-1]

    monkeypatch.setattr(launch.subprocess, "Popen", start)
    yield
    launch._early.clear()
    for process in started:
        with process:
            process.kill()


def test_what_is_prepared_is_used_once(sleeping):
    launch.prepare()
    launch.prepare()
    (early,) = launch._early
    assert launch.prepared() is early and not launch._early
    assert launch.prepared() is not early


def test_one_that_is_gone_is_not_used(sleeping):
    launch.prepare()
    (early,) = launch._early
    early.stop()
    other = launch.prepared()
    assert other is not early and other.running and not launch._early


def test_dismissed_it_ends(sleeping):
    launch.prepare()
    (early,) = launch._early
    launch.dismiss()
    assert not early.running and not launch._early


def test_a_launcher_that_was_killed_is_a_failure(sleeping, make_study):
    workers = LocalWorkers(*make_study(cohort=1), 2)
    workers.launcher.process.kill()
    workers.launcher.process.wait()
    assert workers.launcher.failure() == Failure(0, -9)
    with pytest.raises(WorkbenchError, match="ended by SIGKILL"):
        workers.check()


def test_nobody_need_be_there_to_hear_of_a_failure(forked, capfd, monkeypatch):
    """The kernel that started the workers may be gone, its end of the pipe closed."""
    told = []

    def broken(descriptor, content):
        told.append((descriptor, content))
        raise BrokenPipeError

    monkeypatch.setattr(launch.os, "write", broken)
    assert forked(capfd, lambda: 0, lambda: 3) == (1, "")
    assert told == [(1, b'{"number": 1, "status": 3}\n')]


@pytest.mark.parametrize(
    ("status", "asked_for"), [(143, True), (-15, True), (-2, True), (1, False), (-9, False)]
)
def test_workers_that_were_stopped_have_not_failed(tmp_path, status, asked_for):
    workers = LocalWorkers.__new__(LocalWorkers)
    workers.logs = [tmp_path / "worker.log"]
    workers.launcher = SimpleNamespace(failure=lambda: Failure(0, status))
    with pytest.raises(WorkbenchError) as raised:
        workers.check()
    assert isinstance(raised.value, WorkersStopped) is asked_for
