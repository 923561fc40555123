"""Run, Stop, Resume and Attach: what trains goes on in processes of its own, and is looked at.

Everything slow happens in two threads of the kernel, so that no button waits for another: one plans
and loads studies, the other starts, looks and stops. Whatever is shown is read from the store, so a
study that another kernel or a terminal started is followed like one's own.
"""

from __future__ import annotations

import html
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import ipywidgets
import psutil

from workbench.errors import WorkbenchError
from workbench.execution import launch
from workbench.execution.local import LocalWorkers, worker_count
from workbench.execution.progress import Follower, clock
from workbench.store.claims import working
from workbench.store.folder import RunStore
from workbench.store.settings import SweepSettings, outputs_folder
from workbench.store.study import Study, load_study, plan_study, study_names, study_path
from workbench.training.workload import measure_all

POLL_SECONDS = 0.5
RATE_SECONDS = 10.0
"""Over which tokens per second are averaged."""
MEMORY_SECONDS = 3.0
"""Between two looks at the memory of the workers: looking through all processes costs."""

NONE, RUNNING, STOPPING, STOPPED, FINISHED, FAILED, UNREADABLE = (
    "none",
    "running",
    "stopping",
    "stopped",
    "finished",
    "failed",
    "unreadable",
)
_ASKED_TO_END = ("stopped;", "a worker ended by SIGTERM")
"""How the last words of workers begin that somebody stopped: in training, or while they loaded."""


@dataclass(frozen=True)
class Stored:
    """A study as it lies in the store.

    Attributes
    ----------
    name
        Of the study.
    state
        running, stopped, finished, or unreadable.
    runs, finished
        How many it has, and how many of them are finished.
    changed
        When it was last planned or started, in seconds since 1970.
    problem
        Why it is unreadable, in a sentence.
    """

    name: str
    state: str
    runs: int
    finished: int
    changed: float
    problem: str = ""

    @property
    def label(self) -> str:
        """What a list of studies shows of it.

        Examples
        --------
        >>> Stored("hoc-1", "stopped", 20, 5, 0.0).label
        'hoc-1: stopped, 5 of 20 runs'
        """
        runs = f", {self.finished} of {self.runs} runs" if self.runs else ""
        return f"{self.name}: {self.state}{runs}"


def stored_studies(store: RunStore) -> list[Stored]:
    """Return every study of a store, the one last planned or started first."""
    found = [_stored(store, name) for name in study_names(store)]
    return sorted(found, key=lambda each: each.changed, reverse=True)


def _stored(store: RunStore, name: str) -> Stored:
    changed = _changed(study_path(store, name).parent)
    try:
        study = load_study(store, name)
    except WorkbenchError as problem:
        return Stored(name, UNREADABLE, 0, 0, changed, str(problem))
    left = [run for run in study.run_ids if store.result(run) is None]
    working_now = any(working(store, run) for run in left)
    state = (RUNNING if working_now else STOPPED) if left else FINISHED
    return Stored(name, state, len(study.specs), len(study.specs) - len(left), changed)


def _changed(folder: Path) -> float:
    # Starting workers opens their logs anew, which lie beside the study's file.
    return max(path.stat().st_mtime for path in [folder, *folder.iterdir()])


def worker_processes(store: RunStore, study: Study) -> list[psutil.Process]:
    """Return the processes of this computer that work on a study, whoever started them.

    A worker is known by its command line; whom it works for by the files that it has open: its log
    in the study's folder, or the lock of a run. One that still loads, or works on another computer,
    is not found.
    """
    root = os.path.realpath(store.root)
    locks = {f"{root}/locks/{run}.lock" for run in study.run_ids}
    logs = f"{root}/studies/{study.name}/"
    return [
        process
        for process in _workers()
        if any(path in locks or path.startswith(logs) for path in _open_files(process))
    ]


def _workers() -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if is_worker(each.info["cmdline"])]


def is_worker(command: list[str] | None) -> bool:
    """Tell whether a command line is a worker's, or of the process that turns into workers.

    Examples
    --------
    >>> is_worker(["python", "-m", "workbench", "work", "hoc-1"])
    True
    """
    words = command or []
    pairs = list(pairwise(words))
    return ("-m", launch.__name__) in pairs or (
        ("-m", "workbench") in pairs and ("workbench", "work") in pairs
    )


def _open_files(process: psutil.Process) -> list[str]:
    try:
        return [file.path for file in process.open_files()]
    except psutil.Error:
        return []  # It has ended, or is another user's.


def stop_processes(processes: Iterable[psutil.Process]) -> int:
    """Ask workers to save a checkpoint and end; return how many were asked.

    Those of one launcher are asked through it, and each once: a second request would end a worker
    without a checkpoint.
    """
    workers = {each.pid for each in _workers()}
    asked = 0
    for process in {_asked_through(each, workers) for each in processes}:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
            asked += 1
    return asked


def _asked_through(process: psutil.Process, workers: set[int]) -> psutil.Process:
    """Return the launcher of a worker, which leads its session; else the worker itself."""
    with suppress(ProcessLookupError, psutil.NoSuchProcess):
        leader = os.getsid(process.pid)
        if leader in workers and leader != process.pid:
            return psutil.Process(leader)
    return process


def memory_of(processes: Iterable[psutil.Process]) -> int:
    """Return the bytes of main memory that processes hold, shared ones counted once where known."""
    return sum(map(_memory, processes))


def _memory(process: psutil.Process) -> int:
    try:
        found = process.memory_full_info()
        return getattr(found, "pss", found.uss)
    except psutil.Error:
        return 0  # It has ended.


def tokens_per_step(study: Study) -> dict[str, float]:
    """Return the tokens that one step of each run trains on, on average over an epoch, by run.

    Raises
    ------
    WorkbenchError
        When the data or the tokenizer cannot be loaded.
    """
    measured = measure_all(study.specs)
    return {
        spec.id: float(
            measured[spec.id].lengths["train"].sum() / measured[spec.id].plan(spec).steps_per_epoch
        )
        for spec in study.specs
    }


class Speed:
    """How fast a number grows, over the last `RATE_SECONDS`.

    Parameters
    ----------
    now
        Seconds that never run backwards.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic):
        self.now = now
        self.seen: deque[tuple[float, float]] = deque()

    def __call__(self, number: float) -> float | None:
        """Take note of the number; return its growth a second, None until it can be told."""
        self.seen.append((self.now(), number))
        while self.seen[-1][0] - self.seen[0][0] > RATE_SECONDS:
            self.seen.popleft()
        seconds, growth = (last - first for first, last in zip(*self._ends, strict=True))
        return growth / seconds if seconds >= 1 and growth > 0 else None

    @property
    def _ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        return self.seen[0], self.seen[-1]


@dataclass(frozen=True)
class Status:
    """What a panel shows of the study it follows.

    Attributes
    ----------
    study, state
        Its name, and none, running, stopping, stopped, finished or failed.
    runs, finished
        How many it has, and how many of them are finished.
    steps, done
        Optimizer steps of all runs, and how many of them are done.
    seconds_left, tokens_per_second
        None until enough has happened to tell.
    memory
        Bytes of main memory that its workers on this computer hold.
    waiting
        Names of the studies that are trained next.
    planning
        Whether a study is just being planned or loaded.
    problem
        What went wrong, in a sentence; empty where nothing did.
    """

    study: str = ""
    state: str = NONE
    runs: int = 0
    finished: int = 0
    steps: int = 0
    done: int = 0
    seconds_left: float | None = None
    tokens_per_second: float | None = None
    memory: int = 0
    waiting: tuple[str, ...] = ()
    planning: bool = False
    problem: str = ""

    @property
    def active(self) -> bool:
        """Whether workers train it."""
        return self.state in (RUNNING, STOPPING)

    def line(self) -> str:
        """Return the line beside the progress bar.

        Examples
        --------
        >>> Status("hoc-1", "running", 20, 5, 800, 300, 66.0, 1234.0, 2 * 10**9).line()
        'hoc-1 running: 5 of 20 runs, step 300 of 800, about 1:06 left, 1,234 tokens/s, 2.0 GB'
        """
        if not self.study:
            return "planning" if self.planning else "no study yet: press Run, or attach to one"
        parts = [
            f"{self.study} {self.state}: {self.finished} of {self.runs} runs",
            f"step {self.done:,} of {self.steps:,}",
            *self._measures(),
            f"waiting: {', '.join(self.waiting)}" if self.waiting else "",
            "planning another" if self.planning else "",
        ]
        return ", ".join(filter(None, parts))

    def _measures(self) -> list[str]:
        if not self.active:
            return []
        left, rate = self.seconds_left, self.tokens_per_second
        return [
            "starting" if left is None else f"about {clock(left)} left",
            f"{rate:,.0f} tokens/s" if rate else "",
            f"{self.memory / 1e9:.1f} GB" if self.memory else "",
        ]


class Watched:
    """A study that is looked at, and trained where it is asked for.

    Parameters
    ----------
    store, study
        What to look at.
    workers
        Processes to start; 0 chooses.
    """

    def __init__(self, store: RunStore, study: Study, workers: int = 0):
        self.store, self.study, self.workers = store, study, workers
        self.local: LocalWorkers | None = None
        self.state, self.problem = STOPPED, ""
        self.tokens: dict[str, float] = {}
        self._follow()
        self.look()

    def _follow(self) -> None:
        """Look afresh: what is left now is what progress and speed speak of."""
        self.follower = Follower(self.store, self.study)
        self.speed, self.idle = Speed(), 0
        self.rate: float | None = None
        self.memory, self.memory_at = 0, float("-inf")
        self.progress = self.follower.look()

    @property
    def active(self) -> bool:
        """Whether workers train it."""
        return self.state in (RUNNING, STOPPING)

    def start(self) -> None:
        """Start workers for the missing runs, if there are any."""
        self.problem = ""
        self._follow()
        left = set(self.follower.unfinished)
        cohorts = [cohort for cohort in self.study.cohorts if left & set(cohort)]
        if not cohorts:
            self.state = FINISHED
            return launch.dismiss()
        count = worker_count(self.study.device, len(cohorts), self.workers)
        self.local = LocalWorkers(self.store, self.study, count)
        self.state = RUNNING

    def stop(self) -> None:
        """Ask the workers to save and end, wherever on this computer they were started.

        Raises
        ------
        WorkbenchError
            When somebody works on it, but no process of this computer does.
        """
        # A second request would end them without a checkpoint.
        if self.state != RUNNING:
            return
        if not stop_processes(self._processes()):
            raise WorkbenchError(
                f"the workers of study {self.study.name} are not on this computer, or another "
                "user's: stop them where they were started"
            )
        self.state = STOPPING

    def look(self) -> None:
        """Read what happened since the last look."""
        if self.state == FINISHED:
            return self._leave()
        active, works = self.active, self._worked_on()
        if works and not active:
            self._follow()  # Somebody has started it again.
        self.progress = self.follower.look()
        if not self.follower.unfinished:
            self.state = FINISHED
        elif works:
            self.state = STOPPING if self.state == STOPPING else RUNNING
            self._measure()
        else:
            self.state = FAILED if self.problem else STOPPED

    def _worked_on(self) -> bool:
        if self.local and self.local.running:
            return True
        self._part()
        held = any(working(self.store, run) for run in self.follower.unfinished)
        self.idle = 0 if held else self.idle + 1
        # Between two cohorts a worker holds none for an instant.
        return held or (self.active and self.idle < 2)

    def _part(self) -> None:
        """Take leave of workers that have ended, and keep what went wrong."""
        if self.local:
            try:
                self.local.check()
            except WorkbenchError as problem:
                if not str(problem).startswith(_ASKED_TO_END):
                    self.problem = str(problem)
            self.local.leave()
            self.local = None

    def _leave(self) -> None:
        """Let workers end alone that have nothing left to do."""
        if self.local and not self.local.running:
            self._part()
            self.problem = ""

    def _processes(self) -> list[psutil.Process]:
        found = set(worker_processes(self.store, self.study))
        if self.local:
            # It may still load, and have nothing open by which it is found.
            with suppress(psutil.NoSuchProcess):
                found.add(psutil.Process(self.local.launcher.process.pid))
        return list(found)

    def _measure(self) -> None:
        if self.tokens:
            reached = self.follower.reached.items()
            self.rate = self.speed(sum(steps * self.tokens[run] for run, steps in reached))
        if time.monotonic() - self.memory_at > MEMORY_SECONDS:
            self.memory, self.memory_at = memory_of(self._processes()), time.monotonic()

    def status(self) -> Status:
        """Return what a panel shows of it."""
        steps = sum(self.study.steps.values())
        return Status(
            study=self.study.name,
            state=self.state,
            runs=self.progress.runs,
            finished=self.progress.finished,
            steps=steps,
            done=steps - self.progress.steps + self.progress.done,
            seconds_left=self.progress.seconds_left,
            tokens_per_second=self.rate,
            memory=self.memory,
        )


class Supervisor:
    """Plans, starts, stops and looks, in threads of its own; no widgets.

    Only its thread changes what it watches; whatever is asked for comes to it as a command, and
    what it sees leaves as a `Status`.

    Parameters
    ----------
    choose
        Gives the settings of the next study, and the outputs folder of all.
    poll
        Seconds between two looks.

    Attributes
    ----------
    status
        As of the last look.
    view
        The study that is followed, None before the first.
    """

    def __init__(self, choose: Callable[[], SweepSettings], poll: float = POLL_SECONDS):
        self.choose, self.poll = choose, poll
        self.status = Status()
        self.view: Watched | None = None
        self._job: Watched | None = None
        self._waiting: list[Watched] = []
        self._problem, self._planning, self._stops = "", 0, 0
        self._observers: list[Callable[[Status], None]] = []
        self._commands: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._planner = ThreadPoolExecutor(1, "planner")
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
        return RunStore(outputs_folder(self.choose()))

    def observe(self, callback: Callable[[Status], None]) -> None:
        """Have a function called with the status whenever it has changed, in the thread."""
        self._observers.append(callback)

    def run(self) -> None:
        """Plan what is chosen and train what is missing, after whatever trains now."""
        if not self.status.active:
            launch.prepare()
        stops = self._stops
        self._plan(lambda: self._planned(stops))

    def attach(self, name: str) -> None:
        """Follow a stored study."""
        self._plan(lambda: self._loaded(name))

    def reattach(self) -> None:
        """Follow the study that trains, if one does: after the kernel was started again."""
        self._plan(self._training)

    def resume(self) -> None:
        """Train what is missing of the study that is followed."""
        self._do(self._resume)

    def stop(self) -> None:
        """Stop the study that is followed, whoever started it, and let none that waits begin."""
        self._stops += 1
        self._do(self._stop)

    def close(self) -> None:
        """End the threads; workers go on. Closing twice does nothing."""
        self._planner.shutdown(cancel_futures=True)
        self._commands.put(None)
        self._thread.join()

    # What the planner does: each returns what the thread is to do with it.

    def _plan(self, work: Callable[[], Callable[[], None] | None]) -> None:
        self._planning += 1
        self._do(self._clear)
        self._planner.submit(self._report_on, work)

    def _report_on(self, work: Callable[[], Callable[[], None] | None]) -> None:
        try:
            command = work()
        except Exception as problem:
            command = self._complaint(problem)
            launch.dismiss()
        self._do(lambda: self._arrived(command))

    def _planned(self, stops: int) -> Callable[[], None] | None:
        settings = self.choose()
        store = RunStore(outputs_folder(settings))
        watched = Watched(store, plan_study(settings, store), settings.workers)
        if stops == self._stops:
            return lambda: self._enqueue(watched)
        launch.dismiss()
        return None

    def _loaded(self, name: str) -> Callable[[], None]:
        store = self.store
        study = load_study(store, name)
        watched = Watched(store, study, study.settings.workers)
        return lambda: self._show(watched)

    def _training(self) -> Callable[[], None] | None:
        names = [each.name for each in stored_studies(self.store) if each.state == RUNNING]
        return self._loaded(names[0]) if names else None

    def _count_tokens(self, watched: Watched) -> None:
        # Without its data a study can still be looked at.
        with suppress(WorkbenchError):
            watched.tokens = tokens_per_step(watched.study)

    # What the thread does.

    def _do(self, command: Callable[[], None]) -> None:
        self._commands.put(command)

    def _loop(self) -> None:
        while True:
            try:
                command = self._commands.get(timeout=self.poll)
            except queue.Empty:
                command = self._only_look
            if command is None:
                return
            self._attempt(command)
            self._attempt(self._look)
            self._tell()

    def _only_look(self) -> None:
        """Do nothing: after every command comes a look."""

    def _attempt(self, command: Callable[[], None]) -> None:
        try:
            command()
        except Exception as problem:
            # The thread must outlive whatever happens, or the buttons would be dead.
            self._complaint(problem)()

    def _complaint(self, problem: Exception) -> Callable[[], None]:
        known = isinstance(problem, WorkbenchError)
        sentence = str(problem) if known else f"{type(problem).__name__}: {problem}"

        def complain() -> None:
            self._problem = sentence

        return complain

    def _clear(self) -> None:
        self._problem = ""

    def _arrived(self, command: Callable[[], None] | None) -> None:
        self._planning -= 1
        if command:
            command()

    def _enqueue(self, watched: Watched) -> None:
        names = [each.study.name for each in [*self._waiting, *self._active()]]
        if watched.study.name in names:
            raise WorkbenchError(f"study {watched.study.name} trains or waits already")
        self._waiting.append(watched)

    def _show(self, watched: Watched) -> None:
        if self._job and self._job.study.name == watched.study.name and self._job.active:
            watched = self._job
        self.view = watched
        if watched.active:
            self._planner.submit(self._count_tokens, watched)

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
        self.view = self._job = watched
        try:
            watched.start()
        except WorkbenchError:
            watched.state = FAILED
            raise
        if watched.active:
            self._planner.submit(self._count_tokens, watched)

    def _tell(self) -> None:
        known = self.view.status() if self.view else Status()
        status = replace(
            known,
            waiting=tuple(each.study.name for each in self._waiting),
            planning=self._planning > 0,
            problem=self._problem,
        )
        if status != self.status:
            self.status = status
            for callback in self._observers:
                self._attempt(partial(callback, status))


class Control:
    """The panel: buttons, the list of studies, progress, and what went wrong.

    Parameters
    ----------
    choose
        Gives the settings of the next study.

    Attributes
    ----------
    widget
        To be displayed.
    supervisor
        What does the work.
    """

    def __init__(self, choose: Callable[[], SweepSettings]):
        self.supervisor = Supervisor(choose)
        self._make()
        self.widget = ipywidgets.VBox(
            [
                ipywidgets.HBox([self.run, self.stop, self.resume], layout=_WRAPPED),
                ipywidgets.HBox([self.studies, self.attach, self.refresh], layout=_WRAPPED),
                self.bar,
                self.line,
                self.problem,
            ]
        )
        self._seen: tuple[str, str] | None = None
        self.supervisor.observe(self._show)
        self._show(self.supervisor.status)
        self.supervisor.reattach()

    def _make(self) -> None:
        supervisor = self.supervisor
        self.run = _button("Run", "Train what is chosen; waits while a study trains", "play")
        self.stop = _button("Stop", "Save a checkpoint and stop the study shown here", "stop")
        self.resume = _button("Resume", "Go on with the study shown here", "step-forward")
        self.attach = _button("Attach", "Show the study that the list names", "link")
        self.refresh = _button("Refresh", "Read the list of studies again", "refresh")
        self.studies = ipywidgets.Dropdown(
            description="Studies", tooltip="All studies, newest first", layout={"width": "30em"}
        )
        self.bar = ipywidgets.FloatProgress(
            max=1.0, description="Progress", tooltip="Steps done", layout={"width": "30em"}
        )
        self.line, self.problem = ipywidgets.HTML(), ipywidgets.HTML()
        self.run.on_click(lambda _: supervisor.run())
        self.stop.on_click(lambda _: supervisor.stop())
        self.resume.on_click(lambda _: supervisor.resume())
        self.attach.on_click(lambda _: self._attach())
        self.refresh.on_click(lambda _: self._list())

    @property
    def study(self) -> Study | None:
        """The study that is shown."""
        return self.supervisor.view.study if self.supervisor.view else None

    @property
    def store(self) -> RunStore:
        """Where the study that is shown is; without one, where the next will be."""
        view = self.supervisor.view
        return view.store if view else self.supervisor.store

    def observe(self, callback: Callable[[Status], None]) -> None:
        """Have a function called with the `Status` whenever it has changed, in a thread."""
        self.supervisor.observe(callback)

    def _attach(self) -> None:
        if self.studies.value:
            self.supervisor.attach(self.studies.value)

    def _list(self) -> None:
        threading.Thread(target=self._read_list, daemon=True).start()

    def _read_list(self) -> None:
        # A folder that cannot be read is told of when something is to be done there.
        with suppress(WorkbenchError):
            found = stored_studies(self.supervisor.store)
            value = self.supervisor.status.study or self.studies.value
            options = [(each.label, each.name) for each in found]
            with self.studies.hold_sync():
                self.studies.options = options
                if value in [name for _, name in options]:
                    self.studies.value = value

    def _show(self, status: Status) -> None:
        self.stop.disabled = status.state != RUNNING and not status.waiting
        self.resume.disabled = status.state not in (STOPPED, FAILED)
        self.bar.value = status.done / status.steps if status.steps else 0.0
        self.line.value = _paragraph(status.line(), "status")
        self.problem.value = _paragraph(status.problem, "alert") if status.problem else ""
        if (status.study, status.state) != self._seen:
            self._seen = (status.study, status.state)
            self._list()


_WRAPPED = {"flex_flow": "row wrap"}


def _button(name: str, text: str, icon: str) -> ipywidgets.Button:
    return ipywidgets.Button(description=name, tooltip=text, icon=icon)


def _paragraph(text: str, role: str) -> str:
    """Write a line as HTML; a screen reader tells it when it changes."""
    colour = "--jp-error-color0" if role == "alert" else "--jp-ui-font-color1"
    return f'<div role="{role}" style="color: var({colour})">{html.escape(text)}</div>'
