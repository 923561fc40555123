"""Plain JSON types: what a value becomes before it is written."""

import math
from typing import Any


def plain(value: Any) -> Any:
    """Turn a value into what JSON can hold, so that reading it back gives an equal value.

    Arrays and tensors become lists and numbers, tuples become lists, keys become text, and a
    float that is not finite (JSON has no word for it) becomes None.

    Parameters
    ----------
    value
        Dictionaries, lists, tuples, arrays and scalars, nested as they like.

    Returns
    -------
    Any
        The same in dictionaries, lists, text, numbers, booleans and None.

    Raises
    ------
    TypeError
        When something else is found.

    Examples
    --------
    >>> plain({1: (0.5, float("nan"))})
    {'1': [0.5, None]}
    """
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    raise TypeError(f"{value!r} has no place in JSON")
