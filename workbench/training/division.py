"""Divides the checkpoint of a cohort, so that its halves go on where the whole cohort stood.

What `Trainer` saves and how it is divided: a tensor ``<kind>/<run>/...`` belongs to one run, by its
number in the cohort; any other tensor is stacked, ``[runs, ...]``. In the state, ``recent`` is
``steps x runs``, every other list has one entry a run or none at all, and everything else is common
to all.
"""

from typing import Any

from torch import Tensor

Saved = tuple[dict[str, Tensor], dict[str, Any]]
"""The tensors and the state of a checkpoint."""


def halves(runs: int) -> list[range]:
    """Return the members of both halves of a cohort; the first is not the smaller one.

    Examples
    --------
    >>> halves(5)
    [range(0, 3), range(3, 5)]
    """
    middle = -(-runs // 2)
    return [range(middle), range(middle, runs)]


def divide(saved: Saved, runs: int, members: range) -> Saved:
    """Return the part of a checkpoint that belongs to neighbouring members of its cohort.

    Parameters
    ----------
    saved
        Of the whole cohort.
    runs
        How many members that has.
    members
        Which ones to keep. Their tensors share memory with the given ones.

    Raises
    ------
    ValueError
        When a tensor or a list has another form than the module describes.
    """
    tensors, state = saved
    kept = [_part(name, value, runs, members) for name, value in tensors.items()]
    return (
        {name: value for part in kept for name, value in part.items()},
        {name: _state_part(name, value, runs, members) for name, value in state.items()},
    )


def _part(name: str, value: Tensor, runs: int, members: range) -> dict[str, Tensor]:
    kind, run, *rest = name.split("/")
    if run.isdigit():
        number = int(run)
        owned = number in members
        return {"/".join([kind, str(number - members.start), *rest]): value} if owned else {}
    if len(value) != runs:
        raise ValueError(f"the tensor {name!r} has no first dimension over {runs} runs")
    return {name: value[members.start : members.stop]}


def _state_part(name: str, value: Any, runs: int, members: range) -> Any:
    if not isinstance(value, list):
        return value
    if name == "recent":
        return [by_run[members.start : members.stop] for by_run in value]
    if len(value) not in (0, runs):
        raise ValueError(f"the list {name!r} has {len(value)} entries for {runs} runs")
    return value[members.start : members.stop]
