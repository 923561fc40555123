"""Paired rounds: in every round each contestant does the same work once, one after another.

What slows a machine down for a while then slows all contestants, so ratios are taken within rounds.
The rate of matrix products is measured before, between and after the contestants of each round.
"""

import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.benchmark.job import Job
from workbench.benchmark.process import ContestantFailed, Process


@dataclass
class Measured:
    """What was measured of one contestant.

    Attributes
    ----------
    contestant
        A key of `job.CONTESTANTS`.
    runs
        How many runs one of its processes trains at once.
    workers
        How many processes take their turn side by side.
    seconds
        Of one optimizer step (of all its runs), by round; None where the contestant had failed.
    losses
        Of the last turn's steps of the first run.
    first
        Seconds of the first turn, with what is done only once (compilation, for example); None
        where it was not kept apart.
    memory
        Peak, in bytes, of all its processes.
    problem
        Why it failed, in one line; empty where it did not.
    """

    contestant: str
    runs: int
    workers: int
    seconds: list[float | None] = field(default_factory=list)
    first: float | None = None
    memory: float | None = None
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)


class Entrant:
    """One contestant, in as many processes as train side by side; a context manager.

    Parameters
    ----------
    jobs
        One for each process.
    steps
        Of a turn.
    warm_up
        Steps of the first turn, which is not measured; 0 for none.
    lead_in
        Steps before every turn that are not timed, which wake a resting device up.
    rests
        Whether it gives memory back between its turns.
    lasts
        Whether its processes live from the first turn to the last. Those of others are started for
        every turn and ended after it, so that their memory is free while others take theirs.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        steps: int,
        warm_up: int = 0,
        lead_in: int = 0,
        rests: bool = False,
        lasts: bool = True,
    ):
        self.jobs, self.steps, self.warm_up, self.lead_in = jobs, steps, warm_up, lead_in
        self.rests, self.lasts = rests, lasts
        self.measured = Measured(jobs[0].contestant, len(jobs[0].specs), len(jobs))
        self.processes: list[Process] = []
        self._stack = ExitStack()

    def __enter__(self) -> "Entrant":
        return self

    def __exit__(self, *problem: Any) -> None:
        self._stack.__exit__(*problem)

    def turn(self) -> None:
        """Take one measured turn."""
        seconds = self._attempt(self._turn if self.lasts else self._whole_life)
        self.measured.seconds.append(seconds)

    def end(self) -> None:
        """End the processes and note their peak memory."""
        if self.lasts:
            self._attempt(self._end)

    def start(self) -> None:
        """Start the processes, which load their models meanwhile."""
        if self.lasts:
            self._attempt(self._start)

    def wait(self) -> None:
        """Wait until the processes have loaded their models."""
        if self.lasts:
            self._attempt(self._wait)

    def warm(self) -> None:
        """Take the first turn."""
        if self.lasts:
            self._attempt(self._warm)

    def _whole_life(self) -> float:
        """Start, take one turn and end."""
        for action in (self._start, self._wait, self._warm):
            action()
        seconds = self._turn()
        self._end()
        return seconds

    def _start(self) -> None:
        self.processes = [self._stack.enter_context(Process(job)) for job in self.jobs]
        for process in self.processes:
            process.start_resting()

    def _wait(self) -> None:
        for process in self.processes:
            process.rested()

    def _warm(self) -> None:
        if self.warm_up:
            first = self._together(self.warm_up)
            self.measured.first = self.measured.first or first
            self._rest()

    def _turn(self) -> float:
        if self.lead_in:
            self._together(self.lead_in)
        seconds = self._together(self.steps) / self.steps
        self._rest()
        return seconds

    def _rest(self) -> None:
        if self.rests:
            for process in self.processes:
                process.rest()

    def _end(self) -> None:
        memory = sum(process.end() for process in self.processes)
        self.measured.memory = max(memory, self.measured.memory or 0.0)
        self._stack.close()

    def _together(self, steps: int) -> float:
        """Let all processes take a turn side by side; return the seconds of the slowest."""
        for process in self.processes:
            process.start(steps)
        return max(process.finish().seconds for process in self.processes)

    def _attempt(self, action: Callable[[], Any]) -> Any:
        """Do something unless the contestant has failed before; None where it fails."""
        if self.measured.problem:
            return None
        try:
            return action()
        except ContestantFailed as problem:
            self.measured.problem = str(problem)
            self._stack.close()
            return None


def prepare(entrants: Sequence[Entrant]) -> None:
    """Start all entrants at once, and let them take their first turns one after another."""
    for entrant in entrants:
        entrant.start()
    for entrant in entrants:
        entrant.wait()
    for entrant in entrants:
        entrant.warm()


def take_rounds(
    entrants: Sequence[Entrant],
    rounds: int,
    rate: Callable[[], float],
    tell: Callable[[int], None] = lambda done: None,
) -> list[float]:
    """Let entrants take turns, round after round.

    Parameters
    ----------
    entrants
        Prepared ones.
    rounds
        How many.
    rate
        Measures the rate of matrix products.
    tell
        Told how many rounds are done.

    Returns
    -------
    list of float
        The rate of each round: the median of those before, between and after the entrants' turns.
    """
    rates = []
    for done in range(1, rounds + 1):
        found = [rate()]
        for entrant in entrants:
            entrant.turn()
            found.append(rate())
        rates.append(statistics.median(found))
        tell(done)
    return rates
