"""What a panel says of the study that it follows: its state, in words and in numbers."""

from dataclasses import dataclass

from workbench.execution.progress import clock

NONE, STARTING, RUNNING, STOPPING, STOPPED, FINISHED, FAILED = (
    "none",
    "starting",
    "running",
    "stopping",
    "stopped",
    "finished",
    "failed",
)


@dataclass(frozen=True)
class Status:
    """What a panel shows of the study it follows.

    Attributes
    ----------
    study, state
        Its name, and none, starting, running, stopping, stopped, finished or failed.
    runs, finished
        How many it has, and how many of them are finished.
    steps, done
        Optimizer steps of all runs, and how many of them are done.
    kept
        Of these steps, how many a resumed study does not do again.
    seconds_left, tokens_per_second
        None until enough has happened to tell.
    memory
        Bytes of main memory that its workers on this computer hold.
    waiting
        Names of the studies that are trained next.
    elsewhere
        Name of a study that trains while this one is looked at; empty where none does.
    planning
        Whether a study is just being planned, to be trained.
    opening
        Name of a study that is just being read, to be looked at.
    problem
        What went wrong, in a sentence; empty where nothing did.
    """

    study: str = ""
    state: str = NONE
    runs: int = 0
    finished: int = 0
    steps: int = 0
    done: int = 0
    kept: int = 0
    seconds_left: float | None = None
    tokens_per_second: float | None = None
    memory: int = 0
    waiting: tuple[str, ...] = ()
    elsewhere: str = ""
    planning: bool = False
    opening: str = ""
    problem: str = ""

    @property
    def active(self) -> bool:
        """Whether workers train it."""
        return self.state in (STARTING, RUNNING, STOPPING)

    @property
    def share(self) -> float:
        """How much of the steps is done, 0 to 1."""
        return self.done / self.steps if self.steps else float(self.state == FINISHED)

    def line(self) -> str:
        """Return the numbers, in a line.

        Examples
        --------
        >>> Status("hoc-1", "running", 20, 5, 800, 300, 300, 66.0, 1234.0, 2 * 10**9).line()
        'hoc-1 running: 5 of 20 runs, step 300 of 800, about 1:06 left, 1,234 tokens/s, 2.0 GB'
        """
        if not self.study:
            return "planning" if self.planning else "no study yet"
        parts = [
            f"{self.study} {self.state}: {self.finished} of {self.runs} runs",
            f"step {self.done:,} of {self.steps:,}",
            *self._measures(),
        ]
        return ", ".join(filter(None, parts))

    def _measures(self) -> list[str]:
        if not self.active:
            return []
        left, rate = self.seconds_left, self.tokens_per_second
        return [
            "" if left is None or self.state == STOPPING else f"about {clock(left)} left",
            f"{rate:,.0f} tokens/s" if rate else "",
            f"{self.memory / 1e9:.1f} GB" if self.memory else "",
        ]

    def sentence(self) -> str:
        """Return what happens now, and what can be done about it.

        Examples
        --------
        >>> Status("hoc-1", "stopped", 20, 5, 800, 300, 300).sentence()
        'Stopped. Resume goes on from step 300.'
        """
        parts = ["" if self._busy and self.state == NONE else _HAPPENS[self.state]]
        parts.append(self._resumed())
        if self.elsewhere:
            parts.append(f"Meanwhile {self.elsewhere} trains: attach to it to see or stop it.")
        if self.planning:
            parts.append("Planning: data and models are being looked up.")
        if self.opening:
            parts.append(f"Opening {self.opening}.")
        return " ".join(filter(None, parts))

    @property
    def _busy(self) -> bool:
        return self.planning or bool(self.opening)

    def _resumed(self) -> str:
        if self.state not in (STOPPED, FAILED):
            return ""
        return f"Resume goes on from step {self.kept:,}." if self.kept else "Resume starts it."


_HAPPENS = {
    NONE: "Press Run, or pick a study of the list and press Attach.",
    STARTING: "Starting: the workers load libraries, data and model.",
    RUNNING: "Training goes on in processes of its own, also when this page is closed.",
    STOPPING: "Stopping: the workers end the step or the scoring they are in, save a checkpoint "
    "and end.",
    STOPPED: "Stopped.",
    FINISHED: "Every run is finished.",
    FAILED: "Failed.",
}
