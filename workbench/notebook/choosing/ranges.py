"""Which numbers a setting accepts, found by trying its own validation.

A technique declares no range: what it refuses is in its code, where it may depend on the model.
"""

from collections.abc import Callable
from math import floor, log10

_FARTHEST = 1 << 20
"""Steps from a default after which a setting counts as unbounded."""


def step_of(default: int | float) -> float:
    """Return the step of a slider: 1 for whole numbers, else a tenth of the default's last place.

    Examples
    --------
    >>> step_of(3), step_of(0.9), step_of(2.0)
    (1, 0.01, 0.1)
    """
    if isinstance(default, int):
        return 1
    return 10.0 ** (floor(log10(abs(default))) - 1) if default else 0.01


def accepted_range(
    accepts: Callable[[int | float], bool], default: int | float, step: float
) -> tuple[float | None, float | None]:
    """Return the lowest and the highest multiple of a step that is accepted around a default.

    Parameters
    ----------
    accepts
        Tells whether a value is accepted. Between the default and an end all values are.
    default
        A value that is accepted.
    step
        Distance of the values that are tried.

    Returns
    -------
    tuple
        None stands for an end that was not found.
    """
    start = round(default / step)

    def end(way: int) -> float | None:
        place = _last(lambda count: accepts(_multiple(count, step)), start, way)
        return None if place is None else _multiple(place, step)

    return end(-1), end(1)


def _multiple(count: int, step: float) -> int | float:
    return count if step == 1 else round(count * step, 12)


def _last(accepts: Callable[[int], bool], start: int, way: int) -> int | None:
    """Return the last accepted place in one direction, by doubling steps, then halving them."""
    far = 1
    while accepts(start + way * far):
        far *= 2
        if far > _FARTHEST:
            return None
    near = far // 2
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (middle, far) if accepts(start + way * middle) else (near, middle)
    return start + way * near
