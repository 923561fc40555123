"""Where in a training a step stands: what techniques that change with time are told."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Moment:
    """One step of a training.

    Attributes
    ----------
    step
        From 0.
    steps
        Of the whole training, as long as techniques make it.
    steps_per_epoch
        As many as pass once over the training data.
    """

    step: int
    steps: int
    steps_per_epoch: int

    @property
    def epoch(self) -> int:
        """The epoch that the step belongs to, from 0."""
        return self.step // self.steps_per_epoch


FIRST = Moment(0, 1, 1)
"""The first step, for whoever asks before a training is planned."""
