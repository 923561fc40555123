"""Where training puts what happens, and what stands there when nobody asks for it."""

from typing import Any, Protocol

from torch import Tensor


class Recorder(Protocol):
    """Where training puts what happens; one for a whole cohort."""

    def resume(self) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        """Return the tensors and the state of the last checkpoint, if there is one."""
        ...

    def steps(self, first: int, losses: list[list[float]], norms: list[list[float]]) -> None:
        """Take the losses and gradient norms of steps from ``first`` (1 is the first), by run."""
        ...

    def epoch(self, epoch: int, step: int, scores: list[float | None]) -> None:
        """Take the dev scores of an epoch, by run."""
        ...

    def due(self) -> bool:
        """Tell whether it is time for a checkpoint."""
        ...

    def save(self, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
        """Store a checkpoint."""
        ...


class Unrecorded:
    """A recorder that keeps nothing: the result of a run is all that is asked for."""

    def resume(self) -> None:
        """Start from the first step: there is no checkpoint."""

    def steps(self, first: int, losses: list[list[float]], norms: list[list[float]]) -> None:
        """Let them go."""

    def epoch(self, epoch: int, step: int, scores: list[float | None]) -> None:
        """Let them go."""

    def due(self) -> bool:
        """Ask for no checkpoint."""
        return False

    def save(self, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
        """Store nothing."""
