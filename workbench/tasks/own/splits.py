"""Making the splits that the data does not have: the same on every machine, and no group torn.

Units (rows, or groups of rows) are put in an order that depends on the seed, on their places and
on their labels alone; the first ones are test, the next ones dev, the rest train.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence


def made_splits(
    shares: Mapping[str, float],
    seed: int,
    groups: Sequence[Hashable],
    labels: Sequence[Sequence[str]] | None = None,
) -> list[str]:
    """Return the split of each row.

    Parameters
    ----------
    shares
        The share of each split that is drawn, such as ``{"test": 0.2}``; the rest is train.
    seed
        Which draw.
    groups
        What each row belongs to: rows of one group go to one split. Shares are of groups.
    labels
        The labels of each row, for stratification: a group belongs to the rarest of its labels, so
        that rare ones are spread as well. None draws without regard to them.

    Returns
    -------
    list of str
        A split for each row; where there are fewer groups than splits, some splits are empty.

    Notes
    -----
    Stratification is systematic sampling: the units of a label, in the order of their hashes, are
    placed at equal distances between 0 and 1 from a start that a hash of the label draws. Any
    stretch of that line holds of each label its share, to less than one unit. (The order of
    `workbench.tasks.subset` begins with one unit of each stratum: test would always get the only
    unit of a label.)
    """
    numbers: dict[Hashable, int] = {}
    units = [numbers.setdefault(group, len(numbers)) for group in groups]
    strata = _strata(units, labels) if labels is not None else [""] * len(numbers)
    order = _order(strata, seed)
    split_of = dict.fromkeys(order, "train")
    first = 0
    for split, share in shares.items():
        wanted = max(1, round(share * len(order)))
        split_of.update(dict.fromkeys(order[first : first + wanted], split))
        first += wanted
    return [split_of[unit] for unit in units]


def _strata(units: Sequence[int], labels: Sequence[Sequence[str]]) -> list[str]:
    """Return the label of each unit that fewest units have; empty where it has none."""
    of_unit: dict[int, set[str]] = defaultdict(set)
    for unit, names in zip(units, labels, strict=True):
        of_unit[unit].update(names)
    counts = Counter(label for names in of_unit.values() for label in names)
    return [
        min(of_unit[unit], key=lambda label: (counts[label], label), default="")
        for unit in sorted(of_unit)
    ]


def _order(strata: Sequence[str], seed: int) -> list[int]:
    members: dict[str, list[int]] = defaultdict(list)
    for unit, stratum in enumerate(strata):
        members[stratum].append(unit)
    places = {}
    for stratum, units in members.items():
        start = _draw(seed, "stratum", stratum) / 2**256
        for rank, unit in enumerate(sorted(units, key=lambda unit: _draw(seed, "unit", unit))):
            places[unit] = (rank + start) / len(units)
    return sorted(places, key=lambda unit: (places[unit], _draw(seed, "unit", unit)))


def _draw(seed: int, kind: str, name: object) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{kind}:{name}".encode()).digest())
