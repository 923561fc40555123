"""What a token sees: its sequence on the packed line, or a window of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from workbench.training.packing import Spans


@dataclass(frozen=True)
class Reach:
    """Which tokens ask, and what each of them sees.

    Attributes
    ----------
    spans
        Of the batch's sequences.
    starts_only
        Whether only the sequence starts ask.
    window
        How far a token sees to either side, itself included; 0 is everywhere.
    """

    spans: Spans
    starts_only: bool
    window: int

    def places(self) -> Iterator[tuple[Any, Any]]:
        """Yield for each sequence the index of what asks and of what it sees."""
        for number, first, end in self.spans.places:
            seen = (slice(None), slice(first, end))
            yield (slice(None), slice(number, number + 1)) if self.starts_only else seen, seen

    def inside(self, asking: int, seen: int, device: torch.device) -> Tensor | None:
        """Tell what lies in the window, ``bool [asking, seen]``; None where all of it does."""
        if not self.window or seen <= self.window:
            return None
        from_, to = (torch.arange(count, device=device) for count in (asking, seen))
        return (from_.unsqueeze(1) - to).abs() < self.window
