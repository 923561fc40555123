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
    searches
        Passes beside the others that compute gradients of the embeddings' states alone: those go
        through frozen blocks too.
    in_use
        Of the copies, those that every pass which is held has for itself.
    frozen
        Of the copies, those that the weights of frozen blocks have too.
    note
        What no number here says.
    """

    passes: float = 1.0
    held: int = 1
    copies: int = 0
    saved: int = 0
    searches: int = 0
    in_use: int = 0
    frozen: int = 0
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
        # Without the gradients of weights a pass is about two thirds of one.
        if (times := self.passes + self.searches * 2 / 3) != 1:
            parts.append(f"{times:.2g} times the operations of a step")
        if self.held != 1:
            parts.append(f"the states of {self.held} passes at once")
        if self.copies:
            noun = "copy" if self.copies == 1 else "copies"
            parts.append(f"{self.copies} more {noun} of the weights")
        return ", ".join([*parts, *filter(None, [self.note])]) or "none"

    @property
    def held_copies(self) -> int:
        """The copies of the weights that are held at once, those of every held pass counted."""
        return self.copies + (self.held - 1) * self.in_use


def joined(costs: Iterable[Cost]) -> Cost:
    """Return the cost of several techniques together: what each adds to the baseline is added."""
    costs = list(costs)
    return Cost(
        passes=1 + sum(cost.passes - 1 for cost in costs),
        held=1 + sum(cost.held - 1 for cost in costs),
        copies=sum(cost.copies for cost in costs),
        saved=sum(cost.saved for cost in costs),
        searches=sum(cost.searches for cost in costs),
        in_use=sum(cost.in_use for cost in costs),
        frozen=sum(cost.frozen for cost in costs),
    )
