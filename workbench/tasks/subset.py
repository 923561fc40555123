"""Random parts of a training set, each inside the next larger one of the same seed.

Units (documents where a task has them, else records) are put in one order for each seed, and a
part is the beginning of that order. Where units fall into strata, such as classes, the order keeps
their shares.
"""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np


def drawn(size: int, seed: int, units: int, strata: np.ndarray | None = None) -> list[int]:
    """Draw units at random, the same on every machine.

    Parameters
    ----------
    size
        How many to draw, at most `units`.
    seed
        Which order of the units. What is drawn at one size is part of what is drawn at any larger
        size.
    units
        How many there are.
    strata
        The stratum of each unit, ``int64 [units]``, numbered as you like; None draws from all
        alike. Shares are kept as `proportional` says.

    Returns
    -------
    list of int
        Units in the order in which they are drawn.
    """
    shuffled = sorted(range(units), key=lambda unit: _address(seed, unit))
    if strata is None:
        return shuffled[:size]
    _, numbers = np.unique(strata, return_inverse=True)
    sizes = np.bincount(numbers).tolist()
    waiting: list[list[int]] = [[] for _ in sizes]
    for unit in reversed(shuffled):
        waiting[numbers[unit]].append(unit)
    return [waiting[stratum].pop() for stratum in proportional(sizes, size)]


def proportional(sizes: Sequence[int], length: int) -> Iterator[int]:
    """Yield strata so that each has its share of every beginning.

    Parameters
    ----------
    sizes
        Units of each stratum, at least 1.
    length
        How many strata to yield, at most the sum of the sizes.

    Yields
    ------
    int
        A stratum. The first ones are all different, largest first, so that whoever draws as many
        units as there are strata has one of each. After ``k`` places a stratum with the share
        ``p`` has had less than ``k p + 1`` places, and more than ``k p - 1``, less what rarer
        strata had before their share of ``k`` was a whole place.

    Notes
    -----
    R. Tijdeman, The chairman assignment problem, Discrete Mathematics 32 (1980), 323-330: among
    those whose next place is due, the one that can wait least.
    """
    total, grain = sum(sizes), max(2 * len(sizes) - 2, 2)
    had = [0] * len(sizes)
    for place in range(1, length + 1):
        due = [
            stratum
            for stratum, size in enumerate(sizes)
            if grain * (place * size - had[stratum] * total) >= total
        ]
        without = [stratum for stratum, count in enumerate(had) if count == 0]
        stratum = min(without or due, key=lambda one: (grain * (had[one] + 1) - 1) / sizes[one])
        had[stratum] += 1
        yield stratum


def _address(seed: int, unit: int) -> bytes:
    return hashlib.sha256(f"{seed}:{unit}".encode()).digest()
