"""What a technique costs beside the baseline: plans of time and memory are made from it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """The cost of a technique.

    Attributes
    ----------
    passes
        A step's operations, as a multiple of the baseline's.
    held
        Passes whose states are kept for the backward pass at the same time.
    copies
        Of the weights, held beside those in training.
    saved
        Of these copies, those that a checkpoint holds.
    note
        What no number here says.
    """

    passes: float = 1.0
    held: int = 1
    copies: int = 0
    saved: int = 0
    note: str = ""

    @property
    def text(self) -> str:
        """The cost in words.

        Examples
        --------
        >>> Cost(passes=2, held=2).text
        '2 times the operations of a step, the states of 2 passes at once'
        >>> Cost(copies=1).text, Cost().text
        ('1 more copy of the weights', 'none')
        """
        parts = []
        if self.passes != 1:
            parts.append(f"{self.passes:.2g} times the operations of a step")
        if self.held != 1:
            parts.append(f"the states of {self.held} passes at once")
        if self.copies:
            noun = "copy" if self.copies == 1 else "copies"
            parts.append(f"{self.copies} more {noun} of the weights")
        return ", ".join([*parts, *filter(None, [self.note])]) or "none"


def joined(costs: Iterable[Cost]) -> Cost:
    """Return the cost of several techniques together: what each adds to the baseline is added."""
    costs = list(costs)
    return Cost(
        passes=1 + sum(cost.passes - 1 for cost in costs),
        held=1 + sum(cost.held - 1 for cost in costs),
        copies=sum(cost.copies for cost in costs),
        saved=sum(cost.saved for cost in costs),
    )
