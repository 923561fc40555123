"""The studies of a store, listed with their states."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.store.claims import working
from workbench.store.folder import RunStore
from workbench.store.study import Study, load_study, study_names, study_path

RUNNING, STOPPED, FINISHED, UNREADABLE = "running", "stopped", "finished", "unreadable"


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


@dataclass
class _Known:
    """What need not be read again of a study as long as its file stays the same."""

    stamp: tuple[int, ...]
    study: Study | None = None
    problem: str = ""
    finished: set[str] = field(default_factory=set)
    last: Stored | None = None


class Studies:
    """The studies of a store, to be listed again and again.

    A list costs little: a study's file is read again when it has changed, the result of a finished
    run never, and of a finished study only whether its file is there.

    Parameters
    ----------
    store
        Where they are.
    """

    def __init__(self, store: RunStore):
        self.store = store
        self._known: dict[str, _Known] = {}

    def listed(self) -> list[Stored]:
        """Return every study, the one last planned or started first."""
        names = study_names(self.store)
        self._known = {name: self._read(name) for name in names}
        found = (self._look(name, known) for name, known in self._known.items())
        return sorted(found, key=lambda each: each.changed, reverse=True)

    def _read(self, name: str) -> _Known:
        path = study_path(self.store, name)
        stamp = _stamp(path)
        known = self._known.get(name)
        if known and known.stamp == stamp:
            return known
        try:
            return _Known(stamp, load_study(self.store, name))
        except WorkbenchError as problem:
            return _Known(stamp, problem=str(problem))

    def _look(self, name: str, known: _Known) -> Stored:
        if known.last is None or known.last.state in (RUNNING, STOPPED):
            known.last = self._stored(name, known)
        return known.last

    def _stored(self, name: str, known: _Known) -> Stored:
        changed = _changed(study_path(self.store, name).parent)
        if known.study is None:
            return Stored(name, UNREADABLE, 0, 0, changed, known.problem)
        left = self._left(known.study.run_ids, known.finished)
        count = len(known.study.run_ids)
        return Stored(name, self._state(left), count, count - len(left), changed)

    def _left(self, run_ids: Iterable[str], finished: set[str]) -> list[str]:
        """Return the runs without a result, and note those that have one."""
        left = [run for run in run_ids if run not in finished and self.store.result(run) is None]
        finished.update(set(run_ids) - set(left))
        return left

    def _state(self, left: list[str]) -> str:
        if not left:
            return FINISHED
        return RUNNING if any(working(self.store, run) for run in left) else STOPPED


def stored_studies(store: RunStore) -> list[Stored]:
    """Return every study of a store, the one last planned or started first."""
    return Studies(store).listed()


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _changed(folder: Path) -> float:
    # Starting workers opens their logs anew, which lie beside the study's file.
    times = [_stamp(path)[2:] for path in [folder, *folder.glob("*")]]
    return max((time for found in times for time in found), default=0) / 1e9
