"""How far a benchmark is, how long the rest takes, and whether more may begin."""

import time


class Progress:
    """Prints what has been done and about how long the rest takes.

    Parameters
    ----------
    total
        Seconds foretold, or anything else that `advance` counts.
    limit
        Seconds after which nothing more should begin; 0 is none.
    """

    def __init__(self, total: float, limit: float = 0.0):
        self.total, self.limit, self.done = total, limit, 0.0
        self.started = time.monotonic()

    def advance(self, amount: float, text: str) -> None:
        """Note that so much more is done."""
        self.done += amount
        seconds = time.monotonic() - self.started
        left = seconds * max(0.0, self.total - self.done) / self.done
        share = min(1.0, self.done / self.total)
        print(f"{share:4.0%}  {text}; about {clock(left)} left", flush=True)

    def allows(self, amount: float) -> bool:
        """Tell whether so much more fits below the limit, at the pace until now."""
        if not self.limit:
            return True
        seconds = time.monotonic() - self.started
        pace = seconds / self.done if self.done else 1.0
        return seconds + pace * amount <= self.limit

    def leave_out(self, amount: float) -> None:
        """Note that so much will not be done."""
        self.total -= amount


def clock(seconds: float) -> str:
    """Write seconds as minutes and seconds.

    Examples
    --------
    >>> clock(90)
    '1:30'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
