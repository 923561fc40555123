"""Plans, starts, stops and looks, apart from any widget.

Everything slow happens in threads of the kernel, so that no button waits for another: one plans
and loads studies, one counts tokens, one tells each observer, the supervisor's own starts, looks
and stops. Whatever is told is read from the store, so a study that another kernel or a terminal
started is followed like one's own.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from workbench.errors import WorkbenchError
from workbench.execution import launch
from workbench.notebook.watching.announcer import Announcer
from workbench.notebook.watching.status import FAILED, STOPPING, Status
from workbench.notebook.watching.studies import RUNNING, STOPPED, stored_studies
from workbench.notebook.watching.watched import Watched, tokens_per_step
from workbench.store.folder import RunStore
from workbench.store.planning import plan_study
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.store.study import Study, load_study

POLL_SECONDS = 0.4
STOPPING_SECONDS = 0.1
"""Between two looks while somebody waits for the end."""

_Command = Callable[[], None]
_Asked = TypeVar("_Asked")
_Work = Callable[[], _Command | None]
"""What the planner does: it returns what the supervisor's thread is to do with it."""


class Supervisor:
    """Plans, starts, stops and looks, in threads of its own; no widgets.

    Only its thread changes what it watches; whatever is asked for comes to it as a command, and
    what it sees leaves as a `Status`.

    Parameters
    ----------
    choose
        Gives the settings of the next study.
    outputs
        Gives the outputs folder of all studies, also where no study can be chosen.
    poll
        Seconds between two looks.

    Attributes
    ----------
    status
        As of the last look.
    view
        The study that is followed, None before the first.
    """

    def __init__(
        self,
        choose: Callable[[], SweepSettings],
        outputs: Callable[[], Path],
        poll: float = POLL_SECONDS,
    ):
        self.choose, self.outputs, self.poll = choose, outputs, poll
        self.status = Status()
        self.view: Watched | None = None
        self._job: Watched | None = None
        self._waiting: list[Watched] = []
        self._looks_elsewhere = False
        self._planned: list[SweepSettings] = []
        self._loaded: list[str] = []
        self._problem, self._stops = "", 0
        self._observers: list[Announcer[Status]] = []
        self._attached: list[Announcer[Study]] = []
        self._commands: queue.SimpleQueue[_Command | None] = queue.SimpleQueue()
        self._planner = ThreadPoolExecutor(1, "planner")
        self._counter = ThreadPoolExecutor(1, "counter")
        self._thread = threading.Thread(target=self._loop, name="supervisor", daemon=True)
        self._thread.start()

    @property
    def store(self) -> RunStore:
        """The runs under the outputs folder that is chosen.

        Raises
        ------
        WorkbenchError
            When it cannot be written.
        """
        return RunStore(self.outputs())

    def observe(self, callback: Callable[[Status], None]) -> None:
        """Have a function called with the status whenever it has changed, in a thread of its own.

        While it is busy, what it would have been told in between is left out.
        """
        self._observers.append(Announcer(callback, self.complain))

    def observe_attached(self, callback: Callable[[Study], None]) -> None:
        """Have a function called with each study that was attached to, in a thread of its own."""
        self._attached.append(Announcer(callback, self.complain))

    def complain(self, problem: Exception) -> None:
        """Show what went wrong elsewhere; any thread may call it."""
        self._do(self._complaint(problem))

    def run(self) -> None:
        """Plan what is chosen now, and train what is missing after whatever trains.

        Asked again while the same is still being planned, it does nothing.
        """
        try:
            settings = self.choose()
        except WorkbenchError as problem:
            return self._do(self._complaint(problem))
        if settings not in self._planned:
            if not self.status.active:
                launch.prepare()
            work = partial(self._plan_study, settings, self._stops)
            self._plan(self._planned, settings, work)

    def attach(self, name: str) -> None:
        """Follow a stored study; whatever trains goes on."""
        self._plan(self._loaded, name, partial(self._load, name))

    def reattach(self) -> None:
        """Follow the study that trains, or the latest where it was stopped, if there is one.

        After the kernel was started again, or a session was lost, *Resume* is then all it takes.
        """
        self._plan(self._loaded, "", self._find_unfinished)

    def resume(self) -> None:
        """Train what is missing of the study that is followed."""
        self._do(self._resume)

    def stop(self) -> None:
        """Stop the study that is followed, whoever started it, and let none begin after it."""
        self._stops += 1
        self._planned.clear()
        self._do(self._stop)

    def drop(self, name: str) -> None:
        """Take a study off those that wait."""
        self._do(partial(self._drop, name))

    def close(self) -> None:
        """End the threads; workers go on. Closing twice does nothing."""
        for pool in (self._planner, self._counter):
            pool.shutdown(cancel_futures=True)
        self._commands.put(None)
        self._thread.join()
        for observer in self._observers:
            observer.close()
        for follower in self._attached:
            follower.close()

    # What the planner does.

    def _plan(self, pending: list[_Asked], asked: _Asked, work: _Work) -> None:
        pending.append(asked)
        self._do(self._clear)
        self._planner.submit(self._report_on, pending, asked, work)

    def _report_on(self, pending: list[_Asked], asked: _Asked, work: _Work) -> None:
        try:
            command = work()
        except Exception as problem:
            command = self._complaint(problem)
            launch.dismiss()
        self._do(partial(self._arrived, pending, asked, command))

    def _plan_study(self, settings: SweepSettings, stops: int) -> _Command | None:
        store = RunStore(outputs_folder(settings))
        watched = Watched(store, plan_study(settings, store), settings.workers)
        return partial(self._arrange, watched, stops)

    def _load(self, name: str) -> _Command:
        store = self.store
        study = load_study(store, name)
        watched = Watched(store, study, study.settings.workers)
        return partial(self._show, watched)

    def _find_unfinished(self) -> _Command | None:
        found = stored_studies(self.store)
        names = [each.name for each in found if each.state == RUNNING]
        names += [each.name for each in found[:1] if each.state == STOPPED]
        return self._load(names[0]) if names else None

    def _count_tokens(self, watched: Watched) -> None:
        # Without its data a study can still be looked at.
        with suppress(WorkbenchError):
            watched.tokens = tokens_per_step(watched.study)

    # What the supervisor's thread does.

    def _do(self, command: _Command) -> None:
        self._commands.put(command)

    def _loop(self) -> None:
        while True:
            try:
                command = self._commands.get(timeout=self._patience)
            except queue.Empty:
                command = self._only_look
            if command is None:
                return
            self._attempt(command)
            self._attempt(self._look)
            self._tell()

    @property
    def _patience(self) -> float:
        return min(self.poll, STOPPING_SECONDS) if self.status.state == STOPPING else self.poll

    def _only_look(self) -> None:
        """Do nothing: after every command comes a look."""

    def _attempt(self, command: _Command) -> None:
        try:
            command()
        except Exception as problem:
            # The thread must outlive whatever happens, or the buttons would be dead.
            self._complaint(problem)()

    def _complaint(self, problem: Exception) -> _Command:
        known = isinstance(problem, WorkbenchError)
        sentence = str(problem) if known else f"{type(problem).__name__}: {problem}"
        return partial(setattr, self, "_problem", sentence)

    def _clear(self) -> None:
        self._problem = ""

    def _arrived(self, pending: list[_Asked], asked: _Asked, command: _Command | None) -> None:
        with suppress(ValueError):  # Stop has taken it off already.
            pending.remove(asked)
        if command:
            command()

    def _arrange(self, watched: Watched, stops: int) -> None:
        """Let a planned study train, unless Stop was pressed since it was asked for."""
        if stops != self._stops:
            return launch.dismiss()
        self._looks_elsewhere = False
        self._enqueue(watched)

    def _enqueue(self, watched: Watched) -> None:
        if watched.key in self._known():
            raise WorkbenchError(f"study {watched.study.name} trains or waits already")
        self._waiting.append(watched)

    def _drop(self, name: str) -> None:
        self._waiting = [each for each in self._waiting if each.study.name != name]

    def _show(self, watched: Watched) -> None:
        if self.view and self.view.active and not (self._job and self._job.active):
            self._job = self.view  # It stays in sight, also when another kernel's.
        self.view = self._known().get(watched.key, watched)
        self._looks_elsewhere = any(each is not self.view for each in self._active())
        if self.view.active:
            self._counter.submit(self._count_tokens, self.view)
        for observer in self._attached:
            observer.tell(self.view.study)

    def _resume(self) -> None:
        self._clear()
        if self.view is None:
            raise WorkbenchError("there is no study to resume: attach to one first")
        self._enqueue(self.view)

    def _stop(self) -> None:
        self._clear()
        self._waiting.clear()
        if self.view:
            self.view.stop()

    def _known(self) -> dict[tuple[Path, str], Watched]:
        return {each.key: each for each in [*self._waiting, *self._active()]}

    def _active(self) -> list[Watched]:
        return [each for each in self._watched() if each.active]

    def _watched(self) -> list[Watched]:
        return [each for each in dict.fromkeys([self.view, self._job]) if each]

    def _look(self) -> None:
        for watched in self._watched():
            active = watched.active
            watched.look()
            if active and watched.problem:
                self._problem = f"study {watched.study.name}: {watched.problem}"
        if self._waiting and not self._active():
            self._start(self._waiting.pop(0))

    def _start(self, watched: Watched) -> None:
        self._job = watched
        if not self._looks_elsewhere or self.view is None:
            self.view = watched
        self._looks_elsewhere = self.view is not watched
        try:
            watched.start()
        except WorkbenchError:
            watched.state = FAILED
            raise
        if watched.active:
            self._counter.submit(self._count_tokens, watched)

    def _tell(self) -> None:
        status = self._now()
        if status != self.status:
            self.status = status
            for observer in self._observers:
                observer.tell(status)

    def _now(self) -> Status:
        known = self.view.status() if self.view else Status()
        return replace(
            known,
            waiting=tuple(each.study.name for each in self._waiting),
            elsewhere=next((each.study.name for each in self._active() if each != self.view), ""),
            planning=bool(self._planned),
            opening=next(filter(None, self._loaded), ""),
            problem=self._problem,
        )
